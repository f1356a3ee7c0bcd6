"""Order entry: one scan box, lines held as they are added, a customer, and off it goes.

Every step is a form that works without script; with it the answer is the same part of the page, put in its place.
"""

from decimal import Decimal, InvalidOperation

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.core.money import Money
from dashboard.customers.service import CustomerFacts
from dashboard.orders import service
from dashboard.orders.pages.blueprint import pages
from dashboard.orders.queries import entry as queries
from dashboard.orders.service import drafts
from dashboard.web.pages import is_fragment_request, render_page, see_other

WRITE = "orders:write"
_DRAFT = "<draft_id>"
NEW = "-"
"""Stands in an address for a draft that begins with what is sent."""

_ADDRESS = ("name", "street", "street2", "city", "state", "zip", "country")


@pages.page("/new", needs=WRITE)
def new(by: Principal) -> Response:
    return render_page("orders/entry.html", draft=None, waiting=queries.own_drafts(by), said=_Said())


@pages.page(f"/new/{_DRAFT}", needs=WRITE)
def entry(by: Principal, draft_id: str) -> Response:
    return _shown(by, draft_id, _Said())


@pages.page(f"/new/{_DRAFT}/offers", needs=WRITE)
def entry_offers(by: Principal, draft_id: str) -> Response:
    typed = request.args.get("scan", "")[:80]
    draft_id = request.args.get("draft") or draft_id
    return render_page("orders/_offers.html", offers=queries.offers(by, typed), draft_id=draft_id, said=_Said())


@pages.page(f"/new/{_DRAFT}/buyers", needs=WRITE)
def entry_buyers(by: Principal, draft_id: str) -> Response:
    typed = request.args.get("buyer", "")[:80]
    found = queries.find_buyers(by, typed)
    if not is_fragment_request():
        return _shown(by, draft_id, _Said(buyers=found, buyer=typed))
    return render_page("orders/_buyers.html", said=_Said(buyers=found, buyer=typed), draft_id=draft_id)


@pages.page(f"/new/{_DRAFT}/scan", needs=WRITE, methods=("POST",))
def entry_scan(by: Principal, draft_id: str) -> ResponseReturnValue:
    typed = request.form.get("scan", "").strip()[:80]
    public_id = _opened(by, request.form.get("draft") or draft_id)  # the box outlives the draft it began without
    if not typed:
        return _shown(by, public_id, _Said(error="Scan or type something first."), status=422)
    try:
        quantity = _number(request.form.get("quantity") or "1", "quantity")
        drafts.scan(by, public_id, typed, quantity=quantity)
    except NotFound as error:
        offers = queries.offers(by, typed)
        said = _Said(typed=typed, offers=offers, error="" if offers else error.message)
        return _shown(by, public_id, said, status=200 if offers else 422)
    except Conflict as error:
        said = _Said(typed=typed, error=error.message)
        if error.code != drafts.IN_THE_DRAFT:
            said.offers, said.instead = queries.substitutes(by, typed), True
            said.held = queries.held_by(by, typed) if by.may("orders:read") else None
        return _shown(by, public_id, said, status=409)
    except Invalid as error:
        return _shown(by, public_id, _Said(typed=typed, error=error.message), status=422)
    return _done(by, public_id, good=True)


@pages.page(f"/new/{_DRAFT}/lines/<int:line_id>", needs=WRITE, methods=("POST",))
def entry_line(by: Principal, draft_id: str, line_id: int) -> ResponseReturnValue:
    """Another number of pieces, another price, hold again, or out: as the button that was pressed says."""
    try:
        if request.form.get("do") == "remove":
            drafts.remove_line(by, draft_id, line_id)
        elif request.form.get("do") == "hold":
            drafts.renew(by, draft_id, line_id)
        else:
            if "price" in request.form:
                drafts.set_price(by, draft_id, line_id, _price(request.form["price"], by.currency))
            if "quantity" in request.form:
                drafts.set_quantity(by, draft_id, line_id, _number(request.form["quantity"], "quantity"))
    except (Invalid, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _shown(by, draft_id, _Said(line=line_id, line_error=error.message), status=status)
    return _done(by, draft_id)


@pages.page(f"/new/{_DRAFT}/customer", needs=WRITE, methods=("POST",))
def entry_customer(by: Principal, draft_id: str) -> ResponseReturnValue:
    """Choose a customer, or none."""
    public_id = _opened(by, draft_id)
    try:
        drafts.set_customer(by, public_id, request.form.get("customer") or None)
    except Invalid as error:
        return _shown(by, public_id, _Said(buyer_error=error.message), status=422)
    return _done(by, public_id)


@pages.page(f"/new/{_DRAFT}/quick-add", needs=WRITE, methods=("POST",))
def entry_quick_add(by: Principal, draft_id: str) -> ResponseReturnValue:
    """Add a customer by name, and by e-mail address or phone number if they give one; they buy this order."""
    public_id = _opened(by, draft_id)
    typed = {name: request.form.get(name, "").strip() for name in ("name", "email", "phone")}
    facts = CustomerFacts(typed["name"], email=typed["email"] or None, phone=typed["phone"] or None)
    try:
        drafts.add_buyer(by, public_id, facts)
    except (Invalid, Conflict) as error:
        return _shown(by, public_id, _Said(new_customer=typed, buyer_error=error.message), status=422)
    return _done(by, public_id)


@pages.page(f"/new/{_DRAFT}/note", needs=WRITE, methods=("POST",))
def entry_note(by: Principal, draft_id: str) -> ResponseReturnValue:
    """Keep notes and address as they stand: a closed tab loses nothing."""
    _keep_notes(by, draft_id)
    return Response(status=204) if is_fragment_request() else see_other(url_for("orders.entry", draft_id=draft_id))


@pages.page(f"/new/{_DRAFT}/place", needs=WRITE, methods=("POST",))
def entry_place(by: Principal, draft_id: str) -> ResponseReturnValue:
    _keep_notes(by, draft_id)
    try:
        placed = drafts.place_draft(by, draft_id)
    except NotFound:
        raise
    except DomainError as error:
        said = _Said(place_errors=[item.message for item in error.fields] or [error.message])
        if isinstance(error, service.Shortage):
            said.place_errors = [str(line["message"]) for line in error.lines] or [error.message]
        return _shown(by, draft_id, said, status=409 if isinstance(error, Conflict) else 422)
    flash(f"{placed.code} is placed. Its stock is held until it is confirmed.", "success")
    return see_other(url_for("orders.order", ref=placed.public_id))


@pages.page(f"/new/{_DRAFT}/discard", needs=WRITE, methods=("POST",))
def entry_discard(by: Principal, draft_id: str) -> ResponseReturnValue:
    drafts.discard(by, draft_id)
    flash("The draft is thrown away, and what it held is free again.", "info")
    return see_other(url_for("orders.new"))


class _Said:
    """What the page says besides the draft: what was typed and why it did not do."""

    def __init__(self, **given: object) -> None:
        self.typed = ""
        self.error = ""
        self.offers: list[queries.Offer] = []
        self.instead = False
        self.held: queries.HeldBy | None = None
        self.line = 0
        self.line_error = ""
        self.buyer = ""
        self.buyers: object = None
        self.buyer_error = ""
        self.new_customer: dict[str, str] = {}
        self.place_errors: list[str] = []
        self.good = False
        for name, value in given.items():
            setattr(self, name, value)


def _opened(by: Principal, draft_id: str) -> str:
    return drafts.open_draft(by).public_id if draft_id == NEW else draft_id


def _shown(by: Principal, draft_id: str, said: _Said, status: int = 200) -> Response:
    if draft_id == NEW:
        return render_page("orders/entry.html", draft=None, waiting=queries.own_drafts(by), said=said)
    response = render_page(
        "orders/entry.html",
        fragment="orders/_entry.html",
        status=status,
        draft=queries.show_draft(by, draft_id),
        waiting=[],
        said=said,
    )
    response.headers["HX-Push-Url"] = url_for("orders.entry", draft_id=draft_id)
    return response


def _done(by: Principal, draft_id: str, *, good: bool = False) -> Response:
    if is_fragment_request():
        return _shown(by, draft_id, _Said(good=good))
    return see_other(url_for("orders.entry", draft_id=draft_id))


def _keep_notes(by: Principal, draft_id: str) -> None:
    address = {name: request.form.get(name, "").strip() for name in _ADDRESS}
    if set(address) - {"country"} and not any(value for name, value in address.items() if name != "country"):
        address = {}
    drafts.note(by, draft_id, notes=request.form.get("notes", ""), address=address)


def _number(text: str, field: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Invalid.field(field, "A quantity is a whole number.")
    return int(text)


def _price(text: str, currency: str) -> int | None:
    text = text.strip().replace(",", "").lstrip("$")
    if not text:
        return None
    try:
        return Money.from_decimal(Decimal(text), currency).minor
    except (InvalidOperation, ValueError) as error:
        raise Invalid.field("price", "A price is an amount such as 549.00.") from error
