"""What lies in the outbox."""

from sqlalchemy import ColumnElement, select, true

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.mail.models import MailMessage
from dashboard.core.paging import Slice, decode_cursor, encode_cursor


def outbox(by: Principal, *, everywhere: bool = False, after: str | None = None, size: int = 50) -> Slice[MailMessage]:
    """Mail, the newest first: of one's tenant, or `everywhere` for the operator. Raises NotAllowed."""
    statement = select(MailMessage).where(visible_to(by, everywhere=everywhere))
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(MailMessage.id < last)
    found = reads(by).scalars(statement.order_by(MailMessage.id.desc()).limit(size + 1)).all()
    shown = found[:size]
    return Slice(shown, encode_cursor([shown[-1].id]) if len(found) > size else None)


def visible_to(by: Principal, *, everywhere: bool) -> ColumnElement[bool]:
    """The condition that `by` may see a message. Raises NotAllowed without `operator` or `settings:manage`."""
    if everywhere:
        by.require("operator")
        return true()
    by.require("settings:manage")
    return MailMessage.tenant_id == by.tenant_id
