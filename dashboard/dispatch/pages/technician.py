"""The pages in the van: today, and a job, for one hand and a thin line. Everything is a form that needs no script."""

import base64
import binascii
import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote_plus

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.dispatch import service
from dashboard.dispatch.moments import today
from dashboard.dispatch.pages import words
from dashboard.dispatch.pages.actions import let_photos_in, picture_response, sent_photos, whole
from dashboard.dispatch.queries import details, my_day
from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.service import papers
from dashboard.web import session
from dashboard.web.pages import PageBlueprint, render_page, see_other
from dashboard.workforce.queries.technicians import my_technician

technician_pages = PageBlueprint("technician", __name__, url_prefix="/tech")

OWN = "tech"
_JOB = "/jobs/<int:number>"
PRIMARY = {
    "dispatched": ("acknowledged", "Acknowledge"),
    "acknowledged": ("en_route", "Start driving"),
    "en_route": ("on_site", "I'm here"),
    "on_site": ("in_progress", "Start work"),
    "in_progress": ("completed", "Complete"),
}
"""What comes next, and what the button says."""

SHORTCUTS = {"acknowledged": ("on_site", "I'm here already"), "on_site": ("completed", "Complete at once")}
LONGEST_DRAWING = 400_000


@technician_pages.page("", needs=OWN)
def my_today(by: Principal) -> Response:
    person = my_technician(by)
    day = _day(by)
    found = [] if person is None else my_day.my_jobs(by, person, day)
    first = my_day.next_of(found)
    return render_page(
        "dispatch/technician/today.html",
        person_row=person,
        day=day,
        is_today=day == today(by),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        first=first,
        others=[row for row in found if first is None or row.id != first.id],
        words=words,
        primary=PRIMARY,
        navigate=_navigate,
        now=clock.now(),
    )


def _day(by: Principal) -> date:
    typed = request.args.get("day", "")
    try:
        day = date.fromisoformat(typed) if typed else today(by)
    except ValueError as error:
        raise Invalid.field("day", "A day is written as 2026-03-28.") from error
    if not 1990 < day.year < 2200:
        raise Invalid.field("day", "There are no jobs so far away.")
    return day


def _navigate(row: JobRow) -> str:
    """Where a phone's own map finds the way."""
    where = row.place or (f"{row.point[0]},{row.point[1]}" if row.point else "")
    return f"https://www.google.com/maps/dir/?api=1&destination={quote_plus(where)}" if where else ""


@technician_pages.page(_JOB, needs=OWN)
def my_job(by: Principal, number: int) -> Response:
    return _shown(by, number)


def _shown(by: Principal, number: int, *, said: dict[str, Any] | None = None, status: int = 200) -> Response:
    row = my_day.my_job(by, my_day.me(by), number)
    pictures = details.pictures_of(by, row.id)
    return render_page(
        "dispatch/technician/job.html",
        status=status,
        job=row,
        parts=details.parts_of(by, row.id),
        checks=details.checks_of(by, row.id),
        notes=details.notes_of(by, row.id),
        photos=[each for each in pictures if each.kind == "photo"],
        signature=next((each for each in pictures if each.kind == "signature"), None),
        action=PRIMARY.get(row.status),
        shortcut=SHORTCUTS.get(row.status),
        navigate=_navigate(row),
        due=words.due_words(row, clock.now()),
        words=words,
        said=said or {},
    )


@technician_pages.page(f"{_JOB}/status", needs=OWN, methods=("POST",))
def my_status(by: Principal, number: int) -> ResponseReturnValue:
    def do() -> str:
        service.say_status(by, my_day.me(by), number, request.form.get("status", "")[:20], at_point=_point())
        return ""

    return _done(by, number, do)


@technician_pages.page(f"{_JOB}/notes", needs=OWN, methods=("POST",))
def my_note(by: Principal, number: int) -> ResponseReturnValue:
    text = request.form.get("text", "")

    def do() -> str:
        papers.add_note(by, number, text, technician_id=my_day.me(by).id)
        return "The note is kept."

    return _done(by, number, do, {"note": text[:5_000]})


@technician_pages.page(f"{_JOB}/checks/<int:check_id>", needs=OWN, methods=("POST",))
def my_check(by: Principal, number: int, check_id: int) -> ResponseReturnValue:
    def do() -> str:
        service.tick(by, number, check_id, done=request.form.get("done") == "yes", technician_id=my_day.me(by).id)
        return ""

    return _done(by, number, do, anchor="checklist")


@technician_pages.page(f"{_JOB}/parts/<int:part_id>", needs=OWN, methods=("POST",))
def my_part(by: Principal, number: int, part_id: int) -> ResponseReturnValue:
    def do() -> str:
        used = whole(request.form.get("used", ""), "used")
        service.use_part(by, number, part_id, used, technician_id=my_day.me(by).id)
        return ""

    return _done(by, number, do, anchor="parts")


@technician_pages.page(f"{_JOB}/scan", needs=OWN, methods=("POST",))
def my_scan(by: Principal, number: int) -> ResponseReturnValue:
    code = request.form.get("code", "").strip()[:80]

    def do() -> str:
        return f"One {service.use_scanned(by, number, code, technician_id=my_day.me(by).id)} used."

    return _done(by, number, do, {"code": code}, anchor="parts")


@technician_pages.url_value_preprocessor
def accept_photos(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Let photos be sent here. Before the form is read for its token, hence before any view."""
    if endpoint in ("technician.my_photos", "technician.my_signature") and session.present().may(OWN):
        let_photos_in()


@technician_pages.page(f"{_JOB}/photos", needs=OWN, methods=("POST",))
def my_photos(by: Principal, number: int) -> ResponseReturnValue:
    for name, reason in papers.add_photos(by, number, sent_photos(), technician_id=my_day.me(by).id):
        flash(f"“{name[:80]}” was not taken: {reason}.", "error")
    return see_other(url_for("technician.my_job", number=number, _anchor="photos"))


@technician_pages.page(f"{_JOB}/signature", needs=OWN, methods=("POST",))
def my_signature(by: Principal, number: int) -> ResponseReturnValue:
    name = request.form.get("signed_by", "")[:200]

    def do() -> str:
        papers.sign(by, number, name, _drawing(), technician_id=my_day.me(by).id)
        return "Signed."

    return _done(by, number, do, {"signed_by": name}, anchor="signature")


@technician_pages.page(f"{_JOB}/pictures/<int:picture_id>", needs=OWN)
def my_picture(by: Principal, number: int, picture_id: int) -> Response:
    my_day.my_job(by, my_day.me(by), number)
    return picture_response(*details.picture(by, number, picture_id))


def _drawing() -> bytes:
    """What was drawn on the page, or a picture of a signature where nothing can be drawn. Raises Invalid."""
    drawn = request.form.get("drawing", "")
    if drawn.startswith("data:image/png;base64,") and len(drawn) <= LONGEST_DRAWING:
        try:
            return base64.b64decode(drawn.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise Invalid.field("signature", "The signature did not arrive whole. Sign again.") from error
    for _, content in sent_photos():
        return content
    raise Invalid.field("signature", "Sign in the box first, or choose a picture of the signature.")


def _point() -> tuple[float, float] | None:
    """Where the phone is, if it said so; a place that makes no sense is none: the step counts all the same."""
    try:
        latitude, longitude = float(request.form.get("latitude", "")), float(request.form.get("longitude", ""))
    except ValueError:
        return None
    on_earth = math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return (latitude, longitude) if on_earth else None


def _done(
    by: Principal, number: int, do: Callable[[], str], said: dict[str, Any] | None = None, *, anchor: str = ""
) -> ResponseReturnValue:
    """Do it and go back to the job; where it is refused the page is shown with what was typed, and why."""
    try:
        text = do()
    except (Conflict, Invalid) as error:
        refused = " ".join(each.message for each in error.fields) or error.message
        status = 409 if isinstance(error, Conflict) else 422
        return _shown(by, number, said={**(said or {}), "refused": refused}, status=status)
    if text:
        flash(text, "success")
    return see_other(url_for("technician.my_job", number=number, _anchor=anchor or None))
