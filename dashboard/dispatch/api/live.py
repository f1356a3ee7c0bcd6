"""The stream of the board (K272-281): by header, by a page's own cookie, or by a one-time ticket."""

from collections.abc import Callable

from flask import request

from dashboard.core import clock
from dashboard.core.context import ActorKind, Principal
from dashboard.core.errors import NotAuthenticated
from dashboard.dispatch.live import live_boards
from dashboard.dispatch.schemas_live import StreamTicketOut, TicketQuery, show_ticket
from dashboard.dispatch.service import tickets
from dashboard.web import session
from dashboard.web.answers import One
from dashboard.web.api import ApiBlueprint
from dashboard.web.credentials import principal_of
from dashboard.web.registry import registry
from dashboard.web.streams import EventStream

live_api = ApiBlueprint(
    "dispatch_live", __name__, url_prefix="/api/v1/admin/dispatch", speaks="tradekitt", area="field"
)


def by_ticket() -> Principal | None:
    """Whoever took the ticket in the address. Raises NotAuthenticated for one that opens nothing."""
    secret = request.args.get("ticket")
    if secret is None:
        return None
    used = tickets.use_ticket(secret)
    if used is None:
        raise NotAuthenticated("This ticket was used, or is older than 30 seconds. Take another one.")
    if used.session_id is None:
        return Principal(
            ActorKind.CLIENT, None, "ticket", used.tenant_id, frozenset({"dispatch:read"}), dialect="tradekitt"
        )
    return _of_session(used.session_id)


def _of_session(session_id: int) -> Principal:
    load = registry().load_session
    found = None if load is None else load(session_id)
    if found is None:
        raise NotAuthenticated("The sign-in that this ticket was taken in has ended. Sign in again.")
    return found


@live_api.operation(
    "GET",
    "/stream",
    needs="dispatch:read",
    answer=dict[str, object],
    shape="bare",
    query=TicketQuery,
    or_by=(by_ticket, session.of_cookie),
)
def stream(by: Principal, query: TicketQuery) -> EventStream:  # noqa: ARG001 - its ticket was taken at the door
    """Listen to the board as Server-Sent Events

    Send `Last-Event-ID` to be told what was missed; `{"type": "reload"}` says that this can no longer be told.
    """
    return EventStream(live_boards().listen(by, _told(), _allowed(by)))


def _told() -> int | None:
    """The last change that the client knows; one that is no number of ours is answered like one that is forgotten."""
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 10**18


def _allowed(by: Principal) -> Callable[[], bool]:
    """Asks later, outside of this request, whether the credential still counts and holds the right."""
    header = request.headers.get("Authorization")
    ends_at = by.expires_at
    load = registry().load_session

    def ask() -> bool:
        if ends_at is not None and ends_at <= clock.true_now():
            return False
        try:
            if header is not None:
                return principal_of(header).may("dispatch:read")
        except NotAuthenticated:
            return False
        if by.session_id is None:
            return True
        found = None if load is None else load(by.session_id)
        return found is not None and found.may("dispatch:read")

    return ask


@live_api.operation("POST", "/stream-ticket", needs="dispatch:read", answer=StreamTicketOut, status=201)
def make_stream_ticket(by: Principal) -> One[tickets.Ticket]:
    """Take a ticket that opens the stream once within 30 seconds: `stream?ticket=…`"""
    return One(tickets.issue_ticket(by), show_ticket)
