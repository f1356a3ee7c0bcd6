"""A new password: with the old one, or by a link in the mail."""

from sqlalchemy import or_, select, update

from dashboard.accounts.models import MfaChallenge, Tenant, User
from dashboard.accounts.service import links, passwords, sessions
from dashboard.accounts.service.branding import Branding, branding_of
from dashboard.accounts.service.links import RESET_PASSWORD, LinkTo
from dashboard.accounts.service.people import person
from dashboard.core import clock, events, jobs, mail
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid

RESET_JOB = "accounts.mail_reset_links"
MOST_ACCOUNTS = 8
"""Accounts of one name or address, in different businesses, that are mailed a link each."""

_GAP = "-token-"


def change_password(by: Principal, old: str, new: str) -> None:
    """Set one's own password. All other sessions end, and a mail says so.

    Raises Invalid where the old one is wrong or the new one will not do, Conflict where there is none to change.
    """
    user = person(by)
    if user.password_hash is None:
        raise Conflict("You have no password yet. Set one by 'Forgot password?'.", code="no_password")
    if not passwords.fits(user.password_hash, old):
        events.record(by, "user.password_change_failed", f"user:{user.id}")
        raise Invalid.field("old_password", "That is not your present password.")
    passwords.check_new(new, "new_password", forbidden=(user.username, user.email, old))
    hashed = passwords.hash_password(new)
    with atomic(by):
        _set(by, user, hashed, but=by.session_id)
        events.record(by, "user.password_changed", f"user:{user.id}")


def ask_for_reset(login_or_email: str, link_to: LinkTo) -> None:
    """Promise whoever has this username or address a link that sets a new password.

    Here nothing is looked up, so nobody learns from the answer or its time who is known. A worker mails the links.
    """
    args = {"login": login_or_email.strip().lower()[: mail.MAX_ADDRESS], "link": link_to(_GAP)}
    jobs.enqueue(SYSTEM, RESET_JOB, args)


def mail_reset_links(login: str, link_with_gap: str) -> int:
    """Mail a link to each account of that name or address which has an address; how many."""
    theirs = or_(User.username == login, User.email == login)
    statement = select(User).where(theirs, User.active, User.email.is_not(None)).order_by(User.id)
    found = list(reads(SYSTEM).scalars(statement.limit(MOST_ACCOUNTS)))
    return sum(_mail_reset_link(user, link_with_gap) for user in found)


def _mail_reset_link(user: User, link_with_gap: str) -> bool:
    if user.email is None or not mail.is_address(user.email):
        return False
    with atomic(SYSTEM):
        token = links.make_link(SYSTEM, user, RESET_PASSWORD, user.email)
        if token is None:
            return False
        link = link_with_gap.replace(_GAP, token)
        mail.send(
            SYSTEM,
            to=user.email,
            subject="Set a new password",
            body=f"Hello {user.name},\n\nopen this link to set a new password for your account {user.username}:\n\n"
            f"{link}\n\nIt works once, for one hour. If you did not ask for it, do nothing: your password stays.\n",
            tenant_id=user.tenant_id,
        )
        events.record(SYSTEM, "user.reset_link_sent", f"user:{user.id}", tenant_id=user.tenant_id)
    return True


def whose_reset(token: str) -> str:
    """The username that a reset link is for. Raises NotFound where it is good no more."""
    return links.find_link(token, RESET_PASSWORD)[1].username


def whose_reset_branding(token: str) -> Branding | None:
    """How the business looks whose person a reset link is for, or None. Raises NotFound where it is good no more."""
    user = links.find_link(token, RESET_PASSWORD)[1]
    tenant = reads(SYSTEM).get(Tenant, user.tenant_id) if user.tenant_id is not None else None
    return None if tenant is None else branding_of(tenant)


def reset_password(token: str, new: str) -> None:
    """Set a password by a link from the mail. All sessions end; a second factor stays on. The address counts as proved.

    Raises NotFound where the link is good no more, Invalid where the password will not do: then the link stays good.
    """
    link, user = links.find_link(token, RESET_PASSWORD)
    passwords.check_new(new, forbidden=(user.username, user.email))
    hashed = passwords.hash_password(new)
    with atomic(SYSTEM) as session:
        links.use_link(link)
        _set(SYSTEM, user, hashed)
        proved = update(User).where(User.id == user.id, User.email == link.email, User.email_verified_at.is_(None))
        session.execute(proved.values(email_verified_at=clock.now()))
        actor = f"user:{user.id}"
        events.record(SYSTEM, "user.password_reset", actor, tenant_id=user.tenant_id, actor=actor)


def _set(by: Principal, user: User, hashed: str, *, but: int | None = None) -> None:
    """Store the hash and end what the old password has opened or begun."""
    now = clock.now()
    with atomic(by) as session:
        mine = update(User).where(User.id == user.id)
        session.execute(mine.values(password_hash=hashed, password_changed_at=now))
        sessions.end_all(by, user.id, but=but)
        begun = update(MfaChallenge).where(MfaChallenge.user_id == user.id, MfaChallenge.passed_at.is_(None))
        session.execute(begun.values(expires_at=now))
        links.void_links(by, user.id, RESET_PASSWORD)
        if user.email is not None and mail.is_address(user.email):
            mail.send(
                by,
                to=user.email,
                subject="Your password was changed",
                body=f"Hello {user.name},\n\n"
                f"the password of your account {user.username} was changed just now, and all other "
                "sign-ins have ended.\n\nIf that was not you, set another by 'Forgot password?' at once.\n",
                tenant_id=user.tenant_id,
            )
