"""Who comes and when, for the customer who has the link: no sign-in, no address, no prices."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response

from dashboard.core.context import Principal
from dashboard.dispatch.queries import following
from dashboard.dispatch.queries.following import Followed
from dashboard.web.api import PUBLIC
from dashboard.web.pages import PageBlueprint, render_page

job_tracking = PageBlueprint("job_tracking", __name__, url_prefix="/track/job")

STEPS = ("planned", "en_route", "on_site", "completed")
WORDS = {"planned": "Planned", "en_route": "On the way", "on_site": "At your place", "completed": "Done"}
_SHOWN_AS = {"on_site": "on_site", "in_progress": "on_site", "en_route": "en_route", "completed": "completed"}


@job_tracking.page("/<key>", needs=PUBLIC)
def track_job(_: Principal, key: str) -> Response:
    found = following.follow(key)
    response = render_page(
        "dispatch/track/show.html",
        fragment="dispatch/track/_state.html",
        job=found,
        steps=STEPS,
        words=WORDS,
        reached=STEPS.index(_SHOWN_AS.get(found.status, "planned")),
        when=_when(found),
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _when(job: Followed) -> str:
    """When to be at home, in the words of whoever waits; empty once it does not matter."""
    if job.status in ("on_site", "in_progress", "completed", "cancelled"):
        return ""
    if job.arrives_at is not None:
        return f"About {_clock(job.arrives_at, job.time_zone)}"
    if job.arrive_from is not None and job.arrive_until is not None:
        return (
            f"{_day(job.arrive_from, job.time_zone)}, between {_clock(job.arrive_from, job.time_zone)} and "
            + _clock(job.arrive_until, job.time_zone)
        )
    if job.start is not None:
        return f"{_day(job.start, job.time_zone)}, about {_clock(job.start, job.time_zone)}"
    return "Not planned yet"


def _day(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%A, %-d %B}"


def _clock(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%-I:%M %p}"
