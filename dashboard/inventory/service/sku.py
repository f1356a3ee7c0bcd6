"""SKUs made of what is known of a product, by a template that the tenant can change."""

import re
from string import Formatter

from sqlalchemy import select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Invalid
from dashboard.inventory.models import Product, StockSettings
from dashboard.inventory.service.products import fold_sku

USUAL = "{make:3}-{model}-{storage}-{grade}"
PARTS = ("make", "model", "storage", "grade", "category", "name")
"""What a template can name; `{make:3}` takes the first three letters."""

_WORD = re.compile(r"[^\W_]+\+?")


def sku_template(by: Principal) -> str:
    """The tenant's template, or the usual one."""
    row = reads(by).get(StockSettings, by.tenant_id)
    return USUAL if row is None else row.sku_template


def set_sku_template(by: Principal, template: str) -> None:
    """Make SKUs by another template from now on; those that exist stay. Raises Invalid."""
    by.require("products:write")
    read_template(template)
    with atomic(by) as session:
        row = session.get(StockSettings, by.tenant_id)
        if row is None:
            session.add(StockSettings(tenant_id=by.tenant_id, sku_template=template.strip()))
        else:
            row.sku_template = template.strip()
        events.record(by, "sku_template.changed", f"tenant:{by.tenant_id}", {"template": template.strip()})


def read_template(template: str) -> list[tuple[str, str, int | None]]:
    """A template as its pieces: the text before, the part that is put in, and of how many letters. Raises Invalid."""
    wrong = Invalid.field(
        "sku_template", f"A template is made of {', '.join(f'{{{part}}}' for part in PARTS)}, such as {USUAL}."
    )
    if not 0 < len(template.strip()) <= 120:
        raise wrong
    found: list[tuple[str, str, int | None]] = []
    try:
        for text, part, length, conversion in Formatter().parse(template.strip()):
            sized = length and length.isascii() and length.isdigit() and 0 < int(length) < 20
            if part is not None and (part not in PARTS or conversion or (length and not sized)):
                raise wrong
            found.append((text, part or "", int(length) if length else None))
    except ValueError as error:
        raise wrong from error
    if not any(part for _, part, _ in found):
        raise wrong
    return found


def make_sku(template: str, facts: dict[str, str | None]) -> str:
    """The SKU of a product by `template`: "Apple", "iPhone 14 Pro", "256GB", "A" make APP-IP14P-256-A.

    What is not known is left out with the sign before it.
    """
    made = ""
    for text, part, length in read_template(template):
        word = _short(part, facts.get(part) or "", length)
        made += (text if made else text.lstrip("-_/. ")) + word if word else ""
    return made[:80]


def _short(part: str, text: str, length: int | None) -> str:
    if length is not None:
        return "".join(_WORD.findall(text))[:length].upper()
    if part in ("model", "name"):
        return "".join(_initials(word) for word in _WORD.findall(text))
    if part == "storage":
        return re.sub(r"(?<=\d)GB$", "", "".join(text.upper().split()))
    return "".join(_WORD.findall(text)).upper()


def _initials(word: str) -> str:
    """A word with a digit whole; of another its first letter and the capitals in it: iPhone is IP, Pro is P."""
    if any(sign.isdigit() for sign in word):
        return word.upper()
    return word[0].upper() + "".join(sign for sign in word[1:] if sign.isupper() or sign == "+")


def propose_sku(by: Principal, facts: dict[str, str | None]) -> str:
    """A SKU by the tenant's template that no product has yet: the second of its kind ends in -2."""
    start = make_sku(sku_template(by), facts) or make_sku("{name}", facts) or "ITEM"
    taken = set(
        reads(by).scalars(select(Product.sku_key).where(Product.sku_key.startswith(fold_sku(start), autoescape=True)))
    )
    sku, n = start, 1
    while fold_sku(sku) in taken:
        n += 1
        sku = f"{start[:74]}-{n}"
    return sku
