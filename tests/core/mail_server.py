"""A mail server for tests: it takes mail, or behaves as badly as a test asks it to."""

import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import IO, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboard.core.mail import MailServer

CLOSE = "close"
"""In place of an answer: hang up without a word."""

SILENCE = "silence"
"""In place of an answer: say nothing until the test is over."""


@dataclass
class Behaviour:
    """What the server answers at each step; `then_close` hangs up after the message was taken."""

    greeting: str = "220 mail.test ready"
    mail_from: str = "250 ok"
    recipient: str = "250 ok"
    data: str = "354 go on"
    content: str = "250 taken"
    sign_in: str = "235 welcome"
    extensions: tuple[str, ...] = ("8BITMIME", "SMTPUTF8")
    then_close: bool = False
    context: ssl.SSLContext | None = None  # offers STARTTLS
    tls: ssl.SSLContext | None = None  # speaks TLS from the first byte


@dataclass
class Taken:
    """A message that the server said it has taken, or got before it broke off."""

    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)


class _HungUp(Exception):
    """The behaviour asks to hang up."""


class FakeMailServer(ThreadingTCPServer):
    """Listens on a free port of this machine."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.taken: list[Taken] = []
        self.got: list[Taken] = []
        self.sign_ins: list[str] = []
        self.connections = 0
        self.over = Event()
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def settings(self, **changes: object) -> MailServer:
        """How the product reaches this server."""
        given: dict[str, object] = {"host": "127.0.0.1", "port": self.port, "sender": "Shop <mail@shop.example>"}
        return MailServer(**{**given, **changes})  # pyright: ignore[reportArgumentType]


@dataclass
class _State:
    sender: str = ""
    recipients: list[str] = field(default_factory=list[str])
    encrypted: bool = False


class _Conversation(StreamRequestHandler):
    server: FakeMailServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        self.server.connections += 1
        self._state = _State()
        with suppress(_HungUp, OSError):
            if self.server.behaviour.tls is not None:
                self._encrypt(self.server.behaviour.tls)
            self._say(self.server.behaviour.greeting)
            while line := self.rfile.readline(4096):
                if not self._answer(line.decode("utf-8").strip()):
                    return

    def finish(self) -> None:
        super().finish()
        cast(socket.socket, self.request).close()  # of TLS, where it took the place of the first

    def _answer(self, line: str) -> bool:
        behaves, state = self.server.behaviour, self._state
        verb = line.partition(" ")[0].upper()
        if verb == "EHLO":
            offered = (*behaves.extensions, *(("STARTTLS",) if behaves.context and not state.encrypted else ()))
            lines = ["mail.test", *offered]
            self._say("\r\n".join(f"250{'-' if name is not lines[-1] else ' '}{name}" for name in lines))
        elif verb == "STARTTLS":
            assert behaves.context is not None
            self._say("220 go on")
            self._encrypt(behaves.context)
        elif verb == "AUTH":
            self.server.sign_ins.append(line)
            self._say(behaves.sign_in)
        elif verb == "MAIL":
            state.sender = line.partition("<")[2].partition(">")[0]
            self._say(behaves.mail_from)
        elif verb == "RCPT":
            state.recipients.append(line.partition("<")[2].partition(">")[0])
            self._say(behaves.recipient)
        elif verb == "DATA":
            self._say(behaves.data)
            return not behaves.data.startswith("354") or self._take()
        else:
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            return verb != "QUIT"
        return True

    def _take(self) -> bool:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        taken = Taken(self._state.sender, self._state.recipients, b"".join(lines), self._state.encrypted)
        self.server.got.append(taken)
        if self.server.behaviour.content.startswith("250"):
            self.server.taken.append(taken)
        self._say(self.server.behaviour.content)
        return not self.server.behaviour.then_close

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self.request = context.wrap_socket(cast(socket.socket, self.request), server_side=True)
        self.rfile = cast("IO[bytes]", self.request.makefile("rb"))  # pyright: ignore[reportAttributeAccessIssue]
        self._state = _State(encrypted=True)

    def _say(self, answer: str) -> None:
        if answer == CLOSE:
            raise _HungUp
        if answer == SILENCE:
            self.server.over.wait(60)
            raise _HungUp
        self.request.sendall(answer.encode() + b"\r\n")


@contextmanager
def mail_server(behaviour: Behaviour | None = None) -> Generator[FakeMailServer]:
    """A server that behaves so, until the block ends."""
    server = FakeMailServer(behaviour or Behaviour())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody has vouched for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    pem.write_bytes(text + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
