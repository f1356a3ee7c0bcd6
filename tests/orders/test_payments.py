"""Money of an order: what is due is paid or is the balance, whatever happens and in whatever order."""

from functools import partial

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from dashboard.orders import queries, service
from dashboard.orders.models import OrderLine, OrderPayment
from dashboard.orders.service import Back, Wanted
from tests.conftest import FULL, Merchants
from tests.customers.racing import refusals, together
from tests.inventory.shop import Shop, open_shop

TOTAL = 3 * 999 + 8_000


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.cable, 5_000)
    return shop


def place(shop: Shop) -> int:
    """An order of three cables and an hour of work."""
    lines = [Wanted(product="PROD-CAB-1", quantity=3), Wanted(product="PROD-WORK-1")]
    return service.place(shop.by, customer=shop.buyer.public_id, lines=lines, door="page").id


def pay(shop: Shop, order: int, amount: int) -> OrderPayment:
    return service.record_payment(shop.by, order, amount=amount, method="cash", reference="R-1")


def test_a_balance_is_what_is_left(shop: Shop) -> None:
    order = place(shop)
    pay(shop, order, 1_000)
    pay(shop, order, -400)
    account = queries.account_of(shop.by, order)
    assert (account.due, account.paid, account.balance) == (TOTAL, 600, TOTAL - 600)
    assert [each.amount for each in queries.payments_of(shop.by, order)] == [1_000, -400]


@pytest.mark.parametrize(("paid", "amount"), [(0, TOTAL + 1), (TOTAL, 1), (500, -501), (0, -1), (0, 0)])
def test_nobody_pays_more_than_is_due_or_gets_back_more_than_was_paid(shop: Shop, paid: int, amount: int) -> None:
    order = place(shop)
    if paid:
        pay(shop, order, paid)
    with pytest.raises(Invalid) as refused:
        pay(shop, order, amount)
    assert refused.value.fields[0].field == "amount"
    assert queries.account_of(shop.by, order).paid == paid


def test_a_cancelled_order_takes_no_money_but_gives_it_back(shop: Shop) -> None:
    order = place(shop)
    pay(shop, order, 700)
    service.cancel(shop.by, order)
    assert queries.account_of(shop.by, order).balance == -700
    with pytest.raises(Conflict):
        pay(shop, order, 1)
    pay(shop, order, -700)
    assert queries.account_of(shop.by, order).balance == 0


def test_who_may_not_and_what_is_not_there(shop: Shop, merchants: Merchants) -> None:
    order = place(shop)
    with pytest.raises(NotAllowed):
        service.record_payment(merchants.bob, order, amount=1, method="cash")
    with pytest.raises(NotFound):
        service.record_payment(merchants.charlie, order, amount=1, method="cash")
    with pytest.raises(Invalid):
        service.record_payment(shop.by, order, amount=1, method="shells")
    with pytest.raises(Invalid):
        service.record_payment(shop.by, order, amount=1, method="cash", reference="x" * 81)


WAYS = ["return", "pay", "return", "refund", "confirm", "ship", "deliver", "pay", "return", "cancel"]
AMOUNTS = st.one_of(st.integers(1, 3_000), st.integers(1, TOTAL + 500))
STEPS = st.lists(st.tuples(st.sampled_from(WAYS), AMOUNTS, st.integers(1, 3)), min_size=5, max_size=12)
BEGINNINGS = st.sampled_from([[], [("confirm", 1, 1)], [("confirm", 1, 1), ("ship", 1, 1)]])
"""How far an order has come, so that every step is possible often enough."""


def step(shop: Shop, order: int, name: str, amount: int, pieces: int) -> None:
    if name in ("pay", "refund"):
        pay(shop, order, amount if name == "pay" else -amount)
    elif name == "return":
        lines = reads(shop.by).query(OrderLine).filter(OrderLine.order_id == order).order_by(OrderLine.id).all()
        back = Back(lines[pieces % 2].id, pieces, ("restock", "scrap", "repair")[pieces - 1], "Broken", amount, "cash")
        service.take_return(shop.by, order, back)
    else:
        getattr(service, name)(shop.by, order)


@settings(max_examples=200 if FULL else 30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BEGINNINGS, STEPS)
def test_what_is_due_is_paid_or_is_the_balance_after_any_sequence(
    shop: Shop, beginning: list[tuple[str, int, int]], steps: list[tuple[str, int, int]]
) -> None:
    order = place(shop)
    cancelled = False
    paid = credited = 0
    for name, amount, pieces in beginning + steps:
        before = queries.account_of(shop.by, order)
        try:
            step(shop, order, name, amount, pieces)
        except DomainError:
            assert queries.account_of(shop.by, order) == before
            continue
        if name in ("pay", "refund"):
            paid += amount if name == "pay" else -amount
        elif name == "return":
            credited += amount
            paid -= min(amount, max(paid - (0 if cancelled else TOTAL - credited), 0))
        cancelled = cancelled or name == "cancel"
        account = queries.account_of(shop.by, order)
        due = 0 if cancelled else TOTAL - credited
        assert (account.due, account.paid) == (due, paid)
        assert account.due == account.paid + account.balance
        assert account.paid >= 0
        assert account.balance >= 0 or cancelled or name == "return" or before.balance < 0
        assert sum(each.amount for each in queries.payments_of(shop.by, order)) == paid


def test_the_same_bill_paid_by_many_at_once_is_paid_once(app: Flask, shop: Shop) -> None:
    for _ in range(25 if FULL else 4):
        order = place(shop)
        results = together(app, *[partial(pay, shop, order, TOTAL)] * 6)
        assert len(refusals(results)) == 5
        assert all(isinstance(each, Invalid) for each in refusals(results))
        assert queries.account_of(shop.by, order).balance == 0


def test_the_same_money_given_back_by_many_at_once_goes_back_once(app: Flask, shop: Shop) -> None:
    for _ in range(25 if FULL else 4):
        order = place(shop)
        pay(shop, order, 900)
        results = together(app, *[partial(pay, shop, order, -600)] * 6)
        assert len(refusals(results)) == 5
        assert queries.account_of(shop.by, order).paid == 300
        db.session.remove()
