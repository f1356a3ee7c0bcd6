"""Suggested corrections: the operator's queue, and what became of a tenant's own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from dashboard.catalog.models import Device, DeviceProposal, Make
from dashboard.catalog.service.fields import EDITABLE, field_text
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads, table_of
from dashboard.core.errors import NotFound
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.core.tenancy import EVERY_TENANT

COUNT_LIMIT = 1_000
"""Open proposals counted at most: more than that is "1,000 or more" to anybody."""

_devices = table_of(Device)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A suggested correction. `now` is what the catalogue says at present, `value` what it should say."""

    id: int
    slug: str
    device: str
    make: str
    field: str
    now: str
    value: str
    reason: str
    proposer: str
    created_at: datetime
    outcome: str | None
    answer: str | None
    decided_at: datetime | None

    @property
    def label(self) -> str:
        """What a person calls the field."""
        return EDITABLE.get(self.field, self.field)


def list_proposals(by: Principal, *, decided: bool, after: str | None = None, size: int = 50) -> Slice[ProposalRow]:
    """Proposals of all tenants, for the operator: open ones in the order they came, decided ones the latest first."""
    by = by.above_tenants()
    order = DeviceProposal.id.desc() if decided else DeviceProposal.id
    statement = _rows().where(
        DeviceProposal.decided_at.is_not(None) if decided else DeviceProposal.decided_at.is_(None)
    )
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(DeviceProposal.id < last if decided else DeviceProposal.id > last)
    return _slice(by, statement.order_by(order), size, EVERY_TENANT)


def own_proposals(by: Principal, *, after: str | None = None, size: int = 50) -> Slice[ProposalRow]:
    """What the people of this tenant have suggested, the latest first."""
    by.require("catalog:propose")
    statement = _rows().order_by(DeviceProposal.id.desc())
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(DeviceProposal.id < last)
    return _slice(by, statement, size, {})


def get_proposal(by: Principal, proposal_id: int) -> ProposalRow:
    """One proposal, for the operator. Raises NotFound."""
    by = by.above_tenants()
    statement = _rows().where(DeviceProposal.id == proposal_id)
    row = reads(by).execute(statement, execution_options=EVERY_TENANT).one_or_none()
    if row is None:
        raise NotFound("There is no such suggestion.")
    return _row(row)


def count_open_proposals(by: Principal) -> int:
    """How many proposals wait for the operator, of all tenants; at most COUNT_LIMIT."""
    by = by.above_tenants()
    waiting = select(DeviceProposal.id).where(DeviceProposal.decided_at.is_(None)).limit(COUNT_LIMIT).subquery()
    statement = select(func.count()).select_from(waiting)
    return reads(by).scalar(statement, execution_options=EVERY_TENANT) or 0


def _rows() -> AnySelect:
    return (
        select(DeviceProposal, *_devices.c, Make.name.label("make_name"))
        .join(_devices, _devices.c.id == DeviceProposal.device_id)
        .join(Make, Make.id == _devices.c.make_id)
    )


def _slice(by: Principal, statement: AnySelect, size: int, options: Any) -> Slice[ProposalRow]:
    found = reads(by).execute(statement.limit(size + 1), execution_options=options).all()
    rows = [_row(each) for each in found[:size]]
    return Slice(rows, encode_cursor([rows[-1].id]) if len(found) > size else None)


def _row(found: Any) -> ProposalRow:
    proposal: DeviceProposal = found[0]
    device = {column.name: found._mapping[column] for column in _devices.c}  # noqa: SLF001 - its public name
    return ProposalRow(
        id=proposal.id,
        slug=device["slug"],
        device=device["name"],
        make=found.make_name,
        field=proposal.field,
        now=field_text(device, proposal.field) if proposal.field in EDITABLE else "",
        value=proposal.value,
        reason=proposal.reason,
        proposer=proposal.proposer,
        created_at=proposal.created_at,
        outcome=proposal.outcome,
        answer=proposal.answer,
        decided_at=proposal.decided_at,
    )
