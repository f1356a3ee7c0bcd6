"""Customers over HTTP, in the words of K and F."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.accounts import service as accounts
from dashboard.accounts.roles import READ_SCOPES
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.customers import service
from dashboard.customers.service import Address, CustomerFacts
from tests.conftest import Api, Merchants

CUSTOMERS = "/api/v1/admin/customers"
JANE = {"name": "Jane Doe", "email": "jane@example.com", "phone": "(555) 123-4567", "credit_limit_cents": 50_000}


@pytest.fixture
def customers(merchants: Merchants) -> Merchants:
    for name in ("PhoneVault Inc.", "Jane Doe", "John Doe"):
        service.create_customer(merchants.alice, CustomerFacts(name))
    db.session.remove()
    return merchants


def test_the_documented_list_answers_in_pages(api: Api, customers: Merchants) -> None:
    answer = api.get(f"{CUSTOMERS}?page=1&limit=50")
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["ok"] is True
    told = body["data"]
    assert (told["total"], told["page"], told["limit"], told["total_pages"]) == (3, 1, 50, 1)
    assert [each["id"] for each in told["items"]] == [3, 2, 1]
    assert told["items"][2]["name"] == "PhoneVault Inc."
    assert [each["name"] for each in api.get(f"{CUSTOMERS}?page=2&limit=2").get_json()["data"]["items"]] == [
        "PhoneVault Inc."
    ]


def test_a_list_is_searched(api: Api, customers: Merchants) -> None:
    found = api.get(f"{CUSTOMERS}?search=doe").get_json()["data"]
    assert {each["name"] for each in found["items"]} == {"Jane Doe", "John Doe"}
    assert api.get(f"{CUSTOMERS}?search=%25").get_json()["data"]["items"] == []


def test_a_customer_is_created_shown_and_changed(api: Api, merchants: Merchants) -> None:
    made = api.post(CUSTOMERS, json=JANE)
    assert made.status_code == 201, made.json
    told = made.get_json()["data"]
    assert {name: told[name] for name in JANE} == JANE
    assert (told["id"], told["version"], told["addresses"], told["merged_into_id"]) == (1, 1, [], None)
    changed = api.call("PATCH", f"{CUSTOMERS}/1", json={"phone": None, "terms_days": 30, "version": 1})
    assert changed.status_code == 200, changed.json
    now = api.get(f"{CUSTOMERS}/1").get_json()["data"]
    assert (now["phone"], now["terms_days"], now["email"], now["version"]) == (None, 30, "jane@example.com", 2)


def test_who_changes_an_old_version_is_told_what_it_says_now(api: Api, merchants: Merchants) -> None:
    api.post(CUSTOMERS, json=JANE)
    api.call("PATCH", f"{CUSTOMERS}/1", json={"name": "Jane Roe"})
    late = api.call("PATCH", f"{CUSTOMERS}/1", json={"name": "Jane Poe", "version": 1})
    assert late.status_code == 409
    error = late.get_json()["error"]
    assert (error["code"], error["theirs"], error["version"]) == ("CHANGED_MEANWHILE", {"name": "Jane Roe"}, 2)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": 7},
        {"name": "J", "email": "nobody"},
        {"name": "J", "terms_days": 366},
        {"name": "J", "terms_days": "30"},
        {"name": "J", "credit_limit_cents": 1.5},
        {"name": "J", "credit_limit_cents": -1},
        {"name": "J\u0000"},
    ],
)
def test_what_cannot_be_is_refused(api: Api, merchants: Merchants, body: dict[str, Any]) -> None:
    answer = api.post(CUSTOMERS, json=body)
    assert answer.status_code == 422, answer.json
    assert answer.get_json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("name", ["name", "terms_days", "tax_exempt", "notes"])
def test_what_is_always_known_cannot_be_emptied(api: Api, customers: Merchants, name: str) -> None:
    assert api.call("PATCH", f"{CUSTOMERS}/1", json={name: None}).status_code == 422


def test_a_merged_record_names_its_successor_and_is_in_no_list(api: Api, customers: Merchants) -> None:
    service.add_address(customers.alice, 3, Address("1 Main St", "Tampa", "33601", "US", "FL"))
    service.merge_customers(customers.alice, into=2, gone=3)
    db.session.remove()
    assert api.get(f"{CUSTOMERS}/3").get_json()["data"]["merged_into_id"] == 2
    assert [each["street"] for each in api.get(f"{CUSTOMERS}/2").get_json()["data"]["addresses"]] == ["1 Main St"]
    assert api.get(CUSTOMERS).get_json()["data"]["total"] == 2
    assert api.call("PATCH", f"{CUSTOMERS}/3", json={"name": "X"}).status_code == 409


def test_a_repeated_request_creates_once(api: Api, merchants: Merchants) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = (api.post(CUSTOMERS, json=JANE, headers=key) for _ in range(2))
    assert first.get_json()["data"] == second.get_json()["data"]
    assert api.get(CUSTOMERS).get_json()["data"]["total"] == 1


def test_strangers_to_it_find_nothing_and_readers_write_nothing(
    client: FlaskClient, api: Api, customers: Merchants
) -> None:
    other = Api(client, accounts.create_key(SYSTEM, customers.other_tenant, name="other").secret)
    reader = Api(client, accounts.create_key(SYSTEM, customers.tenant, name="reader", scopes=READ_SCOPES).secret)
    assert other.get(f"{CUSTOMERS}/1").status_code == 404
    assert other.get(CUSTOMERS).get_json()["data"]["total"] == 0
    assert reader.get(f"{CUSTOMERS}/1").status_code == 200
    assert reader.post(CUSTOMERS, json=JANE).status_code == 403
    assert api.get(f"{CUSTOMERS}/999").status_code == 404


def test_buyers_answer_in_the_words_of_f(api: Api, customers: Merchants) -> None:
    body = api.get("/api/v1/buyers?search=phonevault").get_json()
    (buyer,) = body["data"]
    assert buyer["name"] == "PhoneVault Inc."
    assert buyer["id"].startswith("buy_")
    assert body["meta"]["total"] == 1
