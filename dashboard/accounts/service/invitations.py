"""Invitations: a mail that lets somebody join a business, in the role that was chosen for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, select, update

from dashboard.accounts.models import Invitation, Tenant, User
from dashboard.accounts.roles import ALL_SCOPES
from dashboard.accounts.service import people, staff
from dashboard.accounts.service.branding import Branding, branding_of
from dashboard.accounts.service.links import TOKEN_LENGTH, LinkTo
from dashboard.accounts.service.sessions import Client
from dashboard.accounts.service.sign_in import SignedIn, enter
from dashboard.core import clock, crypto, events, mail
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany

LIFETIME = timedelta(days=7)
PAUSE = timedelta(minutes=1)
"""How soon an invitation may be sent again."""

MOST_OPEN = 100
"""Invitations of one business that wait at the same time: we are no way to mail strangers in bulk."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What somebody sees who opens their invitation."""

    business: str
    email: str
    role: str
    branding: Branding


def invite(by: Principal, email: str, role: str, link_to: LinkTo) -> Invitation:
    """Invite somebody by mail into one's tenant. Raises Invalid, NotAllowed for a role with rights that one lacks,
    Conflict where they belong to it or were invited already."""
    by.require("users:manage")
    address = mail.folded_address(email)
    _check_role(by, role)
    now = clock.now()
    with atomic(by) as session:
        # Whoever invites in the same moment waits here, so that nobody is invited twice.
        session.execute(select(Tenant.id).where(Tenant.id == by.tenant_id).with_for_update())
        if session.scalar(select(User.id).where(User.tenant_id == by.tenant_id, User.email == address).limit(1)):
            raise Conflict(f"{address} belongs to your business already.", code="already_member")
        waiting = _open(by).where(Invitation.expires_at > now)
        if session.scalar(waiting.where(Invitation.email == address).limit(1)) is not None:
            raise Conflict(f"{address} was invited already. Send that invitation again.", code="already_invited")
        if (session.scalar(select(func.count()).select_from(waiting.subquery())) or 0) >= MOST_OPEN:
            raise Conflict(
                f"At most {MOST_OPEN} invitations wait at a time. Withdraw some.", code="too_many_invitations"
            )
        token = crypto.token(TOKEN_LENGTH)
        invitation = Invitation(
            tenant_id=by.tenant_id,
            email=address,
            role=role,
            digest=crypto.digest(token),
            invited_by=by.label,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        session.add(invitation)
        session.flush()
        events.record(by, "invitation.sent", f"invitation:{invitation.id}", {"email": address, "role": role})
        _mail(by, invitation, link_to(token))
    return invitation


def roles_to_invite_to(by: Principal) -> Sequence[str]:
    """The roles that `by` may give: none with rights that they lack, and never that of the one owner."""
    may_give = (name for name, scopes in staff.list_roles(by).items() if scopes & ALL_SCOPES <= by.scopes)
    return [name for name in may_give if name != staff.OWNER]


def list_invitations(by: Principal) -> Sequence[Invitation]:
    """Invitations of one's tenant that were neither accepted nor withdrawn, the newest first; some may have expired."""
    by.require("users:manage")
    return reads(by).scalars(_open(by).order_by(Invitation.id.desc()).limit(2 * MOST_OPEN)).all()


def withdraw_invitation(by: Principal, invitation_id: int) -> None:
    """Let an invitation work no more. Raises NotFound, also where it was accepted."""
    by.require("users:manage")
    mine = update(Invitation).where(Invitation.id == invitation_id, *_OPEN, Invitation.tenant_id == by.tenant_id)
    with atomic(by) as session:
        row = session.execute(mine.values(withdrawn_at=clock.now()).returning(Invitation.email)).one_or_none()
        if row is None:
            raise _unknown()
        events.record(by, "invitation.withdrawn", f"invitation:{invitation_id}", {"email": row.email})


def resend_invitation(by: Principal, invitation_id: int, link_to: LinkTo) -> None:
    """Mail an invitation anew, for seven more days; the link sent before works no more.

    Raises NotFound, NotAllowed as for inviting, TooMany within a minute.
    """
    by.require("users:manage")
    now = clock.now()
    with atomic(by) as session:
        mine = _open(by).where(Invitation.id == invitation_id).with_for_update()
        invitation = session.scalars(mine).one_or_none()
        if invitation is None:
            raise _unknown()
        _check_role(by, invitation.role)
        if invitation.created_at > now - PAUSE:
            raise TooMany("This invitation was sent less than a minute ago.", retry_after=60)
        token = crypto.token(TOKEN_LENGTH)
        invitation.digest, invitation.created_at, invitation.expires_at = crypto.digest(token), now, now + LIFETIME
        invitation.invited_by = by.label
        events.record(by, "invitation.sent_again", f"invitation:{invitation.id}", {"email": invitation.email})
        _mail(by, invitation, link_to(token))


def find_invitation(token: str) -> Invited:
    """What an invitation is to. Raises NotFound in the same words for every link that is good no more."""
    statement = (
        select(Invitation, Tenant)
        .join(Tenant, Tenant.id == Invitation.tenant_id)
        .where(
            Invitation.digest == crypto.digest(token),
            *_OPEN,
            Invitation.expires_at > clock.now(),
            Tenant.suspended_at.is_(None),
        )
    )
    row = reads(SYSTEM).execute(statement).one_or_none()
    if row is None:
        raise _gone()
    invitation, tenant = row
    return Invited(tenant.display_name or tenant.name, invitation.email, invitation.role, branding_of(tenant))


def join(token: str, *, username: str, name: str, password: str, client: Client, kind: str = "page") -> SignedIn:
    """Accept an invitation: become one of the business's people, with a proved address, and be signed in.

    Raises NotFound where the link is good no more; Conflict or Invalid where username or password will not do: then
    it stays good.
    """
    find_invitation(token)
    if not name.strip():
        raise Invalid.field("name", "Enter your name.")
    now = clock.now()
    mine = update(Invitation).where(Invitation.digest == crypto.digest(token), *_OPEN, Invitation.expires_at > now)
    with atomic(SYSTEM) as session:
        invitation = session.scalar(mine.values(accepted_at=now).returning(Invitation))
        if invitation is None:
            raise _gone()
        tenant = session.scalars(select(Tenant).where(Tenant.id == invitation.tenant_id)).one()
        user = people.create_user(
            SYSTEM,
            tenant,
            username=username,
            password=password,
            role=invitation.role,
            name=name.strip(),
            email=invitation.email,
            email_is_verified=True,
        )
        events.record(
            SYSTEM,
            "invitation.accepted",
            f"invitation:{invitation.id}",
            {"email": invitation.email, "user": user.id},
            tenant_id=tenant.id,
            actor=f"user:{user.id}",
        )
        return enter(user, tenant, client, kind)


_OPEN = (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))


def _open(by: Principal) -> Select[Invitation]:
    return select(Invitation).where(Invitation.tenant_id == by.tenant_id, *_OPEN)


def _check_role(by: Principal, role: str) -> None:
    if by.tenant_id is None:
        raise NotAllowed("Only a business's own people invite others.")
    if role == staff.OWNER:
        raise NotAllowed("There is one owner. Hand the business over instead.")
    if beyond := staff.scopes_of(by, role) & ALL_SCOPES - by.scopes:
        raise NotAllowed(f"You cannot give rights that you lack: {', '.join(sorted(beyond))}.")


def _mail(by: Principal, invitation: Invitation, link: str) -> None:
    mail.send(
        by,
        to=invitation.email,
        subject=f"Join {by.tenant_name}",
        body=f"{by.name} invites you to the dashboard of {by.tenant_name}, as {invitation.role}.\n\n"
        f"Open this link to choose your user name and password:\n\n{link}\n\n"
        "It works once, for seven days. If you do not know them, do nothing.\n",
    )


def _unknown() -> NotFound:
    return NotFound("There is no such invitation.")


def _gone() -> NotFound:
    return NotFound("This invitation was used or withdrawn, or has expired. Ask for a new one.", code="link_expired")
