"""The order entry page over HTTP: each step with and without script, and what it says when it cannot be done."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.core.db import db
from dashboard.orders import service
from dashboard.orders.service import Wanted
from tests.conftest import Merchants, sign_in, token_at
from tests.inventory.shop import Shop, imei, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(2)
    shop.add_pieces(shop.cable, 10)
    db.session.remove()
    return shop


class Counter:
    """Somebody at the counter who enters an order."""

    def __init__(self, client: FlaskClient) -> None:
        sign_in(client, "alice", "FIRST")
        self.client = client
        self.address = "/orders/new/-"
        self.token = token_at(client, "/orders/new")

    def send(self, step: str, *, script: bool = False, **typed: str) -> TestResponse:
        headers = {"HX-Request": "true"} if script else {}
        answer = self.client.post(f"{self.address}/{step}", data={"csrf_token": self.token, **typed}, headers=headers)
        at = answer.headers.get("HX-Push-Url") or answer.headers.get("Location", "")
        if re.fullmatch(r"/orders/new/dft_\w+", at):
            self.address = at
        return answer

    def page(self) -> str:
        return self.client.get(self.address).get_data(as_text=True)


@pytest.fixture
def counter(client: FlaskClient, shop: Shop) -> Counter:
    assert shop.units
    return Counter(client)


@pytest.mark.parametrize("script", [True, False])
def test_an_order_is_entered_and_placed(counter: Counter, shop: Shop, *, script: bool) -> None:
    assert counter.send("scan", scan=imei(1), script=script).status_code == (200 if script else 303)
    counter.send("scan", scan="CAB-1", quantity="2", script=script)
    counter.send("customer", customer=shop.buyer.public_id, script=script)
    page = counter.page()
    assert "$568.98" in page
    assert "PhoneVault" in page
    answer = counter.send("place", script=script, country="")
    to = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    assert re.fullmatch(r"/orders/ord_\w+", to)
    assert counter.client.get(counter.address).status_code == 404


def test_what_is_not_known_is_said_and_stays_in_the_box(counter: Counter) -> None:
    answer = counter.send("scan", scan="352099001761480")
    assert answer.status_code == 422
    body = answer.get_data(as_text=True)
    assert 'value="352099001761480"' in body
    assert "Nothing is called" in body


def test_a_part_of_a_name_offers_what_could_be_meant(counter: Counter) -> None:
    answer = counter.send("scan", scan="iphone 14", script=True)
    assert answer.status_code == 200
    assert "2 available" in answer.get_data(as_text=True)
    offered = counter.client.get("/orders/new/-/offers?scan=cab").get_data(as_text=True)
    assert "10 available" in offered


def test_a_unit_that_is_held_says_by_whom_and_offers_the_nearest(counter: Counter, shop: Shop) -> None:
    placed = service.place(shop.by, customer=shop.buyer.code, lines=[Wanted(unit="inv_1")], door="page")
    db.session.remove()
    answer = counter.send("scan", scan=imei(1), script=True)
    assert answer.status_code == 409
    body = answer.get_data(as_text=True)
    assert f"Held by {placed.code} for PhoneVault Inc. until" in body
    assert "1 available" in body


def test_a_customer_is_found_and_one_is_added(counter: Counter) -> None:
    counter.send("scan", scan=imei(1))
    assert "PhoneVault" in counter.client.get(f"{counter.address}/buyers?buyer=phonev").get_data(as_text=True)
    refused = counter.send("quick-add", name="", email="nia@example.com", script=True)
    assert refused.status_code == 422
    assert 'value="nia@example.com"' in refused.get_data(as_text=True)
    counter.send("quick-add", name="Nia Stone", email="nia@example.com", script=True)
    assert "Nia Stone" in counter.page()


def test_an_address_that_is_not_whole_is_kept_and_refused_when_the_order_is_placed(
    counter: Counter, shop: Shop
) -> None:
    counter.send("scan", scan=imei(1))
    counter.send("customer", customer=shop.buyer.code)
    counter.send("note", street="1 Main St", country="US", notes="Ring twice")
    assert 'value="1 Main St"' in counter.page()
    answer = counter.send("place", street="1 Main St", country="US", notes="Ring twice", script=True)
    assert answer.status_code == 422
    body = answer.get_data(as_text=True)
    assert "Addresses in United States need the state." in body
    assert "Ring twice" in body


@pytest.mark.parametrize(("typed", "said"), [("0", "A quantity is"), ("1000", "A quantity is"), ("x", "whole number")])
def test_a_quantity_that_cannot_be_is_said(counter: Counter, typed: str, said: str) -> None:
    answer = counter.send("scan", scan="CAB-1", quantity=typed, script=True)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_a_viewer_enters_nothing(client: FlaskClient, shop: Shop) -> None:
    sign_in(client, "bob", "FIRST")
    assert client.get("/orders/new").status_code == 403
