"""Forgetting what proves nothing any more: sessions, tokens, links, challenges and invitations past their time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

from dashboard.accounts.models import Invitation, MfaChallenge, OneTimeLink, RefreshToken, UserSession
from dashboard.accounts.service.sessions import REFRESH_LIFETIME
from dashboard.core import clock, jobs
from dashboard.core.belongings import erase_some
from dashboard.core.db import Base, atomic, table_of

BATCH = 2_000
KEEP_SESSIONS = timedelta(days=30)
"""How long a sign-in that has ended can still be looked into."""

KEEP_INVITATIONS = timedelta(days=30)
KEEP_LINKS = timedelta(days=1)
"""Longer than the hour in which the links sent to one person are counted."""

_Past = Callable[[datetime], ColumnElement[bool]]

PAST_USE: tuple[tuple[type[Base], _Past], ...] = (
    (MfaChallenge, lambda now: MfaChallenge.expires_at <= now - KEEP_LINKS),
    (OneTimeLink, lambda now: OneTimeLink.expires_at <= now - KEEP_LINKS),
    (Invitation, lambda now: Invitation.expires_at <= now - KEEP_INVITATIONS),
    (
        RefreshToken,
        # A replaced one is kept as long as its signature is good: used again, it tells that somebody stole it.
        lambda now: or_(
            RefreshToken.replaced_at.is_(None) & (RefreshToken.idle_until <= now),
            RefreshToken.issued_at <= now - REFRESH_LIFETIME,
        ),
    ),
    (
        UserSession,
        lambda now: or_(UserSession.ended_at <= now - KEEP_SESSIONS, UserSession.expires_at <= now - KEEP_SESSIONS),
    ),
)
"""What is removed, and when."""


def prune(task: jobs.Task) -> dict[str, object]:
    """Remove what is past use, in batches; the result says how many rows of which table."""
    now = clock.now()
    pruned: dict[str, object] = {}
    for model, past in PAST_USE:
        table, gone = table_of(model), 0
        while True:
            task.checkpoint()
            with atomic(task.by) as session:
                batch = erase_some(session, table, past(now), BATCH)
            gone += batch
            if batch < BATCH:
                break
        pruned[table.name] = gone
    return pruned
