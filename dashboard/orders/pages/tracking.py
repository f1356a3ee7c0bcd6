"""Where an order is, for whoever has the link: no sign-in, no prices, no addresses."""

from flask import Response, request

from dashboard.core.context import Principal
from dashboard.orders import queries
from dashboard.web.api import PUBLIC
from dashboard.web.pages import PageBlueprint, render_page

tracking_pages = PageBlueprint("tracking", __name__, url_prefix="/track")

STEPS = ("pending", "confirmed", "shipped", "delivered")
WORDS = {
    "pending": "Received",
    "confirmed": "Being prepared",
    "shipped": "On its way",
    "delivered": "Delivered",
    "cancelled": "Cancelled",
}


@tracking_pages.page("/<code>", needs=PUBLIC)
def track(_: Principal, code: str) -> Response:
    found = queries.track(code, request.args.get("key", ""))
    reached = STEPS.index(found.status) if found.status in STEPS else -1
    response = render_page("orders/track.html", order=found, steps=STEPS, reached=reached, words=WORDS)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
