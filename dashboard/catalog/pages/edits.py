"""Editing a device: the whole record, or one cell in place; and suggesting a correction."""

from typing import cast

from flask import Response, flash, make_response, redirect, render_template, request, url_for

from dashboard.catalog import service
from dashboard.catalog.forms.edits import YES_OR_NO, CellForm, DeviceForm, ProposalForm, hint
from dashboard.catalog.normalise import FIELD_BY_KEY, SPEC_FIELDS
from dashboard.catalog.pages.blueprint import pages
from dashboard.catalog.pages.devices import find_device
from dashboard.catalog.pages.gaps import cell_text
from dashboard.catalog.queries import DeviceDetail
from dashboard.catalog.service import EDITABLE, Edited, field_text, fingerprint
from dashboard.catalog.service.fields import PLAIN_FIELDS
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_page, see_other


@pages.page("/devices/<slug>/edit", needs="catalog:read", methods=("GET", "POST"))
def device_edit(by: Principal, slug: str) -> Response:
    device = find_device(by, slug)
    if by.operator:
        return _edit(by, device)
    by.require("catalog:propose")
    return _suggest(by, device)


def _edit(by: Principal, device: DeviceDetail) -> Response:
    texts = {name: field_text(device.columns, name) for name in EDITABLE}
    form = DeviceForm(data=texts)
    status = 200
    if not form.is_submitted():
        form.show_seen({name: fingerprint(text) for name, text in texts.items()})
    elif not form.sent():
        status = 422
    else:
        try:
            edited = service.edit_device(by, device.columns["slug"], form.typed(), seen=form.read_seen())
        except (Invalid, Conflict) as error:
            form.refuse(error)
            form.show_seen({**form.read_seen(), **_prints_of_theirs(error)})
            status = status_of(error)
        else:
            flash(saved_text(edited), "success" if edited.fields else "info")
            return see_other(url_for("catalog.device", slug=edited.slug))
    return render_page(
        "catalog/edits/edit.html", status=status, device=device, form=form, groups=_groups(), labels=EDITABLE
    )


def _groups() -> list[tuple[str, list[str]]]:
    """The fields under their headings."""
    groups: dict[str, list[str]] = {"Identity": list(PLAIN_FIELDS)}
    for spec in SPEC_FIELDS:
        groups.setdefault(spec.group, []).append(spec.key)
    return list(groups.items())


def _suggest(by: Principal, device: DeviceDetail) -> Response:
    asked = request.args.get("field", "model_numbers") if request.method == "GET" else None
    form = ProposalForm(field=asked)
    status = 422 if form.is_submitted() else 200
    if form.sent():
        field, text = form.field.data or "", form.value.data or ""
        try:
            service.propose_edit(by, device.columns["slug"], field, text, form.reason.data or "")
        except (Invalid, Conflict) as error:
            form.refuse_value(error)
            status = status_of(error)
        else:
            flash(f"Thank you. The operator will look at what you suggest for “{EDITABLE[field]}”.", "success")
            return see_other(url_for("catalog.own_suggestions"))
    if form.field.data in EDITABLE:
        form.value.description = hint(form.field.data)
    now = {name: field_text(device.columns, name) for name in EDITABLE}
    return render_page("catalog/edits/suggest.html", status=status, device=device, form=form, labels=EDITABLE, now=now)


@pages.page("/devices/<slug>/fields/<field>", needs="operator", methods=("GET", "POST"))
def device_field(by: Principal, slug: str, field: str) -> Response:
    """One cell of a grid: its form, and what it holds after saving."""
    device = find_device(by, slug)
    if field not in EDITABLE:
        raise NotFound("There is no such field.")
    if request.method == "GET" and not is_fragment_request():
        return _to_field(device, field)
    present = field_text(device.columns, field)
    if request.method == "GET":
        return _cell_form(device, field, present, fingerprint(present))
    form = CellForm()
    typed, seen = form.value.data or "", form.version.data or ""
    try:
        service.edit_device(by, device.columns["slug"], {field: typed}, seen={field: seen} if seen else {})
    except (Invalid, Conflict) as error:
        if not is_fragment_request():
            raise
        print_ = _prints_of_theirs(error).get(field, seen)
        return _cell_form(device, field, typed, print_, error=error.message, status=status_of(error))
    if not is_fragment_request():
        return _to_field(device, field)
    saved = find_device(by, slug)
    text = cell_text(saved.columns, field)
    html = render_template("catalog/edits/_cell.html", device=saved, field=field, text=text, labels=EDITABLE)
    return make_response(html)


def _cell_form(
    device: DeviceDetail, field: str, text: str, version: str, *, error: str = "", status: int = 200
) -> Response:
    flag = field in FIELD_BY_KEY and FIELD_BY_KEY[field].kind == "flag"
    html = render_template(
        "catalog/edits/_cell_form.html",
        url=url_for("catalog.device_field", slug=device.columns["slug"], field=field),
        label=f"{EDITABLE[field]} of {device.columns['name']}",
        text=text,
        version=version,
        error=error,
        options=list(YES_OR_NO.items()) if flag else None,
    )
    return make_response(html, status)


def _to_field(device: DeviceDetail, field: str) -> Response:
    target = redirect(url_for("catalog.device_edit", slug=device.columns["slug"], _anchor=field), code=303)
    assert isinstance(target, Response)
    return target


def _prints_of_theirs(error: DomainError) -> dict[str, str]:
    """Fingerprints of what others wrote meanwhile: whoever saves again has seen it."""
    theirs = cast(dict[str, str], error.details.get("theirs", {}))
    return {name: fingerprint(text) for name, text in theirs.items()}


def saved_text(edited: Edited) -> str:
    """What an edit did, in a sentence or two."""
    if not edited.fields:
        return "Nothing was different, so nothing was saved."
    named = [EDITABLE[name] for name in edited.fields]
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    if edited.score == edited.score_before:
        return f"Saved {listed}. The quality score stays {edited.score}."
    return f"Saved {listed}. The quality score went from {edited.score_before} to {edited.score}."
