"""Endpoints that no domain has: one group a dialect, so that each dialect is spoken through real requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from flask import Flask, request
from pydantic import Field, StrictInt
from typing_extensions import TypedDict

import dashboard
from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound, TooLarge, Unavailable
from dashboard.core.money import Money
from dashboard.core.paging import Page, PageRequest
from dashboard.web.answers import Bare, Empty, Many, One
from dashboard.web.api import PUBLIC, ApiBlueprint
from dashboard.web.dialects import DIALECTS, Dialect
from dashboard.web.errors import present_dialect
from dashboard.web.schemas import BodyModel, Positive, QueryModel, at_most
from tests.conftest import made_app

PREFIX = {
    "techfleet": "/api/v1/orders/suite",
    "techparts": "/v1/suite",
    "syncauction": "/v1/stores/suite",
    "tradekitt": "/api/v1/suite",
    "autosync": "/v1/shops/suite",
}
SHARED = "/v1/suite-shared"
"""A path that three dialects share; syncauction is its default, `model` in the query hints at techfleet."""

READ, WRITE, TICKED = "orders:read", "orders:write", "webhooks:manage"
THINGS_IN_ALL = 120
SECRET_IN_A_CRASH = "the secret of the crash"


@dataclass(frozen=True)
class Thing:
    """A row with both of its outer ids."""

    number: int
    public_id: str
    price: Money


def thing(number: int) -> Thing:
    return Thing(number, f"ord_{number}", Money(54900, "USD"))


class ThingJson(TypedDict):
    id: int | str
    price: Any
    free: Any


def thing_json(row: Thing, dialect: Dialect) -> Mapping[str, Any]:
    return {
        "id": dialect.show_id(row),
        "price": dialect.money(row.price),
        "free": dialect.money(Money(0, row.price.currency)),
    }


class SearchQuery(QueryModel):
    q: Annotated[str, Field(min_length=2, max_length=100)]
    limit: Annotated[Positive, at_most(25)] = 10


class ThingBody(BodyModel):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    quantity: Annotated[int, Field(ge=1, le=999)]
    tags: tuple[str, ...] = ()


class PriceBody(BodyModel):
    price: StrictInt | Decimal


class BareJson(TypedDict):
    devices: list[int]


def _group(name: str) -> ApiBlueprint:
    """All endpoints of one dialect."""
    api = ApiBlueprint(f"suite_{name}", __name__, url_prefix=PREFIX[name], speaks=name, area="suite")
    _add_answers(api)
    _add_bodies(api)
    _add_refusals(api)
    return api


def _add_answers(api: ApiBlueprint) -> None:
    @api.operation("GET", "/one", needs=READ, answer=ThingJson)
    def show_one(by: Principal) -> One[Thing]:
        """Show a thing"""
        return One(thing(7), thing_json)

    @api.operation("GET", "/many", needs=READ, answer=ThingJson, shape="many")
    def show_many(by: Principal, page: PageRequest) -> Many[Thing]:
        """List things"""
        numbers = range(page.offset + 1, min(page.offset + page.size, THINGS_IN_ALL) + 1)
        return Many(Page([thing(number) for number in numbers], page, THINGS_IN_ALL), thing_json)

    @api.operation("GET", "/bare", needs=READ, answer=BareJson, shape="bare")
    def show_bare(by: Principal) -> Bare:
        """Show keys without an envelope"""
        return Bare({"devices": [1, 2]})

    @api.operation("DELETE", "/empty", needs=WRITE, answer=None, shape="empty", status=204)
    def remove(by: Principal) -> Empty:
        """Remove a thing"""
        return Empty()

    @api.operation("GET", "/public", needs=PUBLIC, answer=BareJson, shape="bare")
    def show_public(by: Principal) -> Bare:
        """Show something to anyone"""
        return Bare({"devices": [] if by.tenant_id is None else [by.tenant_id]})

    @api.operation("GET", "/things/<ref>", needs=READ, answer=BareJson, shape="bare")
    def show_ref(by: Principal, ref: str) -> Bare:
        """Read an id"""
        found = present_dialect().read_id(ref)
        return Bare({"devices": [found.number, found.public_id]})


def _add_bodies(api: ApiBlueprint) -> None:
    @api.operation("GET", "/search", needs=READ, answer=BareJson, shape="bare", query=SearchQuery)
    def search(by: Principal, query: SearchQuery) -> Bare:
        """Search things"""
        return Bare({"devices": [query.limit]})

    @api.operation("POST", "/things", needs=WRITE, answer=ThingJson, status=201, body=ThingBody)
    def make(by: Principal, body: ThingBody) -> One[Thing]:
        """Make a thing"""
        return One(thing(body.quantity), thing_json)

    @api.operation("POST", "/prices", needs=WRITE, answer=BareJson, shape="bare", body=PriceBody)
    def read_price(by: Principal, body: PriceBody) -> Bare:
        """Read an amount"""
        return Bare({"devices": [present_dialect().read_money(body.price, "USD", "price").minor]})


def _add_refusals(api: ApiBlueprint) -> None:
    @api.operation("POST", "/sold", needs=WRITE, answer=BareJson)
    def sold(by: Principal) -> One[Thing]:
        """Refuse because of the present state"""
        raise Conflict("Only 2 are left.", code="insufficient_stock", details={"available_quantity": 2})

    @api.operation("POST", "/taken", needs=WRITE, answer=BareJson)
    def taken(by: Principal) -> One[Thing]:
        """Refuse because of the present state, in general"""
        raise Conflict("That is taken.")

    @api.operation("GET", "/missing", needs=READ, answer=BareJson)
    def missing(by: Principal) -> One[Thing]:
        """Find nothing"""
        raise NotFound("Thing 9 does not exist.")

    @api.operation("POST", "/rules", needs=WRITE, answer=BareJson)
    def rules(by: Principal) -> One[Thing]:
        """Refuse two fields by rules of the service"""
        wrong = (FieldError("zip", "A zip code has 5 digits."), FieldError("items[0].sku", "That SKU is unknown."))
        raise Invalid("Two fields are wrong.", fields=wrong)

    @api.operation("POST", "/large", needs=WRITE, answer=BareJson)
    def large(by: Principal) -> One[Thing]:
        """Refuse for size"""
        request.get_data()
        raise TooLarge("That file is too large.")

    @api.operation("GET", "/unavailable", needs=READ, answer=BareJson)
    def unavailable(by: Principal) -> One[Thing]:
        """Refuse because something does not answer"""
        raise Unavailable("The carrier does not answer.")

    @api.operation("GET", "/crash", needs=READ, answer=BareJson)
    def crash(by: Principal) -> One[Thing]:
        """Break"""
        raise RuntimeError(SECRET_IN_A_CRASH)

    @api.operation("GET", "/ticked", needs=TICKED, answer=BareJson)
    def ticked(by: Principal) -> One[Thing]:
        """Ask for a right that is given one by one"""
        return One(thing(1), thing_json)


def _shared_group() -> ApiBlueprint:
    api = ApiBlueprint("suite_shared", __name__, url_prefix=SHARED, speaks="syncauction", area="suite")

    @api.operation(
        "GET",
        "",
        needs=READ,
        answer=ThingJson,
        dialects=("syncauction", "techfleet", "techparts"),
        choose=lambda by: None if by.dialect else "techfleet" if "model" in request.args else None,
    )
    def show_shared(by: Principal) -> One[Thing]:
        """Show a thing in the dialect of the key"""
        if "fail" in request.args:
            raise NotFound("Thing 9 does not exist.")
        return One(thing(7), thing_json)

    return api


def suite_app(settings: Settings) -> Flask:
    """An application with these endpoints beside the domains'."""
    app = made_app(settings)
    for name in DIALECTS:
        app.register_blueprint(_group(name))
    app.register_blueprint(_shared_group())
    dashboard._leave_api_to_its_own_credentials(app)  # pyright: ignore[reportPrivateUsage]
    return app
