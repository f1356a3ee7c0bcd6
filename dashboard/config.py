"""Every setting. Each is an environment variable of the same name; the embedded default stands beside it."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

VERSION = "0.1.0"

DEMO_MARK = "demo"
"""A file in the instance folder that says: this installation holds the demo world, so ENVIRONMENT defaults to demo."""

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingError(SystemExit):
    """A setting that cannot be read; the message names the variable and what it accepts."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A provider that signs people in by OpenID Connect. SSO_<NAME>_… sets what is not as the provider publishes it.

    The first of `issuers` is how identities are kept. `{tid}` in one stands for the directory that a token names.
    `client_ids` are the installation's own; pages use the first.
    """

    name: str
    title: str
    issuers: tuple[str, ...]  # SSO_<NAME>_ISSUER
    keys_url: str  # SSO_<NAME>_KEYS_URL
    authorize_url: str  # SSO_<NAME>_AUTHORIZE_URL
    token_url: str  # SSO_<NAME>_TOKEN_URL
    client_ids: tuple[str, ...] = ()  # SSO_<NAME>_CLIENT_ID: separated by commas
    client_secret: str | None = field(default=None, repr=False)  # SSO_<NAME>_CLIENT_SECRET


_PUBLISHED = (
    IdentityProvider(
        "google",
        "Google",
        ("https://accounts.google.com", "accounts.google.com"),
        "https://www.googleapis.com/oauth2/v3/certs",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
    ),
    IdentityProvider(
        "apple",
        "Apple",
        ("https://appleid.apple.com",),
        "https://appleid.apple.com/auth/keys",
        "https://appleid.apple.com/auth/authorize",
        "https://appleid.apple.com/auth/token",
    ),
    IdentityProvider(
        "microsoft",
        "Microsoft",
        ("https://login.microsoftonline.com/{tid}/v2.0",),
        "https://login.microsoftonline.com/common/discovery/v2.0/keys",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `create_app` is configured with. `describe()` in `docs/operations.md` is made from these comments."""

    instance_path: Path  # INSTANCE_PATH: folder of the SQLite file, the jobs file, uploads and the secret key
    database_url: str  # DATABASE_URL: sqlite:////somewhere/file.db or postgresql+psycopg://…
    redis_url: str | None  # REDIS_URL: job queue and exact rate limits across processes
    secret_key: str  # SECRET_KEY: signs sessions and forms; made and kept in the instance folder when absent
    environment: str  # ENVIRONMENT: demo, development or production; demo where the demo world was loaded
    api_docs: bool  # API_DOCS: whether /openapi.json and /api/docs are served
    rate_limits: bool  # RATE_LIMITS: off only for load tests of one's own
    base_url: str  # BASE_URL: the address users type, for links and documents
    log_level: str  # LOG_LEVEL: debug, info, warning, error
    log_format: str  # LOG_FORMAT: json or text
    max_request_bytes: int  # MAX_REQUEST_BYTES: larger requests are refused with 413
    max_import_bytes: int  # MAX_IMPORT_BYTES: larger import files are refused, also after decompression
    processes: int  # PROCESSES: web processes; in-memory rate limits are divided by it
    usage_flush_s: int  # USAGE_FLUSH_S: how often a process writes down what callers used; 0: never by itself
    trusted_proxies: int  # TRUSTED_PROXIES: how many reverse proxies stand in front and set X-Forwarded-*
    argon2_time_cost: int  # ARGON2_TIME_COST
    argon2_memory_kib: int  # ARGON2_MEMORY_KIB
    identity_providers: tuple[IdentityProvider, ...]  # SSO_<NAME>_…: Google, Apple and Microsoft
    mail_url: str | None  # MAIL_URL: smtp://user:password@host:587 or smtps://…; without it mail stays in the outbox
    mail_from: str | None  # MAIL_FROM: the sender, 'My Shop <mail@shop.example>'

    @property
    def secure(self) -> bool:
        """Whether pages are served by https, so that cookies may be `__Host-` and Secure."""
        return self.base_url.startswith("https://")

    def identity_provider(self, name: str) -> IdentityProvider | None:
        """The provider of that name, or None."""
        return next((each for each in self.identity_providers if each.name == name), None)

    def overridden(self, **changes: Any) -> "Settings":
        """A copy with some settings changed."""
        return replace(self, **changes)


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings. Raises SettingError where one cannot be read."""
    root = Path(__file__).resolve().parent.parent
    instance = Path(environ.get("INSTANCE_PATH", str(root / "instance"))).resolve()
    environment = environ.get("ENVIRONMENT") or ("demo" if (instance / DEMO_MARK).exists() else "production")
    if environment not in ("demo", "development", "production"):
        raise SettingError("ENVIRONMENT must be demo, development or production.")
    return Settings(
        instance_path=instance,
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{instance / 'tradecounter.db'}",
        redis_url=environ.get("REDIS_URL") or None,
        secret_key=environ.get("SECRET_KEY") or _kept_secret(instance),
        environment=environment,
        api_docs=_boolean(environ, "API_DOCS", default=environment != "production"),
        rate_limits=_boolean(environ, "RATE_LIMITS", default=True),
        base_url=environ.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        log_level=environ.get("LOG_LEVEL", "info").lower(),
        log_format=environ.get("LOG_FORMAT", "json"),
        max_request_bytes=_number(environ, "MAX_REQUEST_BYTES", 2 * 1024 * 1024),
        max_import_bytes=_number(environ, "MAX_IMPORT_BYTES", 100 * 1024 * 1024),
        processes=_number(environ, "PROCESSES", 1),
        usage_flush_s=_number(environ, "USAGE_FLUSH_S", 15, least=0),
        trusted_proxies=_number(environ, "TRUSTED_PROXIES", 0, least=0),
        argon2_time_cost=_number(environ, "ARGON2_TIME_COST", 2),
        argon2_memory_kib=_number(environ, "ARGON2_MEMORY_KIB", 19 * 1024),
        identity_providers=tuple(_identity_provider(environ, each) for each in _PUBLISHED),
        mail_url=environ.get("MAIL_URL") or None,
        mail_from=environ.get("MAIL_FROM") or None,
    )


def _identity_provider(environ: Mapping[str, str], published: IdentityProvider) -> IdentityProvider:
    prefix = f"SSO_{published.name.upper()}_"
    issuer = environ.get(prefix + "ISSUER")
    return replace(
        published,
        issuers=(issuer,) if issuer else published.issuers,
        keys_url=_outside_address(environ, prefix + "KEYS_URL", published.keys_url),
        authorize_url=_outside_address(environ, prefix + "AUTHORIZE_URL", published.authorize_url),
        token_url=_outside_address(environ, prefix + "TOKEN_URL", published.token_url),
        client_ids=tuple(each.strip() for each in environ.get(prefix + "CLIENT_ID", "").split(",") if each.strip()),
        client_secret=environ.get(prefix + "CLIENT_SECRET") or None,
    )


def _outside_address(environ: Mapping[str, str], name: str, default: str) -> str:
    """An https address; http only on this machine, where nobody listens on the way."""
    text = environ.get(name) or default
    parts = urlsplit(text)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise SettingError(f"{name} must be an https address, not {text!r}.")
    return text


def _boolean(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environ.get(name)
    if text is None:
        return default
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise SettingError(f"{name} must be on or off, not {text!r}.")


def _number(environ: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    text = environ.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingError(f"{name} must be a whole number of at least {least}, not {text!r}.")
    return int(text)


def _kept_secret(instance: Path) -> str:
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass  # a process started beside this one made it first
        else:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
    return path.read_text().strip()
