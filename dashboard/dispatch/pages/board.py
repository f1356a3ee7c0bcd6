"""The board of the day: plan, watch, and move jobs without overwriting what somebody else has just done."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid
from dashboard.dispatch.moments import instant, today
from dashboard.dispatch.pages import board_map, words
from dashboard.dispatch.queries.board import Board, BoardFilter, board_of, choices
from dashboard.dispatch.queries.jobs import JobRow, find_job
from dashboard.dispatch.queries.suggestions import suggest
from dashboard.dispatch.service.assigning import AssignedMeanwhile, JobMove, move_jobs
from dashboard.web.pages import PageBlueprint, is_fragment_request, render_page, see_other
from dashboard.workforce.queries.days import technicians_on

READ, WRITE = "dispatch:read", "dispatch:write"

board_pages = PageBlueprint("dispatch_board", __name__, url_prefix="/dispatch")


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a move: a sentence, and the move that takes it back; or why not, and the move that insists."""

    text: str = ""
    error: str = ""
    undo: JobMove | None = None
    insist: JobMove | None = None


@board_pages.page("", needs=READ)
def board(by: Principal) -> Response:
    return _show(by, _day_asked(by), Said())


@board_pages.page("/board/<int:number>", needs=READ)
def board_job(by: Principal, number: int) -> Response:
    """The job beside the board: what it is, who is suggested, and the form that moves it by keyboard."""
    job = find_job(by, number)
    day = _day_of(by, job) or _day_asked(by)
    panel: dict[str, Any] = {
        "job": job,
        "day": day,
        "people": technicians_on(by, day),
        "suggested": suggest(by, number) if job.is_open else None,
        **_words(by),
    }
    if is_fragment_request():
        return render_page("dispatch/board/_panel.html", may_write=by.may(WRITE), **panel)
    return _show(by, day, Said(), panel=panel)


@board_pages.page("/board/<int:number>/move", needs=WRITE, methods=("POST",))
def move_on_board(by: Principal, number: int) -> ResponseReturnValue:
    day = _day_asked(by)
    try:
        move = _move_asked(by, number, day)
    except Invalid as error:
        return _answer(by, day, Said(error=_sentence(error)), 422)
    try:
        (before,) = move_jobs(by, [move])
    except AssignedMeanwhile as error:
        insist = JobMove(number, move.technician_number, move.start, move.end, find_job(by, number).version)
        return _answer(by, day, Said(error=error.message, insist=insist), 409)
    except (Conflict, Invalid) as error:
        return _answer(by, day, Said(error=_sentence(error)), 409 if isinstance(error, Conflict) else 422)
    job = find_job(by, number)
    return _answer(by, day, Said(text=_moved(by, job), undo=before), 200)


def _answer(by: Principal, day: date, said: Said, status: int) -> ResponseReturnValue:
    if is_fragment_request() or status != 200:
        return _show(by, day, said, status=status)
    flash(said.text, "success")
    return see_other(url_for("dispatch_board.board", date=day.isoformat()))


def _words(by: Principal) -> dict[str, Any]:
    """How a board speaks of jobs."""
    zone = ZoneInfo(by.time_zone)
    now = clock.now()

    def local(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%H:%M}"

    def due(job: JobRow) -> tuple[str, str] | None:
        return words.due_words(job, now)

    return {
        "job_url": url_for("dispatch_board.board_job", number=0).removesuffix("0"),
        "local": local,
        "due": due,
        "status_words": words.STATUS_WORDS,
        "status_tones": words.STATUS_TONES,
        "priority_words": words.PRIORITY_WORDS,
        "priority_tones": words.PRIORITY_TONES,
    }


def _show(by: Principal, day: date, said: Said, *, status: int = 200, panel: dict[str, Any] | None = None) -> Response:
    where = BoardFilter(request.args.get("skill", type=int), request.args.get("zone", type=int))
    found = board_of(by, day, where)
    return render_page(
        "dispatch/board/board.html",
        fragment="dispatch/board/_board.html",
        status=status,
        board=found,
        said=said,
        where=where,
        choices=choices(by),
        hour_names=[f"{(found.from_hour + n) % 24}:00" for n in range(found.hours)],
        now_column=_now_column(found),
        is_today=day == today(by),
        map=board_map.drawn(found),
        previous=day - timedelta(days=1),
        following=day + timedelta(days=1),
        may_write=by.may(WRITE),
        panel=panel,
        **_words(by),
    )


def _now_column(board: Board) -> int:
    quarter = (clock.now() - board.begins) // timedelta(minutes=15)
    return quarter + 1 if 0 <= quarter < board.hours * 4 else 0


def _day_asked(by: Principal) -> date:
    text = request.values.get("date", "")
    try:
        return date.fromisoformat(text) if text else today(by)
    except ValueError as error:
        raise Invalid.field("date", "A day is written like 2026-03-28.") from error


def _day_of(by: Principal, job: JobRow) -> date | None:
    start = job.scheduled_start
    return None if start is None else start.astimezone(ZoneInfo(by.time_zone)).date()


def _move_asked(by: Principal, number: int, day: date) -> JobMove:
    """What the form says: a technician's number or nobody, a time of the day or none, the version that was seen."""
    asked = request.form
    job = find_job(by, number)
    lasts = timedelta(minutes=job.duration_minutes)
    if job.scheduled_start is not None and job.scheduled_end is not None:
        lasts = job.scheduled_end - job.scheduled_start
    start = _start_asked(by, day, asked.get("start", ""))
    technician = asked.get("technician", "")
    if technician and not technician.isdecimal():
        raise Invalid.field("technician", "Choose a technician of the list, or nobody.")
    version = asked.get("version", "")
    return JobMove(
        number,
        int(technician) if technician else None,
        start,
        None if start is None else start + lasts,
        int(version) if version.isdecimal() else job.version,
    )


def _start_asked(by: Principal, day: date, text: str) -> datetime | None:
    if not text:
        return None
    try:
        local = datetime.combine(day, time.fromisoformat(text))
    except ValueError as error:
        raise Invalid.field("start", "A time is written like 14:30.") from error
    return instant(local, by.time_zone, "start")


def _moved(by: Principal, job: JobRow) -> str:
    who = job.technician_name or "nobody"
    if job.scheduled_start is None:
        return f"{job.title} is with {who}, without a time."
    return f"{job.title} is with {who}, {job.scheduled_start.astimezone(ZoneInfo(by.time_zone)):%H:%M}."


def _sentence(error: DomainError) -> str:
    return " ".join(each.message for each in error.fields) if error.fields else error.message
