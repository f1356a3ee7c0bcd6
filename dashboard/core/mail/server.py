"""The mail server of an installation, as MAIL_URL and MAIL_FROM name it."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from dashboard.config import SettingError, Settings
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.mail.address import is_address

ANSWER_S = 15.0
WHOLE_S = 90.0
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over and who sends it. `tls` means from the first byte; else STARTTLS where it is offered.

    The server may take `answer_s` seconds for each answer and `whole_s` for a message.
    """

    host: str
    port: int
    sender: str
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    answer_s: float = ANSWER_S
    whole_s: float = WHOLE_S

    @property
    def sender_address(self) -> str:
        """The sender without their name."""
        return parseaddr(self.sender)[1]

    @property
    def here(self) -> bool:
        """Whether it is on this machine, so that nobody can stand in between."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def from_settings(settings: Settings) -> MailServer | None:
    """The server that the settings name, or None. Raises SettingError, which never holds the password."""
    if settings.mail_url is None:
        return None
    try:
        url = urlsplit(settings.mail_url)
        port = url.port
    except ValueError:
        raise _bad_url() from None
    if url.scheme not in _PORTS or not url.hostname or url.path.strip("/") or url.query or url.fragment:
        raise _bad_url()
    return MailServer(
        host=url.hostname,
        port=port or _PORTS[url.scheme],
        sender=_sender(settings.mail_from),
        tls=url.scheme == "smtps",
        user=_part(url, "username"),
        password=_part(url, "password"),
    )


def _bad_url() -> SettingError:
    return SettingError("MAIL_URL must be smtp://user:password@host:587 or smtps://user:password@host:465.")


def _part(url: SplitResult, name: str) -> str | None:
    text = getattr(url, name)
    return unquote(text) if text else None


def _sender(text: str | None) -> str:
    if not text or not is_address(parseaddr(text)[1]) or not text.isprintable():
        raise SettingError("MAIL_FROM must name the sender where MAIL_URL is set: 'My Shop <mail@shop.example>'.")
    return text


_servers: WeakKeyDictionary[Engine, MailServer] = WeakKeyDictionary()


def connect(engine: Engine, settings: Settings) -> None:
    """Let mail that is written through `engine` leave as the settings say. Raises SettingError."""
    use(engine, from_settings(settings))


def use(engine: Engine, server: MailServer | None) -> None:
    """Let mail that is written through `engine` leave by `server`, or stay in the outbox where it is None."""
    if server is None:
        _servers.pop(engine, None)
    else:
        _servers[engine] = server


def server_of(by: Principal) -> MailServer | None:
    """The mail server of the database that `by` works on, or None."""
    engine = reads(by).get_bind()
    assert isinstance(engine, Engine)
    return _servers.get(engine)
