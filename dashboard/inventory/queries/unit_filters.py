"""Which units a list shows: conditions as prebuilt parts of statements, so that a call builds none anew."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, String, and_, bindparam, exists, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import UTCDateTime, table_of
from dashboard.inventory.models import Claim, Location, Product, Unit

units = table_of(Unit)
claims = table_of(Claim)
products = table_of(Product)
locations = table_of(Location)

STATUSES = ("available", "held", "quarantined", "in_transit")

tenant = bindparam("tenant", type_=BigInteger)
now = bindparam("now", type_=UTCDateTime)


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """Which of the units that have not left. `available` are in stock and held by nobody (or, False, the others).

    `min_battery` and `max_battery` are percent, prices minor units. `status` is one of STATUSES; `models` and `grades`
    take several, `text` the beginning of a model's name; `dense` says that so many units fit it that
    walking through all of them finds a page sooner than its index would.
    """

    model: str | None = None
    grade: str | None = None
    carrier_locked: bool | None = None
    min_battery: int | None = None
    available: bool | None = None
    location: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    max_battery: int | None = None
    status: str | None = None
    grades: tuple[str, ...] = ()
    text: str | None = None
    dense: bool = False

    @property
    def shape(self) -> tuple[str, ...]:
        """Which conditions there are, whatever their values: statements of one shape are built once."""
        named = [
            each.name for each in fields(self) if getattr(self, each.name) not in (None, ()) and each.name != "dense"
        ]
        if self.dense and self.text:
            named[named.index("text")] = "dense_text"
        if self.available is False:
            named[named.index("available")] = "unavailable"
        if self.status is not None:
            named[named.index("status")] = self.status
        return tuple(named)

    @property
    def by_kind(self) -> bool:
        """Whether the tallies can count it: nothing but model, grade, place, lock and state is asked for."""
        return not set(self.shape) & {"min_battery", "max_battery", "min_price", "max_price"}

    def values(self, by: Principal) -> dict[str, Any]:
        """What the conditions are filled in with."""
        return {
            "tenant": by.tenant_id,
            "now": clock.now(),
            "model": (self.model or "").lower(),
            "grade": self.grade,
            "grades": list(self.grades),
            "locked": self.carrier_locked,
            "min_battery": self.min_battery,
            "max_battery": self.max_battery,
            "min_price": self.min_price,
            "max_price": self.max_price,
            "place": self.location,
            "text": (self.text or "").lower(),
            "text_end": (self.text or "").lower() + "\U0010ffff",
        }


live_claim = and_(
    claims.c.tenant_id == tenant,
    claims.c.unit_id == units.c.id,
    claims.c.ended_at.is_(None),
    or_(claims.c.expires_at.is_(None), claims.c.expires_at > now),
)
"""That a claim counts at `:now` and is on the unit."""

_claimed = exists(select(claims.c.id).where(live_claim).correlate(units))
_in_stock = units.c.state == "in_stock"
free = and_(_in_stock, ~_claimed)
"""In stock, and no live claim on it."""

_place = (
    select(locations.c.id)
    .where(locations.c.tenant_id == tenant, locations.c.code == bindparam("place", type_=String))
    .scalar_subquery()
)


def _held_by(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """From the few claims to their units, however many units there are."""
    held = select(claims.c.unit_id).where(
        claims.c.tenant_id == tenant,
        claims.c.unit_id.is_not(None),
        claims.c.ended_at.is_(None),
        or_(claims.c.expires_at.is_(None), claims.c.expires_at > now),
        condition,
    )
    return and_(_in_stock, units.c.id.in_(held))


CONDITIONS: dict[str, ColumnElement[bool]] = {
    "model": units.c.model_key == bindparam("model", type_=String),
    "grade": units.c.grade == bindparam("grade", type_=String),
    "grades": units.c.grade.in_(bindparam("grades", expanding=True, type_=String)),
    "carrier_locked": units.c.carrier_locked == bindparam("locked", type_=Boolean),
    "min_battery": units.c.battery_health >= bindparam("min_battery", type_=Integer),
    "max_battery": units.c.battery_health <= bindparam("max_battery", type_=Integer),
    "min_price": units.c.price >= bindparam("min_price", type_=BigInteger),
    "max_price": units.c.price <= bindparam("max_price", type_=BigInteger),
    "location": units.c.location_id == _place,
    "available": free,
    "unavailable": ~free,
    "held": _held_by(claims.c.holder != "quarantine"),
    "quarantined": _held_by(claims.c.holder == "quarantine"),
    "in_transit": units.c.state == "in_transit",
    "text": units.c.model_key.between(bindparam("text", type_=String), bindparam("text_end", type_=String)),
    "dense_text": units.c.model_key.concat("").between(
        bindparam("text", type_=String), bindparam("text_end", type_=String)
    ),
}

OF_PRODUCT: dict[str, ColumnElement[bool]] = {
    "model": products.c.model_key == bindparam("model", type_=String),
    "grade": products.c.grade == bindparam("grade", type_=String),
    "grades": products.c.grade.in_(bindparam("grades", expanding=True, type_=String)),
    "text": products.c.model_key.between(bindparam("text", type_=String), bindparam("text_end", type_=String)),
}
OF_PRODUCT["dense_text"] = OF_PRODUCT["text"]
"""The same of the product, which all its units share."""


def here(shape: tuple[str, ...]) -> list[ColumnElement[bool]]:
    """The conditions of units that have not left."""
    return [units.c.tenant_id == tenant, units.c.gone_at.is_(None), *(CONDITIONS[name] for name in shape)]


__all__ = [
    "CONDITIONS",
    "OF_PRODUCT",
    "STATUSES",
    "UnitFilter",
    "claims",
    "free",
    "here",
    "live_claim",
    "locations",
    "now",
    "products",
    "tenant",
    "units",
]
