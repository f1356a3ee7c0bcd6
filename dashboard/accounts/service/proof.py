"""Asking again who somebody is, before something dangerous."""

from sqlalchemy import update

from dashboard.accounts.models import UserSession
from dashboard.accounts.service import passwords
from dashboard.accounts.service.people import person
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Invalid


def prove_again(by: Principal, password: str) -> None:
    """Note in the session that its person has just given their password. Raises Invalid where it is wrong."""
    user = person(by)
    if not passwords.fits(user.password_hash, password):
        events.record(by, "session.proof_failed", f"user:{user.id}")
        raise Invalid.field("password", "That password is not right.")
    with atomic(by) as session:
        mine = update(UserSession).where(UserSession.id == by.session_id, UserSession.user_id == user.id)
        session.execute(mine.values(proved_at=clock.now()))
