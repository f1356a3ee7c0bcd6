"""Suggested corrections: the operator's queue, and what became of one's own."""

from flask import Response, flash, request, url_for

from dashboard.catalog import presentation, queries, service
from dashboard.catalog.forms.edits import DecisionForm
from dashboard.catalog.pages.blueprint import pages
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_page, see_other

STATES = ("open", "decided")


@pages.page("/proposals", needs="operator")
def proposals(by: Principal) -> Response:
    state = request.args.get("state", "open")
    if state not in STATES:
        raise Invalid.field("state", "state must be open or decided.")
    found = queries.list_proposals(by, decided=state == "decided", after=request.args.get("after") or None)
    more = url_for("catalog.proposals", state=state, after=found.after) if found.after else ""
    return render_page(
        "catalog/proposals/list.html",
        fragment="catalog/proposals/_rows.html",
        state=state,
        rows=found.items,
        more=more,
        waiting=queries.count_open_proposals(by),
        words=presentation,
        error="",
        decided_id=0,
    )


@pages.page("/proposals/<int(max=9007199254740991):proposal_id>", needs="operator", methods=("POST",))
def decide(by: Principal, proposal_id: int) -> Response:
    form = DecisionForm()
    status, said = 200, ""
    try:
        if not form.sent():
            raise Invalid("Accept or decline, with at most 1,000 characters of answer.")
        accept = form.decision.data == "accept"
        service.decide_proposal(by, proposal_id, accept=accept, answer=form.answer.data or "")
    except (Conflict, Invalid) as error:
        status, said = status_of(error), error.message
    row = queries.get_proposal(by, proposal_id)
    if is_fragment_request():
        return render_page(
            "catalog/proposals/_row.html", status=status, row=row, words=presentation, error=said, decided_id=row.id
        )
    flash(said or f"{row.label} of {row.device}: suggestion {row.outcome}.", "error" if said else "success")
    return see_other(url_for("catalog.proposals"))


@pages.page("/proposals/mine", needs="catalog:propose")
def own_suggestions(by: Principal) -> Response:
    found = queries.own_proposals(by, after=request.args.get("after") or None)
    more = url_for("catalog.own_suggestions", after=found.after) if found.after else ""
    return render_page(
        "catalog/proposals/mine.html",
        fragment="catalog/proposals/_own_rows.html",
        rows=found.items,
        more=more,
        words=presentation,
    )
