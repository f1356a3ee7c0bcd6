"""How long roads are and how fast each hour is: the page that also says which source is in use."""

from decimal import Decimal

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.dispatch.forms.plans import HOURS, RoadForm
from dashboard.dispatch.pages.blueprint import READ, WRITE, pages
from dashboard.dispatch.roads import roads_of, settings_of
from dashboard.dispatch.service.roads import set_roads
from dashboard.web.pages import render_page, see_other


@pages.page("/roads", needs=READ)
def roads(by: Principal) -> Response:
    found, kept = roads_of(by), settings_of(by)
    form = RoadForm(formdata=None, factor_percent=found.factor_percent, tiles_url=kept.tiles_url if kept else "")
    return _shown(by, form, [f"{Decimal(str(speed)):f}" for speed in found.speeds], {}, 200)


@pages.page("/roads/change", needs=WRITE, methods=("POST",))
def change_roads(by: Principal) -> ResponseReturnValue:
    form = RoadForm()
    typed = [request.form.get(f"speed-{hour}", "") for hour in HOURS]
    wrong: dict[str, str] = {}
    if form.sent():
        try:
            set_roads(by, form.facts(typed))
        except Invalid as error:
            form.refuse(error)
            wrong = {each.field: each.message for each in error.fields}
        else:
            flash("Saved. Suggestions and plans from now on go by it.", "success")
            return see_other(url_for("dispatch.roads"))
    return _shown(by, form, typed, wrong, 422)


def _shown(by: Principal, form: RoadForm, typed: list[str], wrong: dict[str, str], status: int) -> Response:
    return render_page(
        "dispatch/roads/show.html",
        status=status,
        form=form,
        hours=[(hour, typed[hour], wrong.get(f"speed-{hour}", "")) for hour in HOURS],
        own=settings_of(by) is not None,
        may_write=by.may(WRITE),
    )
