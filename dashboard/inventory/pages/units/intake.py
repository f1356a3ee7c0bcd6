"""Taking units in: one scan box that never loses the focus."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.inventory.pages.units.blueprint import WRITE, pages
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.service import intake
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.intake import NoProductYet, Setup
from dashboard.inventory.service.unit_files import read_money, read_percent
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_page, see_other

FIELDS = ("model", "storage", "grade", "color", "carrier", "locked", "battery", "price", "cost", "place")


@pages.page("/intake", needs=WRITE, methods=("GET", "POST"))
def intake_page(by: Principal) -> Response:
    typed = {name: request.values.get(name, "").strip()[:120] for name in FIELDS}
    if request.method == "GET":
        return _page(by, typed, Said())
    said = _scan(by, typed, request.form.get("scan", ""))
    if said.tone == "good" and not is_fragment_request():
        flash(said.text, "success")
        return see_other(_address(typed))
    return _page(by, typed, said)


def _address(typed: dict[str, str]) -> str:
    """The page with the same pile set up."""
    query = urlencode({name: text for name, text in typed.items() if text})
    return f"{url_for('units.intake_page')}?{query}" if query else url_for("units.intake_page")


class Said:
    """What a scan led to: `tone` good, bad or nothing; `sku` is proposed where there is none yet."""

    def __init__(self, tone: str = "", text: str = "", *, sku: str = "", scan: str = "", status: int = 200) -> None:
        self.tone = tone
        self.text = text
        self.sku = sku
        self.scan = scan
        self.status = status


def _scan(by: Principal, typed: dict[str, str], scan: str) -> Said:
    """Carry out one scan; what it sets up is written into `typed`."""
    if not scan.strip():
        return Said("bad", "Scan an IMEI or a serial number, or type one.", status=422)
    try:
        read = intake.read_scan(by, scan, setup_of(by, typed))
        typed |= {name: getattr(read.setup, name) for name in ("model", "storage", "grade")}
        typed["place"] = read.setup.location_code
        if read.kind == "setup":
            pile = " ".join(filter(None, (typed["model"], typed["storage"], typed["grade"])))
            return Said("good", f"Set up: {pile or typed['place']}. Now scan the units.")
        intake.take_in(by, read.text, read.setup)
    except NoProductYet as error:
        return Said("bad", error.message, sku=str(error.details["sku"]), scan=scan, status=status_of(error))
    except DomainError as error:
        return Said("bad", error.message, scan=scan, status=status_of(error))
    return Said("good", f"{read.text} is taken in.")


def setup_of(by: Principal, typed: dict[str, str]) -> Setup:
    """The pile that the form describes. Raises Invalid."""
    return Setup(
        model=typed["model"],
        storage=typed["storage"],
        grade=typed["grade"],
        color=typed["color"],
        carrier=typed["carrier"],
        carrier_locked=bool(typed["locked"]),
        battery_health=read_percent(typed["battery"]) if typed["battery"] else None,
        price=read_money(typed["price"], by.currency, "price") if typed["price"] else None,
        cost=read_money(typed["cost"], by.currency, "cost") if typed["cost"] else 0,
        location_code=typed["place"],
    )


def _page(by: Principal, typed: dict[str, str], said: Said) -> Response:
    choices = queries.grid_choices(by, DEFAULTS)
    shown: dict[str, Any] = {
        "typed": typed,
        "said": said,
        "taken": intake.recently_taken_in(by),
        "words": Words(by),
        "choices": choices,
    }
    # A refused scan is an ordinary answer to a scanner: htmx would not put another status into the page.
    status = 200 if is_fragment_request() else said.status
    if not is_fragment_request():
        shown["models"] = intake.models_known(by)
    return render_page("inventory/units/intake.html", fragment="inventory/units/_intake.html", status=status, **shown)


@pages.page("/intake/sku", needs="products:write", methods=("POST",))
def intake_sku(by: Principal) -> Response:
    """Make the SKU that is missing, then take in the unit that was scanned."""
    typed = {name: request.form.get(name, "").strip()[:120] for name in FIELDS}
    scan = request.form.get("scan", "")
    try:
        price = read_money(request.form.get("sku_price", ""), by.currency, "price")
        intake.make_product(by, setup_of(by, typed), price)
    except (Invalid, Conflict) as error:
        return _page(by, typed, Said("bad", error.message, sku=request.form.get("sku", ""), scan=scan, status=422))
    said = _scan(by, typed, scan)
    if said.tone == "good" and not is_fragment_request():
        flash(said.text, "success")
        return see_other(_address(typed))
    return _page(by, typed, said)


@pages.page("/intake/undo", needs=WRITE, methods=("POST",))
def intake_undo(by: Principal) -> Response:
    typed = {name: request.form.get(name, "").strip()[:120] for name in FIELDS}
    try:
        number = intake.undo_receipt(by, request.form.get("unit", ""))
        said = Said("good", f"{number} is taken out again.")
    except (Conflict, NotFound) as error:
        said = Said("bad", error.message, status=status_of(error))
    if is_fragment_request():
        return _page(by, typed, said)
    flash(said.text, "success" if said.tone == "good" else "error")
    return see_other(_address(typed))
