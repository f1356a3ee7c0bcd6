"""How the templates of units say things: money, moments, and who holds a unit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import url_for

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.inventory.queries.grid import GridRow
from dashboard.inventory.queries.holders import HolderName, holder_names

STATE_WORDS = {"in_stock": "In stock", "in_transit": "In transit", "sold": "Sold", "scrapped": "Scrapped"}


class Words:
    """For one person: their currency, their time zone, their rights."""

    def __init__(self, by: Principal, rows: list[GridRow] | None = None) -> None:
        self._by = by
        self._zone = ZoneInfo(by.time_zone)
        held = [(row.holder, row.holder_id) for row in rows or () if row.holder and row.holder_id is not None]
        self._addresses = url_for("units.unit", unit_id="-").removesuffix("-")
        self._names: Mapping[tuple[str, int], HolderName] = holder_names(by, held)

    def address(self, row: GridRow) -> str:
        """The address of a unit's page. The router is asked once a list: fifty rows would ask it 250 times."""
        return self._addresses + quote(row.public_id, safe="")

    def money(self, minor: int | None) -> str:
        return "" if minor is None else Money(minor, self._by.currency).format()

    def amount(self, minor: int | None) -> str:
        """As it is typed into a field."""
        return "" if minor is None else str(Money(minor, self._by.currency).to_decimal())

    def moment(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(self._zone):%-d %b %Y, %H:%M}"

    def clock(self, moment: datetime) -> str:
        """The time of a hold's end, with the day where it is not today's."""
        local = moment.astimezone(self._zone)
        today = clock.now().astimezone(self._zone).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%-d %b, %H:%M}"

    @staticmethod
    def holder_address(name: HolderName) -> str:
        """The page of who holds something, or nothing where it has none."""
        if name.kind is None:
            return ""
        values: dict[str, Any] = {name.kind.argument: name.ref}
        return url_for(name.kind.endpoint, **values)

    def status(self, row: GridRow) -> dict[str, Any]:
        """A unit's state as label, tone and link: "Held for ORD-2026-00042 until 14:52"."""
        if row.state != "in_stock" or row.holder is None:
            tone = {"in_stock": "good", "in_transit": "info"}.get(row.state, "neutral")
            return {"label": "Available" if row.available else STATE_WORDS[row.state], "tone": tone, "url": ""}
        if row.holder == "quarantine":
            return {"label": "Quarantined", "tone": "bad", "url": ""}
        name = self._names[row.holder, row.holder_id or 0]
        label = f"Held for {name.label[:1].lower() + name.label[1:] if name.ref is None else name.label}"
        if row.held_until is not None:
            label += f" until {self.clock(row.held_until)}"
        tone = "warn" if row.held_until is not None else "info"
        return {"label": label, "tone": tone, "url": self.holder_address(name)}
