"""Editing fields of a device: by the operator at once, by a tenant's staff as a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from dashboard.catalog.models import CatalogSource, Device, DeviceProposal, Make
from dashboard.catalog.normalise import FIELD_BY_KEY, clean_text, merge_key
from dashboard.catalog.service.devices import add_source, bring_into_search, change_devices
from dashboard.catalog.service.fields import EDITABLE, field_text, fingerprint, read_field, shown_specs
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, DomainError, FieldError, Invalid, NotFound
from dashboard.core.tenancy import EVERY_TENANT

_devices = table_of(Device)

MAX_PROPOSED = 500
MAX_WORDS = 1000
"""Characters of a proposal's reason and of the answer to it."""

# Columns that follow from a field and are credited with it.
_DERIVED = {"search_name", "merge_key", "released", "release_precision", "specs"}


@dataclass(frozen=True, slots=True)
class Edited:
    """A device after an edit: which fields changed, and its quality score before and now."""

    device_id: int
    slug: str
    fields: tuple[str, ...]
    score_before: int
    score: int


def edit_device(by: Principal, slug: str, typed: Mapping[str, str], *, seen: Mapping[str, str] | None = None) -> Edited:
    """Set fields of a device (field to what was typed; an empty text clears it), all or none. Operator only.

    `seen` holds the fingerprint of the text that the editor saw in each field. A field that was left as it was seen
    is not written. Raises NotFound; Invalid, naming every field that will not do; and Conflict where somebody changed
    a field meanwhile that was typed over: it names the fields, and its details `theirs` hold what they say now.
    """
    by.require("operator")
    with atomic(by) as session:
        device = _locked(session, slug)
        before = device["quality_score"]
        wanted = _wanted(session, device, typed, seen or {})
        if wanted:
            source = add_source(by, by.name, kind="operator")
            _write(session, device, wanted, source.id)
            said = {field: clean_text(typed[field])[:200] for field in wanted}
            events.record(by, "device.edited", f"device:{device['id']}", {"fields": said})
    return Edited(device["id"], device["slug"], tuple(wanted), before, device["quality_score"])


def propose_edit(by: Principal, slug: str, field: str, text: str, reason: str = "") -> DeviceProposal:
    """Suggest the text of one field to the operator.

    Raises NotFound, Invalid like `edit_device`, and Invalid where it changes nothing or waits for an answer already.
    """
    by.require("catalog:propose")
    with atomic(by) as session:
        device = _found(session, slug)
        changes = read_field(field, text)
        text = clean_text(text)
        if len(text) > MAX_PROPOSED:
            raise Invalid.field(field, f"A suggestion has at most {MAX_PROPOSED} characters.")
        if all(device[name] == value for name, value in changes.items()):
            raise Invalid.field(field, "That is what the catalogue says already.")
        if field == "name":
            _refuse_taken_name(session, device, changes["name"])
        _refuse_repetition(session, device["id"], field, text)
        proposal = DeviceProposal(
            device_id=device["id"],
            field=field,
            value=text,
            reason=clean_text(reason)[:MAX_WORDS],
            proposed_by=by.label,
            proposer=f"{by.name}, {by.tenant_name}"[:120],
            created_at=clock.now(),
        )
        session.add(proposal)
        session.flush()
        events.record(by, "device.correction_proposed", f"device:{device['id']}", {"field": field})
    return proposal


def decide_proposal(by: Principal, proposal_id: int, *, accept: bool, answer: str = "") -> DeviceProposal:
    """Accept a proposal, which edits the device, or decline it. Operator only.

    Raises NotFound; Conflict where it was decided before, or its name belongs to another device by now.
    """
    by = by.above_tenants()
    with atomic(by) as session:
        statement = select(DeviceProposal).where(DeviceProposal.id == proposal_id).with_for_update()
        proposal = session.scalars(statement, execution_options=EVERY_TENANT).one_or_none()
        if proposal is None:
            raise NotFound("There is no such suggestion.")
        if proposal.decided_at is not None:
            raise Conflict(f"This suggestion was {proposal.outcome} before.", code="already_decided")
        if accept:
            _apply(by, session, proposal)
        outcome = "accepted" if accept else "declined"
        session.execute(
            update(DeviceProposal)
            .where(DeviceProposal.id == proposal_id)
            .values(outcome=outcome, answer=clean_text(answer)[:MAX_WORDS] or None, decided_at=clock.now())
            .execution_options(**EVERY_TENANT)
        )
        told = {"proposal": proposal_id, "field": proposal.field}
        subject = f"device:{proposal.device_id}"
        events.record(by, f"device.correction_{outcome}", subject, told, tenant_id=proposal.tenant_id)
    return proposal


def _apply(by: Principal, session: CommandSession, proposal: DeviceProposal) -> None:
    slug = session.scalars(select(_devices.c.slug).where(_devices.c.id == proposal.device_id)).one()
    source = add_source(by, proposal.proposer, kind="proposal")
    changes = {proposal.field: read_field(proposal.field, proposal.value)}
    _write(session, _locked(session, slug), changes, source.id)


def _wanted(
    session: CommandSession, device: Mapping[str, Any], typed: Mapping[str, str], seen: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """The fields that are to be written, each with its columns."""
    wanted: dict[str, dict[str, Any]] = {}
    refused: list[FieldError] = []
    theirs: dict[str, str] = {}
    for field, text in typed.items():
        present = field_text(device, field) if field in EDITABLE else ""
        before = seen.get(field)
        if text == present or fingerprint(text) == before:
            continue
        try:
            changes = read_field(field, text)
        except Invalid as error:
            refused += error.fields
            continue
        if all(device[name] == value for name, value in changes.items()):
            continue
        if before is not None and before != fingerprint(present):
            theirs[field] = present
        wanted[field] = changes
    if refused:
        raise Invalid(refused[0].message, fields=tuple(refused))
    if theirs:
        raise _changed_meanwhile(session, device, theirs)
    return wanted


def _changed_meanwhile(session: CommandSession, device: Mapping[str, Any], theirs: Mapping[str, str]) -> DomainError:
    credited = [device["provenance"].get(field) for field in theirs]
    sources = select(CatalogSource.id, CatalogSource.name).where(CatalogSource.id.in_(credited))
    who: dict[int | None, str] = {row.id: row.name for row in session.execute(sources)}
    errors = tuple(
        FieldError(
            field,
            f"{who.get(device['provenance'].get(field), 'Somebody')} changed this to “{text or 'nothing'}” while you "
            "were editing. Save again to keep yours.",
        )
        for field, text in theirs.items()
    )
    return Conflict(errors[0].message, code="changed_meanwhile", fields=errors, details={"theirs": dict(theirs)})


def _write(
    session: CommandSession, device: dict[str, Any], wanted: Mapping[str, Mapping[str, Any]], source_id: int
) -> None:
    changes: dict[str, Any] = {}
    specs: dict[str, str] = device["specs"]
    for field, columns in wanted.items():
        changes.update(columns)
        if field in FIELD_BY_KEY:
            specs = shown_specs(specs, field, columns[field])
    if "name" in wanted:
        changes["merge_key"] = _refuse_taken_name(session, device, changes["name"])
    if specs != device["specs"]:
        changes["specs"] = specs
    credited = [
        *(changes.keys() - _DERIVED),
        *(f"specs.{label}" for label, text in specs.items() if device["specs"].get(label) != text),
    ]
    device["provenance"] = {**device["provenance"], **dict.fromkeys(credited, source_id)}
    change_devices(session, [(device, changes)])
    bring_into_search(session, device)


def _refuse_taken_name(session: CommandSession, device: Mapping[str, Any], name: str) -> str:
    """The merge key of `device` under `name`. Raises Conflict where another device has it."""
    make = session.scalars(select(Make.name).where(Make.id == device["make_id"])).one()
    key = merge_key(make, name)
    taken = select(_devices.c.slug).where(_devices.c.merge_key == key, _devices.c.id != device["id"])
    if (other := session.scalar(taken)) is not None:
        message = f"“{name}” is in the catalogue already, as {other}."
        raise Conflict(message, code="device_exists", fields=(FieldError("name", message),))
    return key


def _refuse_repetition(session: CommandSession, device_id: int, field: str, text: str) -> None:
    waiting = select(DeviceProposal.id).where(
        DeviceProposal.device_id == device_id,
        DeviceProposal.field == field,
        DeviceProposal.value == text,
        DeviceProposal.decided_at.is_(None),
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise Invalid.field(field, "This was suggested already and waits for the operator's answer.")


def _locked(session: CommandSession, slug: str) -> dict[str, Any]:
    return _found(session, slug, lock=True)


def _found(session: CommandSession, slug: str, *, lock: bool = False) -> dict[str, Any]:
    statement = select(_devices).where(_devices.c.slug == slug.lower())
    row = session.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no device '{slug[:100]}'.")
    return dict(row)
