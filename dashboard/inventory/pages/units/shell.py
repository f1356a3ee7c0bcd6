"""What units give to the pages that belong to no domain: search hits."""

from flask import url_for

from dashboard.core.context import Principal
from dashboard.inventory.imei import fold_serial
from dashboard.inventory.pages.units.words import STATE_WORDS
from dashboard.inventory.queries import grid as queries
from dashboard.web.registry import SearchHit


def find_units(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Units for what was typed or scanned into the search box: an IMEI, a serial number, an `inv_…` id."""
    digits = "".join(sign for sign in typed if sign not in " .-/")
    imei = digits if digits.isascii() and digits.isdigit() else ""
    serial = fold_serial(typed)[:40]
    return [
        SearchHit(
            title=each.imei or each.serial or each.public_id,
            detail=" · ".join(filter(None, (each.model, each.storage, each.grade, STATE_WORDS[each.state]))),
            url=url_for("units.unit", unit_id=each.public_id),
            kind="Units",
            icon="device-mobile",
        )
        for each in queries.find_units(by, typed=typed.strip(), imei=imei, serial=serial, limit=limit)
    ]
