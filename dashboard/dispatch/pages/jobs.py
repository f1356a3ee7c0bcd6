"""Jobs: the list, a job, and the form that adds or changes one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.money import Money
from dashboard.customers.queries import CustomerRow, find_customers
from dashboard.customers.queries import timeline as moments_of
from dashboard.dispatch import service
from dashboard.dispatch.forms.jobs import JobForm, new_facts, read_parts, shown, skus_in
from dashboard.dispatch.pages import words
from dashboard.dispatch.pages.blueprint import READ, WRITE, pages
from dashboard.dispatch.queries import details, jobs
from dashboard.dispatch.queries.jobs import OPEN, JobFilter, JobRow
from dashboard.dispatch.service import Point, Stale
from dashboard.dispatch.service.series import make_job
from dashboard.web.links import absolute
from dashboard.web.pages import render_form, render_page, see_other
from dashboard.web.registry import SearchHit
from dashboard.workforce.queries.technicians import technician_choices

_JOB = "/jobs/<int:number>"
MAX_TYPED = 100


@pages.page("/jobs", needs=READ)
def jobs_list(by: Principal) -> Response:
    state = _state()
    after = request.args.get("after") or None
    where = _filter(state)
    found = jobs.browse(by, where, after=after)
    return render_page(
        "dispatch/jobs/list.html",
        fragment="dispatch/jobs/_rows.html" if after else "dispatch/jobs/_listing.html",
        rows=found.items,
        more=_url(state | {"after": found.after}) if found.after else "",
        state=state,
        where=where,
        further_down=after is not None,
        chips=_chips(by, state),
        menus=_menus(by, state),
        listing_url=_url(state),
        words=words,
        now=clock.now(),
    )


def _state() -> dict[str, str]:
    state = {
        name: request.args.get(name, "").strip()[:MAX_TYPED] for name in ("status", "priority", "technician", "day")
    }
    state["q"] = "".join(each for each in request.args.get("q", "") if each.isprintable()).strip()[:MAX_TYPED]
    state["late"] = "yes" if request.args.get("late") == "yes" else ""
    known = {"status": ("open", *words.STATUS_WORDS), "priority": tuple(words.PRIORITY_WORDS)}
    for name, values in known.items():
        if state[name] and state[name] not in values:
            raise Invalid.field(name, f"A {name} is one of {', '.join(values)}.")
    return {name: value for name, value in state.items() if value}


def _filter(state: Mapping[str, str]) -> JobFilter:
    technician = state.get("technician", "")
    if technician and not (technician.isascii() and technician.isdigit() and len(technician) <= 15):
        raise Invalid.field("technician", "A technician is chosen by number.")
    try:
        day = date.fromisoformat(state["day"]) if "day" in state else None
    except ValueError as error:
        raise Invalid.field("day", "A day is written as 2026-03-28.") from error
    return JobFilter(
        status=state.get("status", ""),
        day=day,
        priority=state.get("priority", ""),
        technician=int(technician) if technician else None,
        text=state.get("q", ""),
        late="late" in state,
    )


def _url(state: Mapping[str, str | None]) -> str:
    kept: dict[str, Any] = {name: value for name, value in state.items() if value}
    return url_for("dispatch.jobs_list", **kept)


def _choices(by: Principal) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """What a list can be narrowed to: heading, and values with their words."""
    people = [(str(person.number), person.name) for person in technician_choices(by)]
    return {
        "status": ("Status", [("open", "Still to do"), *words.STATUS_WORDS.items()]),
        "priority": ("Priority", list(words.PRIORITY_WORDS.items())),
        "technician": ("Technician", people),
        "late": ("SLA", [("yes", "Late")]),
    }


def _chips(by: Principal, state: Mapping[str, str]) -> list[dict[str, str]]:
    chips = [
        {"label": label, "value": state[name], "url": _url({**state, name: None})}
        for name, label in (("q", "Search"), ("day", "Day"))
        if name in state
    ]
    for name, (label, values) in _choices(by).items():
        if name in state:
            value = dict(values).get(state[name], state[name])
            chips.append({"label": label, "value": value, "url": _url({**state, name: None})})
    return chips


def _menus(by: Principal, state: Mapping[str, str]) -> list[dict[str, Any]]:
    """What can still be asked for."""
    return [
        {"label": label, "options": [(text, _url({**state, name: value})) for value, text in values]}
        for name, (label, values) in _choices(by).items()
        if name not in state and values
    ]


@pages.page(_JOB, needs=READ)
def job(by: Principal, number: int) -> Response:
    return show(by, number)


def show(by: Principal, number: int, *, said: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    """The page of a job; `said` is what was typed into one of its forms and why it was refused."""
    row = jobs.find_job(by, number)
    steps = details.steps_of(by, row.id)
    may_write = by.may(WRITE)
    return render_page(
        "dispatch/jobs/show.html",
        status=status,
        job=row,
        parts=details.parts_of(by, row.id),
        checks=details.checks_of(by, row.id),
        notes=details.notes_of(by, row.id),
        pictures=details.pictures_of(by, row.id),
        series=details.series_of(by, row.series_id),
        told=words.timeline(steps, moments_of(by, f"job:{row.id}")),
        overlaps=jobs.overlapping(by, row),
        next_steps=_next_steps(row) if may_write else [],
        can_undo=may_write and row.is_open and bool(steps),
        technicians=technician_choices(by) if may_write and row.is_open else [],
        value=None if row.value is None else Money(row.value, by.currency).format(),
        due=words.due_words(row, clock.now()),
        track_url=absolute(url_for("job_tracking.track_job", key=row.track_key)),
        words=words,
        said=said or {},
        may_write=may_write,
    )


def _next_steps(row: JobRow) -> list[tuple[str, str]]:
    """What the dispatcher can say of the job next: status and its word."""
    following = {
        "dispatched": ("acknowledged",), "acknowledged": ("en_route", "on_site"), "en_route": ("on_site",),
        "on_site": ("in_progress", "completed"), "in_progress": ("completed",),
    }  # fmt: skip
    return [(status, words.STATUS_WORDS[status]) for status in following.get(row.status, ())]


@pages.page("/jobs/customers", needs=WRITE)
def job_customers(by: Principal) -> Response:
    """Records for what is typed, as choices of the customer's field."""
    typed = request.args.get("customer", "")[:MAX_TYPED]
    found: Sequence[CustomerRow] = (
        find_customers(by, typed) if by.may("customers:read") and len(typed.strip()) > 1 else ()
    )
    return render_page("dispatch/jobs/_customers.html", customers=found)


@pages.page("/jobs/new", needs=WRITE, methods=("GET", "POST"))
def new_job(by: Principal) -> ResponseReturnValue:
    form = _form(by, JobForm(data=_offered()))
    if form.sent():
        try:
            made = make_job(
                by,
                new_facts(form, by.currency),
                needed=_wanted_parts(by, form),
                points=form.points(),
                again=form.recurrence(),
            )
        except Invalid as error:
            form.refuse(_in_words_of_the_form(error))
        else:
            flash(f"Job {made.number} was added.", "success")
            return see_other(url_for("dispatch.job", number=made.number))
    return render_form("dispatch/jobs/edit.html", form=form, job=None, theirs={})


def _offered() -> dict[str, Any]:
    """What a board says of a new job when it opens its form: who is called, and when."""
    try:
        start = datetime.fromisoformat(request.args.get("start", "")).replace(tzinfo=None)
    except ValueError:
        return {}
    return {"scheduled_start": start}


@pages.page(f"{_JOB}/edit", needs=WRITE, methods=("GET", "POST"))
def edit_job(by: Principal, number: int) -> ResponseReturnValue:
    row = jobs.find_job(by, number)
    if not row.is_open:
        raise Conflict(f"Job {number} is {row.status}, which is final. Write a note instead.")
    parts = details.parts_of(by, row.id)
    points = [Point(check.text, check.required) for check in details.checks_of(by, row.id)]
    data = shown(row, parts, points, time_zone=by.time_zone, currency=by.currency)
    form = _form(by, JobForm(data=data))
    theirs: dict[str, str] = {}
    if form.sent():
        try:
            _save(by, number, form)
        except Stale as error:
            theirs = {name: str(value) for name, value in error.theirs.items()}
            form.version.data = str(error.version)
            form.form_errors.append(error.message)
        except (Invalid, Conflict) as error:
            form.refuse(_in_words_of_the_form(error) if isinstance(error, Invalid) else error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("dispatch.job", number=number))
    return render_form("dispatch/jobs/edit.html", form=form, job=row, theirs=theirs)


def _save(by: Principal, number: int, form: JobForm) -> None:
    facts = form.facts(by.currency)
    needed = _wanted_parts(by, form)
    with atomic(by):
        row = service.update_job(by, number, facts, version=_version(form))
        present = {part.product: part.quantity for part in details.parts_of(by, row.id) if part.serial is None}
        if needed != present:
            service.set_parts(by, number, needed)
        points = form.points()
        if points != [Point(check.text, check.required) for check in details.checks_of(by, row.id)]:
            service.set_checklist(by, number, points)


def _form(by: Principal, form: JobForm) -> JobForm:
    form.crew.choices = [(person.number, person.name) for person in technician_choices(by)]
    return form


def _wanted_parts(by: Principal, form: JobForm) -> dict[int, int]:
    typed = form.parts.data or ""
    return read_parts(typed, details.numbers_by_sku(by, skus_in(typed)))


def _version(form: JobForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


_FIELDS = {"customer_id": "customer", "customer_name": "customer", "latitude": "point", "longitude": "point"}


def _in_words_of_the_form(error: Invalid) -> Invalid:
    """The refusal with the fields that the form has."""
    renamed = tuple(type(each)(_FIELDS.get(each.field, each.field), each.message) for each in error.fields)
    return Invalid(error.message, fields=renamed)


def find_in_shell(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Jobs for what was typed into the search box."""
    return [
        SearchHit(
            title=f"{row.number} · {row.title}",
            detail=" · ".join(part for part in (words.STATUS_WORDS[row.status], row.customer_name, row.place) if part),
            url=url_for("dispatch.job", number=row.number),
            kind="Jobs",
            icon="calendar-time" if row.status in OPEN else "circle-check",
        )
        for row in jobs.browse(by, JobFilter(text=typed), size=limit).items
    ]
