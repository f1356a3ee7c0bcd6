"""What the stream's endpoints take and answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from dashboard.dispatch.service.tickets import Ticket
from dashboard.web.dialects import Dialect
from dashboard.web.schemas import QueryModel


class TicketQuery(QueryModel):
    """A one-time ticket, for clients that can send no header."""

    ticket: Annotated[str, Field(max_length=100)] | None = None


class StreamTicketOut(BaseModel):
    """Send `ticket` as a parameter of the stream's address, once, before `expires_at`."""

    ticket: str
    expires_at: datetime


def show_ticket(row: Ticket, _: Dialect) -> Mapping[str, Any]:
    """The ticket as the API shows it."""
    return {"ticket": row.secret, "expires_at": row.expires_at}
