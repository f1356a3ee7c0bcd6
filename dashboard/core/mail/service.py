"""Promising a mail, and the work that keeps the promise."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from dashboard.core import clock, jobs
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, NotFound
from dashboard.core.mail.address import folded_address
from dashboard.core.mail.models import SUBJECT_LENGTH, WIPED, MailMessage
from dashboard.core.mail.queries import visible_to
from dashboard.core.mail.server import server_of
from dashboard.core.mail.smtp import NotSent, Refused, hand_over

JOB = "mail.send"
KEPT_FOR = timedelta(days=90)
MOST_TRIES = 20
"""About ten hours, with the pauses of the jobs in between."""


def send(by: Principal, *, to: str, subject: str, body: str, tenant_id: int | None = None) -> None:
    """Promise a mail in plain text to one address. It leaves after the command's commit, and not if that fails.

    `tenant_id` is for system work that concerns a tenant. Line ends in the subject become spaces. Without a mail
    server the message waits in the outbox. Raises Invalid where `to` is no address.
    """
    with atomic(by) as session:
        mail = MailMessage(
            tenant_id=by.tenant_id if tenant_id is None else tenant_id,
            recipient=folded_address(to),
            subject=_one_line(subject),
            body=body,
            created_at=clock.now(),
        )
        session.add(mail)
        session.flush()
        if server_of(by) is not None:
            jobs.enqueue(by, JOB, {"mail_id": mail.id})


def send_again(by: Principal, mail_id: int, *, everywhere: bool = False) -> None:
    """Try a message once more that has not left, now. `everywhere` is the operator's reach, else one's own tenant.

    Raises NotFound, or Conflict where it has left or no mail server is set.
    """
    condition = visible_to(by, everywhere=everywhere)
    if server_of(by) is None:
        raise Conflict("No mail server is set (MAIL_URL), so nothing can be sent.", code="no_mail_server")
    with atomic(by) as session:
        if session.scalar(select(MailMessage.id).where(MailMessage.id == mail_id, condition)) is None:
            raise NotFound("There is no such mail.")
        waiting = update(MailMessage).where(MailMessage.id == mail_id, MailMessage.sent_at.is_(None))
        if session.scalar(waiting.values(failed_at=None).returning(MailMessage.id)) is None:
            raise Conflict("This mail has been sent.", code="already_sent")
        jobs.enqueue(by, JOB, {"mail_id": mail_id})


@jobs.job(JOB, max_attempts=MOST_TRIES, lease=timedelta(minutes=3))
def deliver(task: jobs.Task) -> dict[str, object]:
    """Hand one message over. Whoever dies between the server's word and ours sends a second copy, no more."""
    server = server_of(task.by)
    mail = None if server is None else _begin_try(task.by, task.args["mail_id"])
    if server is None or mail is None:
        return {"sent": False}
    try:
        hand_over(server, mail)
    except Refused as refusal:
        _note(task.by, mail.id, last_error=refusal.message, failed_at=clock.now())
        raise
    except NotSent as failure:
        given_up = clock.now() if task.attempts_left <= 0 else None
        _note(task.by, mail.id, last_error=failure.message, failed_at=given_up)
        raise
    _note(task.by, mail.id, sent_at=clock.now(), body=WIPED, last_error=None, failed_at=None)
    return {"sent": True}


@jobs.periodic("mail.forget", every=timedelta(days=1))
def forget(task: jobs.Task) -> dict[str, object]:
    """Remove messages that have lain in the outbox for three months, sent or not."""
    old = delete(MailMessage).where(MailMessage.created_at < clock.now() - KEPT_FOR)
    with atomic(task.by) as session:
        return {"deleted": len(session.scalars(old.returning(MailMessage.id)).all())}


def _begin_try(by: Principal, mail_id: int) -> MailMessage | None:
    """The message with one more try counted, or None where it has left or is gone. Leaves no transaction open."""
    waiting = update(MailMessage).where(MailMessage.id == mail_id, MailMessage.sent_at.is_(None))
    with atomic(by) as session:
        return session.scalar(waiting.values(tries=MailMessage.tries + 1).returning(MailMessage))


def _note(by: Principal, mail_id: int, **values: object) -> None:
    # A copy that left by another worker meanwhile stays sent.
    with atomic(by) as session:
        session.execute(
            update(MailMessage).where(MailMessage.id == mail_id, MailMessage.sent_at.is_(None)).values(values)
        )


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SUBJECT_LENGTH]
