"""Hours: the week of everybody, of one technician, corrections, and the approval."""

from typing import Any

from flask import Response, flash, request, url_for

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.web.pages import PageBlueprint, render_form, render_page, see_other
from dashboard.web.registry import NavItem
from dashboard.workforce import words
from dashboard.workforce.forms.hours import EntryForm, NewEntryForm, read_moment, typed
from dashboard.workforce.local_time import day_of
from dashboard.workforce.queries import hours as queries
from dashboard.workforce.queries import weeks as week_queries
from dashboard.workforce.queries.forgotten import forgotten, proposal_for
from dashboard.workforce.queries.hours import EntryRow
from dashboard.workforce.queries.technicians import my_technician, show_technician, technician_choices
from dashboard.workforce.service import corrections, weeks
from dashboard.workforce.service.corrections import Correction, StaleEntry
from dashboard.workforce.week import Week

pages = PageBlueprint("hours", __name__, url_prefix="/hours")

READ, WRITE, APPROVE, OWN = "time:read", "time:write", "time:approve", "tech"
NAVIGATION = NavItem("Hours", "hours.overview", "clock", READ, "Serve", 50)


@pages.page("", needs=READ)
def overview(by: Principal) -> Response:
    week = _week(by)
    rows = week_queries.week_overview(by, week)
    return render_page(
        "workforce/hours/overview.html",
        rows=rows,
        late=forgotten(by),
        present=[each.present for each in rows if each.present is not None],
        handed_in=[each for each in rows if each.status == "submitted"],
        **_frame(by, week),
    )


@pages.page("/technicians/<int:number>", needs=READ)
def technician(by: Principal, number: int) -> Response:
    """A technician's week, entry by entry, with what was corrected."""
    week = _week(by)
    who = show_technician(by, number)
    mine = who.id == queries.my_id(by)
    if queries.sees_own_alone(by) and not mine:
        raise NotFound(f"There is no technician {number}.")
    found = week_queries.week_of(by, week, who.id)
    if found is None:
        raise NotFound(f"There is no technician {number}.")
    return render_page(
        "workforce/hours/technician.html",
        who=found,
        mine=mine and by.may(OWN),
        late={each.id: proposal_for(by, each) for each in found.entries if each.is_forgotten(queries.now())},
        corrections=queries.corrections_of(by, [entry.id for entry in found.entries]),
        **_frame(by, week),
    )


def _frame(by: Principal, week: Week) -> dict[str, Any]:
    moment = queries.now()
    return {
        "week": week,
        "this_week": Week.of(day_of(moment, by.time_zone)),
        "is_over": week.span(by.time_zone)[1] <= clock.now(),
        "now": moment,
        "words": words,
        "may_correct": by.may(WRITE),
        "may_approve": by.may(APPROVE),
    }


def _week(by: Principal) -> Week:
    text = request.args.get("week", "")
    return Week.named(text) if text else Week.of(day_of(clock.now(), by.time_zone))


@pages.page("/entries/new", needs=WRITE, methods=("GET", "POST"))
def entry_new(by: Principal) -> Response:
    form = NewEntryForm(data={"technician": request.args.get("technician", ""), "break_minutes": 0})
    form.technician.choices = {str(each.number): each.name for each in technician_choices(by)}
    if form.technician.choices and form.sent():
        try:
            added = corrections.add_entry(by, int(form.technician.data), _wanted(by, form, None))
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash("The hours were added.", "success")
            return _to_week(by, queries.show_entry(by, added.number))
    return render_form(
        "workforce/hours/entry.html", form=form, entry=None, theirs={}, breaks=(), history=(), words=words
    )


@pages.page("/entries/<int:number>", needs=WRITE, methods=("GET", "POST"))
def entry(by: Principal, number: int) -> Response:
    """Put hours right."""
    found = queries.show_entry(by, number)
    form = EntryForm(data=_shown(by, found))
    theirs: dict[str, str] = {}
    if form.sent():
        try:
            corrections.correct_entry(by, number, _wanted(by, form, found), version=_version(form))
        except StaleEntry as error:
            found = queries.show_entry(by, number)
            theirs = _theirs(by, form, found)
            form.version.data = str(error.version)
            form.refuse(error)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash("The hours were corrected.", "success")
            return _to_week(by, queries.show_entry(by, number))
    return render_form(
        "workforce/hours/entry.html",
        form=form,
        entry=found,
        theirs=theirs,
        breaks=queries.breaks_of(by, found.id),
        history=queries.corrections_of(by, [found.id]).get(found.id, ()),
    )


def _wanted(by: Principal, form: EntryForm, present: EntryRow | None) -> Correction:
    """What the form changes: what was left as it was shown is not said again."""
    begin, end = (None, None) if present is None else (present.clock_in, present.clock_out)
    minutes = form.break_minutes.data
    if present is not None and minutes == present.break_seconds // 60:
        minutes = None
    return Correction(
        reason=form.reason.data or "",
        clock_in=read_moment(form.clock_in.data, by.time_zone, "clock_in", begin),
        clock_out=read_moment(form.clock_out.data, by.time_zone, "clock_out", end),
        break_minutes=minutes,
    )


def _shown(by: Principal, found: EntryRow) -> dict[str, Any]:
    return {
        "clock_in": typed(found.clock_in, by.time_zone),
        "clock_out": typed(found.clock_out, by.time_zone),
        "break_minutes": found.break_seconds // 60,
        "version": str(found.version),
    }


def _theirs(by: Principal, form: EntryForm, found: EntryRow) -> dict[str, str]:
    """What another saved meanwhile, where that is not what was typed."""
    now = _shown(by, found)
    return {
        name: str(now[name]).replace("T", " ")
        for name in ("clock_in", "clock_out", "break_minutes")
        if str(now[name]).removesuffix(":00") != str(form[name].data).removesuffix(":00")
    }


def _version(form: EntryForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _to_week(by: Principal, found: EntryRow) -> Response:
    week = Week.of(day_of(found.clock_in, by.time_zone))
    return see_other(url_for("hours.technician", number=found.technician, week=week.name))


@pages.page("/entries/<int:number>/proposal", needs=WRITE, methods=("POST",))
def take_proposal(by: Principal, number: int) -> Response:
    return _proposal_taken(by, number)


@pages.page("/mine/entries/<int:number>/proposal", needs=OWN, methods=("POST",))
def take_own_proposal(by: Principal, number: int) -> Response:
    return _proposal_taken(by, number)


def _proposal_taken(by: Principal, number: int) -> Response:
    seen = read_moment(request.form.get("at"), "UTC", "at")
    found = corrections.take_proposal(by, number, seen=seen)
    flash("The hours end there now; what stood before is kept.", "success")
    return _to_week(by, queries.show_entry(by, found.number))


@pages.page("/weeks/<week>/approve", needs=APPROVE, methods=("POST",))
def approve(by: Principal, week: str) -> Response:
    """Of the technician whom the form names, or of all who have handed in."""
    done = weeks.approve_weeks(by, Week.named(week), _technician(required=False))
    names = ", ".join(each.name for each in done)
    flash(f"Approved: {names}." if names else "Nobody has handed in this week.", "success" if names else "info")
    return _back(week)


@pages.page("/weeks/<week>/submit", needs=WRITE, methods=("POST",))
def submit(by: Principal, week: str) -> Response:
    done = weeks.submit_week(by, Week.named(week), _technician())
    flash(f"Handed in for {done.name}.", "success")
    return _back(week)


@pages.page("/mine/weeks/<week>/submit", needs=OWN, methods=("POST",))
def submit_own(by: Principal, week: str) -> Response:
    weeks.submit_week(by, Week.named(week))
    flash("Your week is handed in.", "success")
    me = my_technician(by)
    return see_other(url_for("hours.technician", number=0 if me is None else me.number, week=week))


@pages.page("/weeks/<week>/hand-back", needs=APPROVE, methods=("POST",))
def hand_back(by: Principal, week: str) -> Response:
    weeks.hand_back(by, Week.named(week), _technician() or 0)
    flash("The week was handed back.", "success")
    return _back(week)


def _technician(*, required: bool = True) -> int | None:
    text = request.form.get("technician", "")
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    if text or required:
        raise Invalid.field("technician", "Say whose week.")
    return None


def _back(week: str) -> Response:
    if request.form.get("from") == "technician":
        return see_other(url_for("hours.technician", number=_technician(), week=week))
    return see_other(url_for("hours.overview", week=week))
