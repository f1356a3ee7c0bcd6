"""The two requests that single sign-on makes to a provider: for its keys, and to turn a code into a token.

Each is bounded in time and size, follows no redirect, and is made while no database transaction is open: a provider
that is slow must not hold a lock or a connection.
"""

import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Event, Timer
from urllib.parse import urlencode, urlsplit

from dashboard.config import IdentityProvider
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads
from dashboard.core.errors import Unavailable

SILENCE_S = 3.0
"""How long a provider may say nothing."""

DEADLINE_S = 5.0
"""How long a connected provider may take in all, however busily it drips."""

MAX_BYTES = 256 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider answered."""

    status: int
    body: bytes


class ProviderDown(Unavailable):
    """A provider that does not answer, or not with what it should. What was wrong stands in the log."""

    def __init__(self, provider: IdentityProvider, reason: str) -> None:
        log.warning("%s cannot be used for signing in: %s", provider.title, reason)
        super().__init__(
            f"{provider.title} does not answer as it should just now. "
            "Try again in a moment, or sign in with your password."
        )


def ask(provider: IdentityProvider, url: str, form: Mapping[str, str] | None = None) -> Reply:
    """GET `url`, or POST `form` to it. Raises ProviderDown where no whole answer comes in time."""
    _leave_transaction()
    parts = urlsplit(url)
    host, path = parts.hostname or "", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(host, parts.port, timeout=SILENCE_S, context=context)
    else:
        connection = HTTPConnection(host, parts.port, timeout=SILENCE_S)
    try:
        reply = _exchange(connection, path, form)
    except (OSError, HTTPException, ValueError) as error:
        raise ProviderDown(provider, f"{type(error).__name__} at {host}") from error
    finally:
        connection.close()
    if len(reply.body) > MAX_BYTES:
        raise ProviderDown(provider, f"more than {MAX_BYTES} bytes from {host}")
    return reply


def _exchange(connection: HTTPConnection, path: str, form: Mapping[str, str] | None) -> Reply:
    headers = {"Accept": "application/json", "Connection": "close"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.connect()
    line, late = connection.sock, Event()

    def cut() -> None:
        late.set()
        # Of the socket below TLS: the reading thread is still in the layer above.
        socket.socket.shutdown(line, socket.SHUT_RDWR)

    watchdog = Timer(DEADLINE_S, cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("GET" if form is None else "POST", path, urlencode(form) if form else None, headers)
        response = connection.getresponse()
        body = response.read(MAX_BYTES + 1)
    finally:
        watchdog.cancel()
    if late.is_set():
        raise TimeoutError
    return Reply(response.status, body)


def _leave_transaction() -> None:
    """End what was only read so far; it stays readable. Inside a command nobody may wait for others."""
    session = reads(SYSTEM)
    if session.transaction().depth > 0:
        raise RuntimeError("A provider is asked before a command, never in it.")
    session.close()
