"""One-time keys for the stream: a browser's EventSource can send no header, and a token has no place in an address."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from dashboard.core import clock, crypto
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.dispatch.models import StreamTicket

GOOD_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ticket:
    """`secret` is shown once; it opens the stream once, before `expires_at`."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """Whose ticket it was: the tenant, and the sign-in of the person who took it (None: a program)."""

    tenant_id: int
    session_id: int | None


def issue_ticket(by: Principal) -> Ticket:
    """A ticket for whoever may read the board. Those that nobody used are forgotten at the same time."""
    by.require("dispatch:read")
    secret = secrets.token_urlsafe(32)
    now = clock.true_now()
    with atomic(by) as session:
        session.execute(delete(StreamTicket).where(StreamTicket.expires_at <= now))
        session.add(StreamTicket(digest=crypto.digest(secret), session_id=by.session_id, expires_at=now + GOOD_FOR))
    return Ticket(secret, now + GOOD_FOR)


def use_ticket(secret: str) -> Used | None:
    """Whose ticket this is, once: of any number of tries at once one gets it. None for a used, late or made-up one."""
    statement = (
        delete(StreamTicket)
        .where(StreamTicket.digest == crypto.digest(secret), StreamTicket.expires_at > clock.true_now())
        .returning(StreamTicket.tenant_id, StreamTicket.session_id)
    )
    with atomic(SYSTEM) as session:
        row = session.execute(statement, execution_options=EVERY_TENANT).one_or_none()
    return None if row is None else Used(*row)
