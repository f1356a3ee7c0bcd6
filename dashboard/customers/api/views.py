"""Customers through K (`/api/v1/admin/customers`), buyers through F (`/api/v1/buyers`)."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.customers import queries, service
from dashboard.customers.models import CustomerAddress
from dashboard.customers.queries import CustomerFilter, CustomerRow
from dashboard.customers.schemas import (
    AddressJson,
    BuyerJson,
    CustomerChangeBody,
    CustomerDetailJson,
    CustomerJson,
    CustomerListQuery,
    NewCustomerBody,
)
from dashboard.customers.service import CustomerFacts
from dashboard.web.answers import Many, One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect

field_api = ApiBlueprint(
    "customers_field_api", __name__, url_prefix="/api/v1/admin/customers", speaks="tradekitt", area="field"
)
buyers_api = ApiBlueprint("buyers_api", __name__, url_prefix="/api/v1/buyers", speaks="techfleet", area="merchant")

READ, WRITE = "customers:read", "customers:write"
_NEVER_EMPTY = ("name", "terms_days", "tax_exempt", "notes")


@field_api.operation("GET", "", needs=READ, answer=CustomerJson, shape="many", query=CustomerListQuery)
def customer_list(by: Principal, page: PageRequest, query: CustomerListQuery) -> Many[CustomerRow]:
    """List customers"""
    return Many(queries.customer_page(by, CustomerFilter(typed=query.search.strip()), page), _customer)


@field_api.operation("POST", "", needs=WRITE, answer=CustomerDetailJson, status=201, body=NewCustomerBody)
def customer_create(by: Principal, body: NewCustomerBody) -> One[Mapping[str, Any]]:
    """Create a customer"""
    sent = body.model_dump()
    facts = CustomerFacts(credit_limit=sent.pop("credit_limit_cents"), **sent)
    return _detail(by, service.create_customer(by, facts).number)


@field_api.operation("GET", "/<int:customer_id>", needs=READ, answer=CustomerDetailJson)
def customer_show(by: Principal, customer_id: int) -> One[Mapping[str, Any]]:
    """Get a customer"""
    return _detail(by, customer_id)


@field_api.operation("PATCH", "/<int:customer_id>", needs=WRITE, answer=CustomerDetailJson, body=CustomerChangeBody)
def customer_change(by: Principal, customer_id: int, body: CustomerChangeBody) -> One[Mapping[str, Any]]:
    """Change a customer"""
    sent = body.model_dump(exclude_unset=True)
    version = sent.pop("version", None)
    for name in _NEVER_EMPTY:
        if name in sent and sent[name] is None:
            raise Invalid.field(name, f"Field '{name}' cannot be null")
    if "credit_limit_cents" in sent:
        sent["credit_limit"] = sent.pop("credit_limit_cents")
    service.change_customer(by, customer_id, sent, version=version)
    return _detail(by, customer_id)


@buyers_api.operation("GET", "", needs=READ, answer=BuyerJson, shape="many", query=CustomerListQuery)
def buyer_list(by: Principal, page: PageRequest, query: CustomerListQuery) -> Many[CustomerRow]:
    """List buyers"""
    return Many(queries.customer_page(by, CustomerFilter(typed=query.search.strip()), page), _buyer)


def _detail(by: Principal, number: int) -> One[Mapping[str, Any]]:
    customer = queries.show_customer(by, number)
    successor = queries.successor_of(by, customer)
    shown = {
        **_columns(customer, CustomerJson, number),
        "addresses": [_columns(place, AddressJson) for place in queries.addresses_of(by, customer.id)],
        "merged_into_id": None if successor is None else successor.number,
    }
    return One(shown, lambda row, _: row)


def _customer(customer: CustomerRow, _: Dialect) -> Mapping[str, Any]:
    return _columns(customer, CustomerJson, customer.number)


def _buyer(customer: CustomerRow, _: Dialect) -> Mapping[str, Any]:
    return _columns(customer, BuyerJson, customer.public_id)


def _columns(
    row: CustomerRow | CustomerAddress, shape: type[CustomerJson | AddressJson | BuyerJson], outer_id: object = None
) -> dict[str, Any]:
    """The columns that `shape` names; the id and the credit limit go by other names there."""
    renamed = {"credit_limit_cents": "credit_limit"}
    shown = {name: getattr(row, renamed.get(name, name)) for name in shape.model_fields if name != "id"}
    return shown if outer_id is None else {"id": outer_id, **shown}
