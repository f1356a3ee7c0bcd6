"""Closing a business: its owner asks, everybody sees the date, the owner may change their mind, then it is erased."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from dashboard.accounts.models import Tenant, User
from dashboard.accounts.roles import OWNERSHIP
from dashboard.accounts.service.business import own_tenant
from dashboard.core import clock, events, jobs, mail
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid

GRACE = timedelta(days=30)
"""From the owner's word to the erasure. No setting: it could let an intruder's wish come true sooner."""

REMIND_BEFORE = timedelta(days=3)
REMIND_JOB = "accounts.remind_of_closing"
ERASE_JOB = "accounts.erase_business"


def close_business(by: Principal, business_code: str, *, page: str) -> datetime:
    """Let the business of `by` be erased in 30 days, with its sandbox; when that will be.

    Everything goes on working until then. The owner is mailed now and three days before, with the address of the
    `page` on which it is taken back. Raises NotAllowed for all but the owner, Invalid where the typed code is not
    that of the business, Conflict where it is closing already or nobody would be left to run the installation.
    """
    by.require(OWNERSHIP)
    with atomic(by) as session:
        tenant = own_tenant(by)
        if business_code.strip().upper() != tenant.business_code:
            raise Invalid.field("business_code", f"That is not the code of this business, {tenant.business_code}.")
        _refuse_if_last_operator(by)
        closes_at = clock.now() + GRACE
        open_ones = update(Tenant).where(Tenant.id == by.tenant_id, Tenant.delete_after.is_(None))
        if session.scalar(open_ones.values(delete_after=closes_at).returning(Tenant.id)) is None:
            raise Conflict("This business is being closed already.", code="closing_already")
        session.execute(update(Tenant).where(Tenant.sandbox_of_id == by.tenant_id).values(delete_after=closes_at))
        events.record(by, "tenant.closing", f"tenant:{by.tenant_id}", {"closes_at": closes_at.isoformat()})
        told = {"closes_at": closes_at.isoformat(), "page": page}
        _mail_owner(by, closes_at, page)
        jobs.enqueue(by, REMIND_JOB, told, run_at=closes_at - REMIND_BEFORE)
    return closes_at


def _refuse_if_last_operator(by: Principal) -> None:
    operators = select(User.id).where(User.is_operator, User.active)
    here = reads(by).scalar(operators.where(User.tenant_id == by.tenant_id).limit(1))
    others = operators.where(User.tenant_id.is_distinct_from(by.tenant_id)).limit(1)
    if here is not None and reads(by).scalar(others) is None:
        raise Conflict(
            "The only operator of this installation belongs to this business. Make another one first.",
            code="last_operator",
        )


def keep_business(by: Principal) -> None:
    """Take the closing back. Twice is once.

    Raises NotAllowed for all but the owner, Conflict once the time is over and the erasure may have begun.
    """
    by.require(OWNERSHIP)
    with atomic(by) as session:
        closes_at = own_tenant(by).delete_after
        if closes_at is None:
            return
        # The row decides, not what was read: the erasure locks it before it begins.
        mine = (Tenant.id == by.tenant_id) | (Tenant.sandbox_of_id == by.tenant_id)
        kept = update(Tenant).where(mine, Tenant.delete_after > clock.now()).values(delete_after=None)
        if session.scalars(kept.returning(Tenant.id)).first() is None:
            raise Conflict("The time is over: this business is being erased.", code="closed")
        events.record(by, "tenant.kept", f"tenant:{by.tenant_id}", {"closes_at": closes_at.isoformat()})


def remind_of_closing(task: jobs.Task) -> bool:
    """Mail the owner that the end is near; False where the business is kept or was told already."""
    closes_at = datetime.fromisoformat(task.args["closes_at"])
    with atomic(task.by):
        if task.saved.get("told") or own_tenant(task.by).delete_after != closes_at:
            return False
        _mail_owner(task.by, closes_at, task.args["page"])
        task.save({"told": True})
    return True


def ask_for_due_erasures(by: Principal) -> int:
    """Promise the erasure of every business whose time is over; how many there are."""
    over = select(Tenant.id).where(Tenant.sandbox_of_id.is_(None), Tenant.delete_after <= clock.now())
    with atomic(by) as session:
        due = session.scalars(over.order_by(Tenant.id)).all()
        for tenant_id in due:
            jobs.enqueue(by, ERASE_JOB, {"tenant_id": tenant_id}, unique_key=f"erase:{tenant_id}")
    return len(due)


def _mail_owner(by: Principal, closes_at: datetime, page: str) -> None:
    tenant = own_tenant(by)
    owner = reads(by).scalars(select(User).where(User.tenant_id == tenant.id, User.role == "owner")).first()
    if owner is None or owner.email is None or not mail.is_address(owner.email):
        return
    day = f"{closes_at:%-d %B %Y, %H:%M} UTC"
    mail.send(
        by,
        to=owner.email,
        subject=f"{tenant.name} will be erased on {closes_at:%-d %B %Y}",
        body=f"Hello {owner.name},\n\n{tenant.name} ({tenant.business_code}) is being closed. On {day} everything in "
        "it is erased for good: people, keys, settings, files and its sandbox.\n\n"
        f"Until then everything works. To take your data along, or to keep the business, go to\n\n{page}\n",
    )
