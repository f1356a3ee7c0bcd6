"""Handing one message over by SMTP."""

import re
import smtplib
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from threading import Event, Timer
from typing import Any

from dashboard.core.errors import Invalid, Unavailable
from dashboard.core.mail.models import ERROR_LENGTH, MailMessage
from dashboard.core.mail.server import MailServer

_SECRETS = re.compile(r"\S*(?:/\S*|[0-9]{6,}|[A-Za-z0-9_+=-]{20,})\S*")
"""What a server may quote from a message or a sign-in: links, codes, tokens."""


class NotSent(Unavailable):
    """The message did not leave, and may if it is tried later."""


class Refused(Invalid):
    """The server will not take this message, however often it is tried."""


def hand_over(server: MailServer, mail: MailMessage) -> None:
    """Give `mail` to the server. Raises NotSent or Refused, whose messages hold no secret.

    Once the server has taken it, nothing that goes wrong afterwards counts.
    """
    message = composed(server, mail)
    with _connection(server) as client:
        _enter(client, server)
        try:
            client.send_message(message, server.sender_address, [mail.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            _refuse(server, "does not take mail for this address", *error.recipients[mail.recipient])
        except smtplib.SMTPSenderRefused as error:
            raise NotSent(
                _words(server, "does not take mail from MAIL_FROM", error.smtp_code, error.smtp_error)
            ) from None
        except smtplib.SMTPDataError as error:
            _refuse(server, "does not take this message", error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError:
            raise Refused(f"{server.host} cannot send to an address with letters beyond a to z.") from None


def composed(server: MailServer, mail: MailMessage) -> EmailMessage:
    """The message as it travels. Its Message-ID is always the same for the same row: a second copy is known as one."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = server.sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    instant = int(mail.created_at.timestamp() * 1_000_000)
    message["Message-ID"] = f"<mail.{mail.id}.{instant}@{server.sender_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def tls_context(server: MailServer) -> ssl.SSLContext:
    """Certificates are checked, but for a server on this machine, which seldom has one that could be."""
    context = ssl.create_default_context()
    if server.here:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Client(smtplib.SMTP):
    """A connection that is cut when the whole takes too long: a server may send a byte now and then for ever."""

    def __init__(self, server: MailServer, was_cut: Event, **tls: Any) -> None:
        self._was_cut = was_cut
        self.timer = Timer(server.whole_s, self._cut)
        self.timer.daemon = True
        self.timer.start()
        try:
            super().__init__(server.host, server.port, timeout=server.answer_s, **tls)
        except BaseException:
            self.timer.cancel()
            raise

    def _cut(self) -> None:
        self._was_cut.set()
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""


@contextmanager
def _connection(server: MailServer) -> Generator[_Client]:
    client: _Client | None = None
    was_cut = Event()
    try:
        client = _TlsClient(server, was_cut, context=tls_context(server)) if server.tls else _Client(server, was_cut)
        client.ehlo_or_helo_if_needed()
        yield client
        with suppress(smtplib.SMTPException, OSError):
            client.quit()
    except (smtplib.SMTPException, OSError) as error:
        if was_cut.is_set():
            raise NotSent(f"{server.host}:{server.port} took more than {server.whole_s:g} s in all.") from None
        raise _not_sent(server, error) from None
    finally:
        if client is not None:
            client.timer.cancel()
            client.close()


def _enter(client: smtplib.SMTP, server: MailServer) -> None:
    encrypted = server.tls
    if not encrypted and client.has_extn("starttls"):
        client.starttls(context=tls_context(server))
        client.ehlo()
        encrypted = True
    if server.user is None:
        return
    if not encrypted and not server.here:
        raise NotSent(f"{server.host} offers no STARTTLS, so the password of MAIL_URL is not sent to it.")
    try:
        client.login(server.user, server.password or "")
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(f"{server.host} refuses the user and password of MAIL_URL ({error.smtp_code}).") from None
    except smtplib.SMTPNotSupportedError:
        raise NotSent(f"{server.host} offers no way to sign in, but MAIL_URL has a user.") from None


def _refuse(server: MailServer, what: str, code: int, reply: bytes | str) -> None:
    kind = Refused if 500 <= code < 600 else NotSent
    raise kind(_words(server, what, code, reply)) from None


def _not_sent(server: MailServer, error: Exception) -> NotSent:
    where = f"{server.host}:{server.port}"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # as smtplib wraps it
        return NotSent(f"{where} took too long to answer.")
    if isinstance(error, ssl.SSLError):
        return NotSent(f"{where} cannot be reached safely: {error.reason or type(error).__name__}."[:ERROR_LENGTH])
    if isinstance(error, smtplib.SMTPResponseException):
        return NotSent(_words(server, "does not answer as it should", error.smtp_code, error.smtp_error))
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return NotSent(f"{where} closed the connection.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return NotSent(f"{where} cannot be reached: {reason}."[:ERROR_LENGTH])


def _words(server: MailServer, what: str, code: int, reply: bytes | str) -> str:
    """What the server said, without what it may have quoted of the message or of the sign-in."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    for secret in (server.password, server.user):
        if secret:
            text = text.replace(secret, "…")
    plain = _SECRETS.sub("…", " ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return f"{server.host} {what}: {code} {plain}"[:ERROR_LENGTH]
