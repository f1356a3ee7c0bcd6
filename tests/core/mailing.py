"""Sending mail in tests by a server of their own, and looking at what became of it."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import select

from dashboard.core import clock, mail
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.core.mail import MailMessage
from tests.core.mail_server import Behaviour, FakeMailServer, mail_server

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TO = "jane@shop.example"
LINK = "http://127.0.0.1:8000/reset-password/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfG"
BODY = f"Hello Jane,\n\n{LINK}\n\nYour code is 123456.\n"


@contextmanager
def connected(behaviour: Behaviour | None = None, **changes: object) -> Generator[FakeMailServer]:
    """A mail server that this application sends by, and a clock that stands still."""
    with mail_server(behaviour) as server, clock.frozen(NOON):
        mail.use(db.engine, server.settings(**changes))
        try:
            yield server
        finally:
            mail.use(db.engine, None)


def send(to: str = TO, subject: str = "Set a new password", body: str = BODY) -> None:
    mail.send(SYSTEM, to=to, subject=subject, body=body)


def messages() -> list[MailMessage]:
    db.session.rollback()
    db.session.expunge_all()
    return list(reads(SYSTEM).scalars(select(MailMessage).order_by(MailMessage.id)))


def message() -> MailMessage:
    (only,) = messages()
    return only
