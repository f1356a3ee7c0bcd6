"""What a label says: the number as bars that any scanner reads, model, grade and price."""

from dataclasses import dataclass

from barcode.codex import Code128
from markupsafe import Markup

from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries.grid import GridRow

HEIGHT = 40
MODULE = 1


@dataclass(frozen=True, slots=True)
class Label:
    """One label; `bars` is an SVG without words."""

    number: str
    bars: Markup
    title: str
    grade: str
    price: str
    sku: str


def label_of(row: GridRow, words: Words) -> Label:
    """The label of a unit."""
    title = " ".join(filter(None, (row.model, row.storage, row.color)))
    return Label(row.number, code128_svg(row.number), title, row.grade, words.money(row.price), row.sku)


def code128_svg(text: str) -> Markup:
    """`text` as Code 128 (ISO/IEC 15417): digits two by two, so that an IMEI fits a small label."""
    modules: str = Code128(text).build()[0]
    bars, start = "", 0
    for run in modules.replace("01", "0 1").replace("10", "1 0").split():
        if run[0] == "1":
            bars += f"M{start * MODULE} 0h{len(run) * MODULE}v{HEIGHT}h-{len(run) * MODULE}z"
        start += len(run)
    return Markup(
        '<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        '<path fill="#000" d="{bars}"/></svg>'
    ).format(width=len(modules) * MODULE, height=HEIGHT, bars=bars)
