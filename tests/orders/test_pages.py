"""The pages of orders after they were placed, as a browser sees them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from benchmarks.counting import statements_of
from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.db import db
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.orders import queries, service
from dashboard.orders.service import Rate, Wanted
from tests.conftest import Merchants, inputs, sign_in, token_at
from tests.inventory.shop import Shop, imei, open_shop

HTMX = {"HX-Request": "true"}
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIRST = "/orders/ORD-2026-00001"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    """A business that has placed an order of a phone and three cables."""
    shop = open_shop(merchants.alice)
    shop.add_units(2)
    shop.add_pieces(shop.cable, 100)
    place(shop, Wanted(unit="inv_1"), Wanted(product="PROD-CAB-1", quantity=3))
    db.session.remove()
    return shop


@pytest.fixture
def alice(client: FlaskClient, shop: Shop) -> FlaskClient:
    sign_in(client, "alice", "FIRST")
    return client


def place(shop: Shop, *lines: Wanted, door: str = "page", customer: str = "") -> service.Placed:
    return service.place(shop.by, customer=customer or shop.buyer.public_id, lines=lines, door=door)


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, url: str, **data: Any) -> TestResponse:
    named = {name.replace("__", "-"): value for name, value in data.items()}
    return client.post(url, data={"csrf_token": token_at(client, "/orders"), **named})


def lines_of(shop: Shop, code: str = "ORD-2026-00001") -> list[int]:
    found = [line.id for line in queries.show_order(shop.by, code).lines]
    db.session.remove()
    return found


def codes(page: str) -> list[str]:
    """Numbers of the orders that a list shows, in its order."""
    return [part.split('"')[0] for part in page.split('href="/orders/')[1:] if part.startswith("ORD-")]


def test_an_order_goes_its_way_by_forms(alice: FlaskClient, shop: Shop) -> None:
    page = text(alice.get(FIRST))
    assert "Held until 12:15" in page
    assert f"IMEI {imei(1)}" in page
    assert send(alice, f"{FIRST}/confirm").status_code == 303
    phone, cables = lines_of(shop)
    parcel: dict[str, Any] = {f"pieces-{phone}": "1", f"pieces-{cables}": "0", "ship-carrier": "UPS"}
    assert send(alice, f"{FIRST}/ship", **parcel).status_code == 303
    assert "Packing slip of parcel 1" in text(alice.get(FIRST))
    assert send(alice, f"{FIRST}/ship", **{f"pieces-{cables}": "3", "ship-tracking_number": "1Z9"}).status_code == 303
    assert send(alice, f"{FIRST}/deliver").status_code == 303
    paid = send(alice, f"{FIRST}/payments", payment__way="in", payment__amount="$578.97", payment__method="card")
    assert paid.status_code == 303
    back: dict[str, Any] = {
        "return-line": str(phone), "return-quantity": "1", "return-outcome": "restock", "return-reason": "Too small",
        "return-refund": "549.00", "return-method": "card",
    }  # fmt: skip
    assert send(alice, f"{FIRST}/returns", **back).status_code == 303
    page = text(alice.get(FIRST))
    for expected in (
        "Delivered", "RMA-2026-00001", "Too small", "-$549.00", "Refunded", "Returned", "1Z9", "Confirmed",
    ):  # fmt: skip
        assert expected in page, expected
    assert "Cancel the order" not in page
    assert queries.account_of(shop.by, queries.show_order(shop.by, "ORD-2026-00001").id).balance == 0


def test_a_hold_is_extended_once_and_its_reason_kept(alice: FlaskClient, shop: Shop) -> None:
    refused = send(alice, f"{FIRST}/extend", extend__minutes="15", extend__reason="")
    assert refused.status_code == 422
    assert "Say why the hold should last longer." in text(refused)
    assert send(alice, f"{FIRST}/extend", extend__minutes="30", extend__reason="They fetch cash").status_code == 303
    page = text(alice.get(FIRST))
    assert "Held until 12:45" in page
    assert "until 12:45 · They fetch cash" in page
    assert "Hold it longer" not in page
    again = send(alice, f"{FIRST}/extend", extend__minutes="30", extend__reason="More")
    assert again.status_code == 409


def test_what_is_refused_stands_beside_its_field_with_what_was_typed(alice: FlaskClient, shop: Shop) -> None:
    send(alice, f"{FIRST}/confirm")
    phone, cables = lines_of(shop)
    late = send(alice, f"{FIRST}/ship", **{f"pieces-{phone}": "1", f"pieces-{cables}": "4", "ship-carrier": "UPS"})
    assert late.status_code == 422
    assert "3 of 'Cable' are left to send, not 4." in text(late)
    assert inputs(text(late))["ship-carrier"] == "UPS"
    assert inputs(text(late))[f"pieces-{cables}"] == "4"
    assert send(alice, f"{FIRST}/ship", **{f"pieces-{phone}": "one"}).status_code == 422
    assert send(alice, f"{FIRST}/ship").status_code == 422
    much = send(alice, f"{FIRST}/payments", payment__way="in", payment__amount="600", payment__method="cash")
    assert much.status_code == 422
    assert "Only $578.97 is still due on this order." in text(much)
    assert inputs(text(much))["payment-amount"] == "600"
    for amount in ("-5", "1.001", "a lot", "", "1e9"):
        wrong = send(alice, f"{FIRST}/payments", payment__way="in", payment__amount=amount, payment__method="cash")
        assert wrong.status_code == 422, amount
    assert queries.payments_of(shop.by, queries.show_order(shop.by, "ORD-2026-00001").id) == []


def test_a_form_that_is_sent_twice_pays_once(alice: FlaskClient, shop: Shop) -> None:
    shown = inputs(text(alice.get(FIRST)))
    data = {
        "csrf_token": shown["csrf_token"], "idempotency_key": shown["idempotency_key"], "payment-way": "in",
        "payment-amount": "100", "payment-method": "cash",
    }  # fmt: skip
    assert [alice.post(f"{FIRST}/payments", data=data).status_code for _ in range(2)] == [303, 303]
    order = queries.show_order(shop.by, "ORD-2026-00001")
    assert [each.amount for each in queries.payments_of(shop.by, order.id)] == [10_000]


def test_a_lapsed_order_says_so_and_offers_nothing(alice: FlaskClient, shop: Shop) -> None:
    with clock.frozen(NOON + timedelta(minutes=15)):
        page = text(alice.get(FIRST))
        assert "The hold lapsed before anybody confirmed it." in page
        assert f'{FIRST}/confirm"' not in page
        late = send(alice, f"{FIRST}/confirm")
        assert late.status_code == 409
        assert "The hold of this order has lapsed." in text(late)


def test_cancelling_asks_for_nothing_and_says_why(alice: FlaskClient, shop: Shop) -> None:
    assert send(alice, f"{FIRST}/cancel", cancel__reason="Changed their mind").status_code == 303
    assert "Changed their mind" in text(alice.get(FIRST))


def test_the_list_narrows_by_what_stands_in_the_address(alice: FlaskClient, shop: Shop) -> None:
    jane = create_customer(shop.by, CustomerFacts("Jane Doe", phone="555 123 4567"))
    with clock.frozen(NOON + timedelta(days=1)):
        second = place(shop, Wanted(unit="inv_2"), door="device_api", customer=jane.public_id)
    db.session.remove()
    number, other = second.code, "ORD-2026-00001"

    def found(query: str) -> list[str]:
        return codes(text(alice.get(f"/orders{query}")))

    assert found("") == [number, other]
    assert found("?status=pending") == [number, other]
    assert found("?status=shipped") == []
    assert found("?door=device_api") == [number]
    assert found("?from=2026-03-11&to=2026-03-11") == [number]
    assert found("?to=2026-03-10") == [other]
    assert found(f"?customer={jane.number}") == [number]
    assert found("?q=2") == [number]
    assert found("?q=ord-2026-00001") == [other]
    assert found(f"?q={imei(1)}") == [other]
    assert found("?q=jane") == [number]
    assert found("?q=5551234") == [number]
    assert found("?q=nobody") == []
    with clock.frozen(NOON + timedelta(minutes=20)):
        assert found("?status=cancelled") == [other]
        assert found("?status=pending") == [number]
        assert ">Cancelled</span>" in text(alice.get("/orders?q=ord-2026-00001"))
    assert ">Cancelled</span>" not in text(alice.get("/orders?q=ord-2026-00001"))
    assert "Remove filter Customer: Jane Doe" in text(alice.get(f"/orders?customer={jane.number}"))
    for wrong in ("status=lost", "door=window", "from=yesterday", "customer=x", "after=nonsense", "from=0001-01-01"):
        assert alice.get(f"/orders?{wrong}").status_code == 422, wrong
    assert alice.get("/orders?customer=99").status_code == 404


def test_the_list_goes_on_where_it_had_got_to(alice: FlaskClient, shop: Shop) -> None:
    for _ in range(55):
        place(shop, Wanted(product="PROD-WORK-1"))
    db.session.remove()
    first = text(alice.get("/orders"))
    more = first.split('hx-get="')[-1].split('"')[0]
    assert more.startswith("/orders?after=")
    rest = text(alice.get(more, headers=HTMX))
    assert "<html" not in rest
    seen = codes(first) + codes(rest)
    assert seen == [f"ORD-2026-{number:05d}" for number in range(56, 0, -1)]
    assert "Back to the newest orders" in text(alice.get(more))


def test_the_list_costs_the_same_however_long_it_is(alice: FlaskClient, shop: Shop) -> None:
    alice.get("/orders")
    with statements_of(alice.application) as few:
        alice.get("/orders")
    for _ in range(30):
        place(shop, Wanted(product="PROD-WORK-1"))
    db.session.remove()
    with statements_of(alice.application) as many:
        alice.get("/orders")
    assert len(many) == len(few) <= 8


def test_the_shell_counts_finds_and_sums_up(alice: FlaskClient, shop: Shop) -> None:
    home = text(alice.get("/"))
    assert 'class="count">1</span>' in home
    assert "Waiting for confirmation" in home
    assert "$578.97" in home
    assert FIRST in text(alice.get(f"/search?q={imei(1)}", headers=HTMX))
    assert FIRST in text(alice.get("/search?q=phonevault", headers=HTMX))


def test_the_customers_page_shows_orders_and_where_they_move(alice: FlaskClient, shop: Shop) -> None:
    assert FIRST in text(alice.get("/customers/1"))
    other = create_customer(shop.by, CustomerFacts("PhoneVault Inc"))
    db.session.remove()
    assert "Orders that move: <strong>1</strong>" in text(alice.get(f"/customers/{other.number}/merge?with=1"))


def test_shipping_rates_are_a_table_that_orders_pay_by(alice: FlaskClient, shop: Shop, merchants: Merchants) -> None:
    at = "/settings/shipping"
    assert "Sending is free" in text(alice.get(at))
    data = {"name": "Ground", "country": "", "from_subtotal": "0", "amount": "9.95"}
    assert send(alice, at, **data).status_code == 303
    twice = send(alice, at, **data)
    assert twice.status_code == 422
    assert "There is a rate from this order value on already." in text(twice)
    assert inputs(text(twice))["amount"] == "9.95"
    assert send(alice, at, **data | {"from_subtotal": "50", "amount": "0"}).status_code == 303
    assert send(alice, at, **data | {"name": ""}).status_code == 422
    (first, second) = service.list_rates(merchants.alice)
    assert (first.amount, second.from_subtotal) == (995, 5_000)
    db.session.remove()
    assert inputs(text(alice.get(f"{at}/{first.id}")))["amount"] == "9.95"
    assert send(alice, f"{at}/{first.id}", **data | {"amount": "12"}).status_code == 303
    assert send(alice, f"{at}/{first.id}", **data | {"from_subtotal": "50"}).status_code == 422
    assert send(alice, f"{at}/{second.id}/remove").status_code == 303
    assert [each.amount for each in service.list_rates(merchants.alice)] == [1_200]
    with pytest.raises(Exception, match="settings:manage"):
        service.save_rate(merchants.bob, Rate("X", None, 0, 1))


def test_who_reads_sees_no_ways_to_write(client: FlaskClient, shop: Shop) -> None:
    sign_in(client, "bob", "FIRST")
    page = text(client.get(FIRST))
    assert "iPhone 14 Pro" in page
    for action in ("confirm", "cancel", "payments", "extend"):
        assert f'{FIRST}/{action}"' not in page
    assert client.get("/settings/shipping").status_code == 403


def test_another_business_finds_nothing(client: FlaskClient, shop: Shop) -> None:
    sign_in(client, "charlie", "SECOND")
    assert "No orders yet" in text(client.get("/orders"))
    assert client.get(FIRST).status_code == 404
    assert send(client, f"{FIRST}/confirm").status_code == 404


def test_the_hold_of_another_day_names_the_day(alice: FlaskClient, shop: Shop, merchants: Merchants) -> None:
    accounts.change_settings(merchants.alice, {"parts_hold_minutes": 1440})
    parts = place(shop, Wanted(product="PROD-CAB-1"), door="parts_api")
    db.session.remove()
    assert "Held until 11 Mar, 12:00" in text(alice.get(f"/orders/{parts.code}"))
