"""Files of units as they come: which column is what, what a cell says."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from dashboard.core.errors import Invalid
from dashboard.core.money import Money
from dashboard.inventory.imei import clean_imei, fold_serial, luhn_holds

Row = dict[str, Any]
"""A row on its way: `{"row": its number, "values": {column: text}}`."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("imei", "number", "imeiserial", "imeiorserial", "esn", "meid"),
    "serial": ("serial", "serialnumber", "sn"),
    "sku": ("sku", "productsku", "itemsku"),
    "model": ("model", "device", "devicename"),
    "storage": ("storage", "capacity", "memory"),
    "grade": ("grade", "condition"),
    "color": ("color", "colour"),
    "battery_health": ("batteryhealth", "battery", "batteryhealthpercent"),
    "carrier": ("carrier", "network"),
    "carrier_locked": ("carrierlocked", "locked", "simlock", "simlocked"),
    "price": ("price", "sellingprice", "listprice"),
    "cost": ("cost", "unitcost", "purchaseprice"),
    "place": ("place", "location", "warehouse", "warehouseid", "locationcode"),
    "notes": ("notes", "note", "comment", "comments"),
}
_NAMES = {alias: column for column, aliases in COLUMNS.items() for alias in aliases}
_ROUNDED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
_MONEY = re.compile(r"-?\d{1,10}(\.\d+)?")
YES, NO = (
    frozenset({"yes", "y", "true", "1", "locked", "on"}),
    frozenset({"", "no", "n", "false", "0", "unlocked", "off"}),
)


def column_of(heading: str) -> str | None:
    """Which of `COLUMNS` a heading means, or None."""
    return _NAMES.get("".join(sign for sign in heading.lower() if sign.isalnum()))


def pasted_rows(text: str) -> Iterator[Row]:
    """Rows of a pasted list or a CSV text: with a header line, or else number, SKU and cost in this order.

    Raises Invalid for text that holds no rows.
    """
    lines = text.lstrip("\ufeff")
    first = next((line for line in lines.splitlines() if line.strip()), "")
    delimiter = max(("\t", ";", ","), key=first.count)
    records = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    columns: Sequence[str | None] = ("number", "sku", "cost")
    row, begun = 0, False
    try:
        for cells in records:
            row += 1
            if not any(cell.strip() for cell in cells):
                continue
            if not begun and any(column_of(cell) in ("number", "serial") for cell in cells):
                columns = [column_of(cell) for cell in cells]
            else:
                named = zip(columns, cells, strict=False)
                yield {
                    "row": row,
                    "values": {name: cell.strip()[:300] for name, cell in named if name and cell.strip()},
                }
            begun = True
    except csv.Error as error:
        raise Invalid.field(
            "file", f"Line {records.line_num:,} cannot be read; perhaps a quotation mark is open."
        ) from error
    if not begun:
        raise Invalid.field("text", "Paste at least one IMEI or serial number, one a line.")


def mapped_rows(rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[Row]:
    """Rows of a table with headings; columns that mean nothing here are left out."""
    for number, cells in rows:
        values = {
            name: text.strip()[:2000] for head, text in cells.items() if (name := column_of(head)) and text.strip()
        }
        yield {"row": number, "values": values}


def read_number(text: str) -> tuple[str | None, str | None]:
    """An IMEI, or else a serial number. Raises Invalid, with the reason, for what is neither."""
    typed = text.strip().lstrip("'")
    if _ROUNDED.fullmatch(typed):
        raise Invalid.field("number", f"A spreadsheet has rounded this number ({typed}). Format its column as text.")
    imei = clean_imei(typed)
    if imei is not None:
        if not luhn_holds(imei):
            raise Invalid.field("number", f"The check digit of {imei} is wrong.")
        return imei, None
    serial = fold_serial(typed)
    if serial.isdigit() and 12 < len(serial) < 18:
        raise Invalid.field("number", f"{serial} has {len(serial)} digits, an IMEI has 15.")
    if not 5 <= len(serial) <= 40 or not serial.isascii() or not serial.isalnum():
        raise Invalid.field("number", f"'{typed[:40]}' is neither an IMEI nor a serial number.")
    return None, typed


def read_money(text: str, currency: str, name: str) -> int:
    """Minor units of what is written in major ones (`549.00`, `$1,549`). Raises Invalid."""
    plain = text.strip().lstrip("$€£").replace(",", "").replace(" ", "")
    try:
        if not _MONEY.fullmatch(plain):
            raise ValueError
        minor = Money.from_decimal(Decimal(plain), currency).minor
    except (ValueError, InvalidOperation) as error:
        raise Invalid.field(name, f"'{text[:20]}' is no amount such as 549.00.") from error
    if minor < 0:
        raise Invalid.field(name, "An amount is 0 or more.")
    return minor


def read_percent(text: str) -> int:
    """Whole percent. Raises Invalid."""
    plain = text.strip().rstrip("% ")
    if not (plain.isascii() and plain.isdigit() and int(plain) <= 100):
        raise Invalid.field("battery_health", f"'{text[:20]}' is no battery health of 0 to 100 percent.")
    return int(plain)


def read_flag(text: str) -> bool:
    """Whether it says yes. Raises Invalid."""
    folded = text.strip().lower()
    if folded not in YES | NO:
        raise Invalid.field("carrier_locked", f"'{text[:20]}' is neither yes nor no.")
    return folded in YES
