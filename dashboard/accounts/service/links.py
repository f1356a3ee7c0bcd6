"""Links sent by mail that work once: to prove an address, and to set a new password. Only their digests are kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import select, update

from dashboard.accounts.models import OneTimeLink, User
from dashboard.accounts.service import passwords
from dashboard.accounts.service.people import person
from dashboard.core import clock, crypto, events, mail
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound, TooMany

LinkTo: TypeAlias = Callable[[str], str]
"""From a token to the absolute address of the page that takes it."""

TOKEN_LENGTH = 43
VERIFY_EMAIL, RESET_PASSWORD = "verify_email", "reset_password"
LIFETIME = {VERIFY_EMAIL: timedelta(days=7), RESET_PASSWORD: timedelta(hours=1)}
MOST_LINKS_AN_HOUR = 3
"""Links of one purpose that a person is mailed in an hour: nobody's mailbox is flooded through us."""


def make_link(by: Principal, user: User, purpose: str, address: str) -> str | None:
    """A token for a new link to `address`, or None where enough were sent within the hour."""
    now = clock.now()
    token = crypto.token(TOKEN_LENGTH)
    with atomic(by) as session:
        session.execute(select(User.id).where(User.id == user.id).with_for_update())
        recent = select(OneTimeLink.id).where(
            OneTimeLink.user_id == user.id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.created_at > now - timedelta(hours=1),
        )
        if len(session.scalars(recent.limit(MOST_LINKS_AN_HOUR)).all()) == MOST_LINKS_AN_HOUR:
            return None
        session.add(
            OneTimeLink(
                user_id=user.id,
                purpose=purpose,
                email=address,
                email_before=user.email,
                digest=crypto.digest(token),
                created_at=now,
                expires_at=now + LIFETIME[purpose],
            )
        )
    return token


def find_link(token: str, purpose: str) -> tuple[OneTimeLink, User]:
    """The link of a token, still good, and its active person. Raises NotFound in the same words for any other."""
    statement = (
        select(OneTimeLink, User)
        .join(User, User.id == OneTimeLink.user_id)
        .where(
            OneTimeLink.digest == crypto.digest(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > clock.now(),
            OneTimeLink.email_before.is_not_distinct_from(User.email),
            User.active,
        )
    )
    row = reads(SYSTEM).execute(statement).one_or_none()
    if row is None:
        raise _gone()
    link, user = row
    return link, user


def use_link(link: OneTimeLink) -> None:
    """Use a link up, with all others of its person and purpose. Raises NotFound where another was faster."""
    now = clock.now()
    unused = update(OneTimeLink).where(OneTimeLink.used_at.is_(None))
    mine = unused.where(OneTimeLink.id == link.id, OneTimeLink.expires_at > now)
    with atomic(SYSTEM) as session:
        if session.scalar(mine.values(used_at=now).returning(OneTimeLink.id)) is None:
            raise _gone()
        void_links(SYSTEM, link.user_id, link.purpose)


def void_links(by: Principal, user_id: int, *purposes: str) -> None:
    """Let no link of a person work any more that was sent for one of `purposes`."""
    mine = update(OneTimeLink).where(
        OneTimeLink.user_id == user_id, OneTimeLink.purpose.in_(purposes), OneTimeLink.used_at.is_(None)
    )
    with atomic(by) as session:
        session.execute(mine.values(used_at=clock.now()))


def send_verification(by: Principal, user: User, link_to: LinkTo, *, address: str | None = None) -> bool:
    """Mail a link that proves the address of `user`, or the new `address` they want. False where it cannot be sent."""
    to = address or user.email
    if to is None or not mail.is_address(to):
        return False
    with atomic(by):
        token = make_link(by, user, VERIFY_EMAIL, to)
        if token is None:
            return False
        mail.send(
            by,
            to=to,
            subject="Confirm your e-mail address",
            body=f"Hello {user.name},\n\nopen this link to confirm that {to} is yours:\n\n{link_to(token)}\n\n"
            "It works once, for seven days. If you did not ask for it, do nothing.\n",
            tenant_id=user.tenant_id,
        )
    return True


def send_verification_again(by: Principal, link_to: LinkTo) -> None:
    """Mail oneself the link anew. Raises Conflict where nothing is to be proved, TooMany after three in an hour."""
    user = person(by)
    if user.email is None or user.email_verified_at is not None:
        raise Conflict("There is no address to confirm.", code="nothing_to_confirm")
    if not send_verification(by, user, link_to):
        raise _too_many()


def change_email(by: Principal, email: str, password: str, link_to: LinkTo) -> None:
    """Ask for another address for oneself. It counts once the link mailed to it is opened; until then the old one does.

    Raises Invalid where it is no address or the password is wrong, TooMany after three links in an hour.
    """
    user = person(by)
    address = mail.folded_address(email)
    if not passwords.fits(user.password_hash, password):
        raise Invalid.field("password", "That password is not right.")
    with atomic(by):
        if not send_verification(by, user, link_to, address=address):
            raise _too_many()
        events.record(by, "user.email_change_asked", f"user:{user.id}", {"email": [user.email, address]})


def whose_address(token: str) -> str:
    """The address that a link proves. Raises NotFound where it is good no more."""
    return find_link(token, VERIFY_EMAIL)[0].email


def verify_email(token: str) -> str:
    """Take a link's word that its person reads its address, which becomes theirs; the address. Raises NotFound.

    Where that is another address than before, the old one is told.
    """
    link, user = find_link(token, VERIFY_EMAIL)
    before = user.email
    with atomic(SYSTEM) as session:
        use_link(link)
        mine = update(User).where(User.id == user.id)
        session.execute(mine.values(email=link.email, email_verified_at=clock.now()))
        events.record(
            SYSTEM,
            "user.email_verified",
            f"user:{user.id}",
            {"email": [before, link.email]},
            tenant_id=user.tenant_id,
            actor=f"user:{user.id}",
        )
        if before is not None and before != link.email and mail.is_address(before):
            mail.send(
                SYSTEM,
                to=before,
                subject="Your e-mail address was changed",
                body=f"Hello {user.name},\n\n"
                f"mail for your account {user.username} goes to {link.email} from now on.\n\n"
                "If that was not you, tell whoever runs your business's dashboard at once.\n",
                tenant_id=user.tenant_id,
            )
    return link.email


def _gone() -> NotFound:
    return NotFound("This link has been used or has expired. Ask for a new one.", code="link_expired")


def _too_many() -> TooMany:
    return TooMany("Enough links were sent for now. Look in your mailbox, or try again in an hour.", retry_after=3600)
