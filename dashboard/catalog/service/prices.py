"""Market prices: observations in, a device's price out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from dashboard.catalog.models import Device, PriceObservation
from dashboard.catalog.service.devices import change_devices
from dashboard.core import money
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Invalid

_observations = table_of(PriceObservation)
_devices = table_of(Device)

CURRENCY = "USD"
"""F states market prices in US dollars (`avg_price_usd`)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A price seen: `amount` in cents of USD, `condition` in the source's words (`used-a`, `new`)."""

    device_id: int
    source: str
    condition: str
    amount: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a device costs now: over the latest observation of each source and condition; cents of USD."""

    average: int
    minimum: int
    maximum: int
    sources: int
    observed_at: datetime


def observe_prices(by: Principal, observations: Sequence[Observation]) -> None:
    """Add observations and bring the devices' prices and scores up to date. Raises Invalid for amounts below one."""
    by.require("operator")
    if any(each.amount <= 0 for each in observations):
        raise Invalid.field("amount", "A price must be above zero.")
    if not observations:
        return
    with atomic(by) as session:
        session.execute(
            insert(_observations),
            [
                {
                    "device_id": each.device_id,
                    "source": each.source,
                    "condition": each.condition,
                    "amount": each.amount,
                    "observed_at": each.observed_at,
                }
                for each in observations
            ],
        )
        ids = sorted({each.device_id for each in observations})
        for start in range(0, len(ids), 400):
            _derive_prices(session, ids[start : start + 400])


def _derive_prices(session: CommandSession, device_ids: Sequence[int]) -> None:
    seen: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    observed = select(_observations).where(_observations.c.device_id.in_(device_ids))
    for row in session.execute(observed).mappings():
        seen[row["device_id"]].append(dict(row))
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for device in session.execute(select(_devices).where(_devices.c.id.in_(device_ids))).mappings():
        pricing = derive(seen[device["id"]])
        if pricing is not None:
            changes.append((dict(device), _columns(pricing)))
    change_devices(session, changes)


def _columns(pricing: Pricing) -> dict[str, Any]:
    return {
        "price_avg": pricing.average,
        "price_min": pricing.minimum,
        "price_max": pricing.maximum,
        "price_sources": pricing.sources,
        "price_observed_at": pricing.observed_at,
    }


def derive(observations: Iterable[Mapping[str, Any]]) -> Pricing | None:
    """The present pricing from all observations of one device, or None where there are none.

    Each source counts once for each condition, with what it said last.
    """
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in sorted(observations, key=lambda row: (row["observed_at"], row["id"])):
        latest[each["source"], each["condition"]] = each
    if not latest:
        return None
    amounts = [each["amount"] for each in latest.values()]
    return Pricing(
        average=money.divide(sum(amounts), len(amounts)),
        minimum=min(amounts),
        maximum=max(amounts),
        sources=len({source for source, _ in latest}),
        observed_at=max(each["observed_at"] for each in latest.values()),
    )
