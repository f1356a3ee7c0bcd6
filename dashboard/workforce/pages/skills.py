"""The matrix of skills, edited cell by cell, and the skills themselves."""

from datetime import date

from flask import Response, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_form, render_page, see_other
from dashboard.workforce import service
from dashboard.workforce.forms.reading import level_text, read_level
from dashboard.workforce.forms.skills import LevelForm, SkillForm
from dashboard.workforce.local_time import day_of
from dashboard.workforce.models import Skill
from dashboard.workforce.pages.blueprint import READ, WRITE, pages
from dashboard.workforce.queries.skills import GrantRow, find_grant, show_skill, skill_matrix
from dashboard.workforce.queries.technicians import TechnicianRow, show_technician

_SKILL = "/skills/<int:skill_id>"


@pages.page("/skills", needs=READ)
def skills(by: Principal) -> Response:
    return render_page(
        "workforce/skills/matrix.html", matrix=skill_matrix(by), today=_today(by), may_write=by.may(WRITE)
    )


@pages.page("/skills/new", needs=WRITE, methods=("GET", "POST"))
def skill_new(by: Principal) -> ResponseReturnValue:
    form = SkillForm()
    if form.sent():
        try:
            made = service.create_skill(by, form.name.data or "")
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash(f"{made.name} was added.", "success")
            return see_other(url_for("workforce.skills"))
    return render_form("workforce/skills/edit.html", form=form, skill=None)


@pages.page(f"{_SKILL}/edit", needs=WRITE, methods=("GET", "POST"))
def skill_edit(by: Principal, skill_id: int) -> ResponseReturnValue:
    skill = show_skill(by, skill_id)
    form = SkillForm(data={"name": skill.name})
    if form.sent():
        try:
            service.rename_skill(by, skill_id, form.name.data or "")
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("workforce.skills"))
    return render_form("workforce/skills/edit.html", form=form, skill=skill)


@pages.page(f"{_SKILL}/remove", needs=WRITE, methods=("POST",))
def skill_remove(by: Principal, skill_id: int) -> ResponseReturnValue:
    service.remove_skill(by, skill_id)
    flash("The skill was removed.", "success")
    return see_other(url_for("workforce.skills"))


@pages.page(f"{_SKILL}/of/<int:number>", needs=WRITE, methods=("GET", "POST"))
def skill_level(by: Principal, skill_id: int, number: int) -> ResponseReturnValue:
    """One cell of the matrix: its form, and what it holds after saving."""
    skill, technician = show_skill(by, skill_id), show_technician(by, number)
    present = find_grant(by, number, skill_id)
    text = "" if present is None else level_text(present.level, present.expires_on)
    if request.method == "GET":
        return _level_form(skill, technician, LevelForm(data={"value": text, "version": text}))
    form = LevelForm()
    typed = (form.value.data or "").strip()
    try:
        if form.version.data is not None and text not in (form.version.data, typed):
            form.version.data = text
            raise Conflict(f"Somebody else changed this to {text or 'empty'} meanwhile. Save again to keep yours.")
        _save(by, skill, technician, present, typed)
    except (Invalid, Conflict) as error:
        return _level_form(skill, technician, form, error=error.message, status=status_of(error))
    if not is_fragment_request():
        flash("Saved.", "success")
        return see_other(url_for("workforce.skills"))
    saved = find_grant(by, number, skill_id)
    html = render_template(
        "workforce/skills/_cell.html", skill=skill, technician=technician, grant=saved, today=_today(by)
    )
    return make_response(html)


def _save(by: Principal, skill: Skill, technician: TechnicianRow, present: GrantRow | None, typed: str) -> None:
    grant = read_level(typed, skill.name)
    if grant is not None:
        service.grant_skill(by, technician.number, grant)
    elif present is not None:
        service.revoke_skill(by, present.number)


def _level_form(
    skill: Skill, technician: TechnicianRow, form: LevelForm, *, error: str = "", status: int = 200
) -> Response:
    """The form of a cell; without htmx as a page of its own."""
    if error:
        form.refuse(Invalid.field("value", error))
    return render_page(
        "workforce/skills/level.html",
        fragment="workforce/skills/_cell_form.html",
        status=status,
        form=form,
        skill=skill,
        technician=technician,
        error=error,
    )


def _today(by: Principal) -> date:
    return day_of(clock.now(), by.time_zone)
