"""The tenant's own list of grades."""

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.pages.units.blueprint import pages
from dashboard.inventory.service import grades
from dashboard.web.errors import status_of
from dashboard.web.pages import render_page, see_other


@pages.page("/grades", needs="products:write", methods=("GET", "POST"))
def grade_list(by: Principal) -> Response:
    """The list; a form adds, renames, moves or removes one."""
    form = request.form
    error: Invalid | Conflict | None = None
    if request.method == "POST":
        try:
            flash(_act(by, form.get("act", ""), form.get("old", "")), "success")
            return see_other(url_for("units.grade_list"))
        except (Invalid, Conflict) as refused:
            error = refused
    return render_page(
        "inventory/units/grades.html",
        status=200 if error is None else status_of(error),
        grades=grades.list_grades(by),
        error=error,
        typed={name: form.get(name, "") for name in ("act", "old", "code", "label")},
    )


def _act(by: Principal, act: str, old: str) -> str:
    code, label = request.form.get("code", ""), request.form.get("label", "")
    if act == "add":
        grades.add_grade(by, code, label)
        return f"Grade {code.strip()} is added."
    if act == "change":
        units = grades.change_grade(by, old, code, label)
        return f"Grade {code.strip()} is saved; {units:,} units carry the new name." if units else "Saved."
    if act == "remove":
        grades.remove_grade(by, old)
        return f"Grade {old} is removed."
    grades.move_grade(by, old, up=act == "up")
    return "The order is saved."
