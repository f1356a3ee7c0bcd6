"""The pages of customers, as a browser sees them."""

from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.core.db import db
from dashboard.customers import queries, service
from dashboard.customers.service import CustomerFacts
from tests.conftest import Merchants, inputs, sign_in, token_at
from tests.inventory.shop import Shop, open_shop

HTMX = {"HX-Request": "true"}
ADDRESS = {"street": "1 Main St", "city": "Tampa", "state": "FL", "zip": "33601", "country": "US"}


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    """A business with a buyer (1), Jane (2) and a record that may be hers too (3)."""
    shop = open_shop(merchants.alice)
    service.create_customer(merchants.alice, CustomerFacts("Jane Doe", email="jane@example.com", phone="555 123 4567"))
    service.create_customer(merchants.alice, CustomerFacts("J. Doe", company="Doe & Sons", phone="(555) 123-4567"))
    db.session.remove()
    return shop


@pytest.fixture
def alice(client: FlaskClient, shop: Shop) -> FlaskClient:
    sign_in(client, "alice", "FIRST")
    return client


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, url: str, **data: Any) -> TestResponse:
    headers = data.pop("headers", {})
    return client.post(url, data={"csrf_token": token_at(client, "/customers/new"), **data}, headers=headers)


def test_the_list_narrows_by_what_stands_in_the_address(alice: FlaskClient) -> None:
    whole = text(alice.get("/customers"))
    assert all(name in whole for name in ("PhoneVault Inc.", "Jane Doe", "J. Doe"))
    found = text(alice.get("/customers?q=5551234567"))
    assert "PhoneVault Inc." not in found
    assert "Remove filter Search: 5551234567" in found
    nobody = text(alice.get("/customers?terms=yes&limit=no"))
    assert "No customer fits" in nobody
    assert "Remove filter Terms: Pays later" in nobody
    assert alice.get("/customers?terms=maybe").status_code == 422
    assert alice.get("/customers?after=nonsense").status_code == 422


def test_as_one_types_only_the_list_comes(alice: FlaskClient) -> None:
    found = text(alice.get("/customers?q=jane", headers=HTMX))
    assert "<html" not in found
    assert "Jane Doe" in found


def test_a_customer_is_added_and_what_was_typed_is_kept_when_refused(alice: FlaskClient, merchants: Merchants) -> None:
    refused = send(
        alice, "/customers/new", name="Ann", email="jane@example.com", terms_days="30", credit_limit="1,000.50"
    )
    assert refused.status_code == 422
    page = text(refused)
    assert "Jane Doe has this e-mail address already." in page
    assert inputs(page)["credit_limit"] == "1,000.50"
    wrong = send(alice, "/customers/new", name="Ann", terms_days="0", credit_limit="a lot")
    assert "Enter an amount, such as 49.90." in text(wrong)
    made = send(alice, "/customers/new", name="Ann", email="", terms_days="30", credit_limit="1,000.50")
    assert made.status_code == 303
    assert made.location == "/customers/4"
    ann = queries.show_customer(merchants.alice, 4)
    assert (ann.terms_days, ann.credit_limit, ann.tax_exempt) == (30, 100_050, False)
    assert "$1,000.50" in text(alice.get("/customers/4"))


def test_who_saves_on_top_of_another_sees_both_values_and_may_insist(alice: FlaskClient, merchants: Merchants) -> None:
    shown = inputs(text(alice.get("/customers/2/edit")))
    service.change_customer(merchants.alice, 2, {"phone": "111"})
    db.session.remove()
    mine = {name: shown[name] for name in ("name", "email", "terms_days", "version")} | {"phone": "222"}
    late = send(alice, "/customers/2/edit", **mine)
    assert late.status_code == 422
    page = text(late)
    assert "changed this to <strong>111</strong>" in page
    assert inputs(page)["phone"] == "222"
    assert send(alice, "/customers/2/edit", **mine | {"version": inputs(page)["version"]}).status_code == 303
    assert queries.show_customer(merchants.alice, 2).phone == "222"


def test_addresses_are_added_changed_and_removed(alice: FlaskClient, merchants: Merchants) -> None:
    refused = send(alice, "/customers/2/addresses", **ADDRESS | {"state": ""})
    assert refused.status_code == 422
    assert "Addresses in United States need the state." in text(refused)
    assert inputs(text(refused))["street"] == "1 Main St"
    assert send(alice, "/customers/2/addresses", **ADDRESS).status_code == 303
    (place,) = queries.addresses_of(merchants.alice, queries.show_customer(merchants.alice, 2).id)
    db.session.remove()
    at = f"/customers/2/addresses/{place.id}"
    assert inputs(text(alice.get(at)))["street"] == "1 Main St"
    assert send(alice, at, **ADDRESS | {"street": "2 Main St", "ships": "y"}).status_code == 303
    assert "2 Main St" in text(alice.get("/customers/2"))
    assert alice.get(f"/customers/3/addresses/{place.id}").status_code == 404
    assert send(alice, f"{at}/remove").status_code == 303
    assert "No address yet" in text(alice.get("/customers/2"))


def test_duplicates_are_offered_previewed_and_merged(alice: FlaskClient, merchants: Merchants) -> None:
    assert "J. Doe (customer 3)" in text(alice.get("/customers/2"))
    assert "phone number" in text(alice.get("/customers/duplicates"))
    preview = text(alice.get("/customers/2/merge?with=3"))
    assert "Orders that move: <strong>0</strong>" in preview
    assert "Company taken over: <strong>Doe & Sons</strong>" in preview
    assert send(alice, "/customers/2/merge", other="").status_code == 422
    assert send(alice, "/customers/2/merge", other="2").status_code == 422
    assert send(alice, "/customers/2/merge", other="999").status_code == 404
    assert send(alice, "/customers/2/merge", other="3").location == "/customers/2"
    assert "This record was merged into" in text(alice.get("/customers/3"))
    assert alice.get("/customers/3/edit").status_code == 409
    assert send(alice, "/customers/2/merge", other="3").status_code == 409
    assert "No duplicates" in text(alice.get("/customers/duplicates"))
    page = text(alice.get("/customers/2"))
    assert "J. Doe (customer 3) was put into this record" in page
    assert "Doe & Sons" in page


def test_a_customer_in_a_hurry_comes_back_as_name_and_id(alice: FlaskClient, merchants: Merchants) -> None:
    refused = send(alice, "/customers/quick", name="", phone="555", headers=HTMX)
    assert refused.status_code == 422
    assert inputs(text(refused))["phone"] == "555"
    made = send(alice, "/customers/quick", name="Walk-in", headers=HTMX)
    assert made.status_code == 200
    assert "Walk-in" in text(made)
    assert inputs(text(made))["customer"] == queries.show_customer(merchants.alice, 4).public_id


def test_own_prices_are_set_and_removed(alice: FlaskClient, merchants: Merchants) -> None:
    at = "/customers/2/prices"
    assert "There is no product with the SKU" in text(send(alice, at, product="NO-SUCH", price="1"))
    wrong = send(alice, at, product="cab-1", price="1.234")
    assert wrong.status_code == 422
    assert inputs(text(wrong))["product"] == "cab-1"
    assert send(alice, at, product="cab-1", price="7.50").status_code == 303
    assert send(alice, at, product="CAB-1", price="7.99").status_code == 303
    page = text(alice.get("/customers/2"))
    assert "$7.99" in page
    assert "CAB-1: $7.50 → $7.99" in page
    assert send(alice, "/customers/3/prices/1/remove").status_code == 404
    assert send(alice, f"{at}/1/remove").status_code == 303
    assert "Pays what everybody pays." in text(alice.get("/customers/2"))


def test_the_search_box_finds_customers(alice: FlaskClient) -> None:
    assert "/customers/2" in text(alice.get("/search?q=jane", headers=HTMX))


def test_who_reads_sees_no_ways_to_write(client: FlaskClient, shop: Shop) -> None:
    sign_in(client, "bob", "FIRST")
    page = text(client.get("/customers/2"))
    assert "Jane Doe" in page
    assert "Add an address" not in page
    assert "/customers/2/edit" not in page
    assert client.get("/customers/2/edit").status_code == 403


def test_another_business_finds_nobody(client: FlaskClient, shop: Shop) -> None:
    sign_in(client, "charlie", "SECOND")
    assert "No customers yet" in text(client.get("/customers"))
    assert client.get("/customers/2").status_code == 404
