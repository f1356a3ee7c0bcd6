"""The tracking page: what anybody with the link sees, and that nobody else sees anything."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from dashboard.core.db import db, reads
from dashboard.orders import queries, service
from dashboard.orders.models import Order
from dashboard.orders.service import Address, Wanted
from tests.conftest import Api, Merchants
from tests.inventory.shop import Shop, open_shop

ADDRESS = Address("77 Hidden Lane", "Tampa", "33601", "US", "FL", name="Jane Doe")


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 5)
    return shop


def placed(shop: Shop) -> Order:
    lines = [Wanted(product="PROD-GPU-1", quantity=2)]
    order = service.place(shop.by, customer=shop.buyer.public_id, lines=lines, door="page", address=ADDRESS)
    found = reads(shop.by).get_one(Order, order.id)
    db.session.expunge_all()
    return found


def without_request_id(page: str) -> str:
    """A page, what differs from request to request taken out."""
    page = re.sub(r"req_[0-9a-f]+", "", page)
    return re.sub(r'(name="csrf[-_]token" (?:content|value)=")[^"]+', r"\1", page)


def test_who_has_the_link_sees_how_far_it_is_and_nothing_else(client: FlaskClient, shop: Shop) -> None:
    order = placed(shop)
    address = f"/track/{order.code}?key={order.tracking_token}"
    service.confirm(shop.by, order.id)
    (line,) = queries.show_order(shop.by, str(order.code)).lines
    service.ship(shop.by, order.id, carrier="UPS", tracking_number="1Z999", lines={line.id: 1})
    service.ship(shop.by, order.id, carrier="DHL", tracking_number="JD01")
    db.session.remove()
    answer = client.get(address)
    text = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200
    for expected in (order.code, "First Inc.", "On its way", "UPS", "1Z999", "DHL", "JD01", "Expected by"):
        assert expected in text, expected
    for secret in ("$", "1,599", "Hidden Lane", "Tampa", "Jane", "PhoneVault", "RTX", "GPU-1"):
        assert secret not in text, secret
    assert answer.headers["Referrer-Policy"] == "same-origin"  # the address is the key
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_wrong_key_is_answered_like_an_order_that_does_not_exist(
    client: FlaskClient, shop: Shop, merchants: Merchants
) -> None:
    order, other = placed(shop), placed(shop)
    db.session.remove()
    unknown = client.get("/track/ORD-2026-99999?key=nothing-like-it")
    assert unknown.status_code == 404
    for address in (
        f"/track/{order.code}?key=wrong",
        f"/track/{order.code}",
        f"/track/{order.code}?key=",
        f"/track/{order.code}?key={other.tracking_token}",
        f"/track/{other.code}x?key={other.tracking_token}",
        f"/track/{order.code}?key={'x' * 5000}",
        f"/track/%F0%9F%98%80?key={order.tracking_token}",
    ):
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert without_request_id(answer.get_data(as_text=True)) == without_request_id(
            unknown.get_data(as_text=True)
        ), address


def test_two_businesses_with_the_same_number_keep_their_orders_apart(
    client: FlaskClient, shop: Shop, merchants: Merchants
) -> None:
    ours = placed(shop)
    their_shop = open_shop(merchants.charlie)
    their_shop.add_pieces(their_shop.part, 5)
    theirs = placed(their_shop)
    assert ours.code == theirs.code
    service.cancel(merchants.charlie, theirs.id)
    db.session.remove()
    mine = client.get(f"/track/{ours.code}?key={ours.tracking_token}").get_data(as_text=True)
    other = client.get(f"/track/{theirs.code}?key={theirs.tracking_token}").get_data(as_text=True)
    assert ("First Inc." in mine, "Cancelled" in mine) == (True, False)
    assert ("Second Inc." in other, "Cancelled" in other) == (True, True)


def test_the_link_that_the_api_gives_leads_there(client: FlaskClient, api: Api, shop: Shop) -> None:
    order = placed(shop)
    db.session.remove()
    told = api.get(f"/v1/orders/{order.code}").get_json()
    url = (told.get("data") or told)["tracking_url"]
    assert client.get(url[url.index("/track/") :]).status_code == 200
