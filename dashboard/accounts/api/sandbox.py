"""A sandbox's clock for programs: what waits for a time can be tried out without waiting. None of the references has
it; the path is the house's own."""

from datetime import timedelta

from dashboard.accounts import service
from dashboard.accounts.roles import SANDBOX_READ, SANDBOX_WRITE
from dashboard.accounts.schemas import ClockBody, ClockJson
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web.answers import One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect

sandbox_api = ApiBlueprint("sandbox_api", __name__, url_prefix="/api/sandbox", speaks="techfleet", area="sandbox")


@sandbox_api.operation("GET", "/clock", needs=SANDBOX_READ, answer=ClockJson)
def sandbox_clock(by: Principal) -> One[int]:
    """See what time it is in the sandbox"""
    return One(by.clock_offset_s, clock_json)


@sandbox_api.operation("POST", "/clock", needs=SANDBOX_WRITE, answer=ClockJson, body=ClockBody)
def sandbox_clock_move(by: Principal, body: ClockBody) -> One[int]:
    """Move the sandbox's clock ahead, by seconds or to a moment; holds, tokens and waiting work see the time pass"""
    if body.seconds is not None and body.to is None:
        return One(service.move_clock(by, body.seconds), clock_json)
    if body.to is not None and body.seconds is None:
        return One(service.move_clock_to(by, body.to), clock_json)
    raise Invalid.field("seconds", "Send either 'seconds' or 'to'.")


@sandbox_api.operation("DELETE", "/clock", needs=SANDBOX_WRITE, answer=ClockJson)
def sandbox_clock_reset(by: Principal) -> One[int]:
    """Set the sandbox's clock back to the true time"""
    return One(service.reset_clock(by), clock_json)


def clock_json(ahead_s: int, _: Dialect) -> ClockJson:
    """The sandbox's clock, so many seconds ahead of the true time."""
    true = clock.true_now()
    return {"now": true + timedelta(seconds=ahead_s), "true_time": true, "ahead_s": ahead_s}
