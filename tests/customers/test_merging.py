"""Two records become one: what moves, what stays, and orders that are placed in the same instant."""

from functools import partial
from threading import Event as Signal
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy import text as sql

from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.events import Event
from dashboard.customers import queries, service
from dashboard.customers.models import Customer
from dashboard.customers.service import Address, CustomerFacts
from dashboard.orders import service as orders
from dashboard.orders.models import CustomerPrice, Order, OrderDraft
from dashboard.orders.service import Wanted
from tests.conftest import FULL, Merchants
from tests.customers.racing import refusals, together
from tests.inventory.shop import Shop, open_shop

HOME = Address("1 Main St", "Tampa", "33601", "US", "FL")
ROUNDS = 50 if FULL else 8


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def add(shop: Shop, name: str, **facts: str) -> Customer:
    return service.create_customer(shop.by, CustomerFacts(name, **facts))  # pyright: ignore[reportArgumentType]


def order_for(shop: Shop, customer: Customer) -> int:
    lines = [Wanted(product="PROD-WORK-1")]
    return orders.place(shop.by, customer=customer.public_id, lines=lines, door="page").id


def test_everything_moves_and_nothing_is_lost(shop: Shop) -> None:
    stays, goes = (
        add(shop, "Jane", notes="Nice"),
        add(shop, "Jane D.", email="j@example.com", notes="Pays late", company="Doe"),
    )
    order = order_for(shop, goes)
    orders.set_customer_price(shop.by, goes.number, "GPU-1", 100)
    orders.set_customer_price(shop.by, goes.number, "CAB-1", 5)
    orders.set_customer_price(shop.by, stays.number, "CAB-1", 7)
    first = service.add_address(shop.by, stays.number, HOME)
    second = service.add_address(shop.by, goes.number, HOME)
    merged = service.merge_customers(shop.by, into=stays.number, gone=goes.number)
    assert set(merged.taken_over) == {"email", "company", "notes"}
    session = reads(shop.by)
    assert session.get_one(Order, order).customer_id == stays.id
    places = {each.id: (each.ships, each.bills) for each in queries.addresses_of(shop.by, stays.id)}
    assert places == {first.id: (True, True), second.id: (False, False)}
    now = queries.show_customer(shop.by, stays.number)
    assert (now.email, now.email_key, now.company) == ("j@example.com", "j@example.com", "Doe")
    assert now.notes == "Nice\n\nPays late"
    assert [each.id for each in queries.find_customers(shop.by, "doe")] == [stays.id]
    gone = queries.show_customer(shop.by, goes.number)
    assert (gone.merged_into_id, gone.email) == (stays.id, "j@example.com")
    prices = {row.price: row.customer_id for row in session.scalars(select(CustomerPrice))}
    assert prices == {100: stays.id, 7: stays.id, 5: goes.id}
    assert session.scalar(select(func.count(Event.id)).where(Event.name == "customer.merged")) == 1


def test_an_order_that_is_being_typed_moves_along(shop: Shop) -> None:
    stays, goes = add(shop, "A"), add(shop, "B")
    with atomic(shop.by) as session:
        session.add(
            OrderDraft(
                public_id="d",
                actor=shop.by.label,
                customer_id=goes.id,
                created_at=goes.created_at,
                updated_at=goes.created_at,
            )
        )
    service.merge_customers(shop.by, into=stays.number, gone=goes.number)
    assert reads(shop.by).scalar(select(OrderDraft.customer_id)) == stays.id


def test_records_merged_before_name_the_last_successor(shop: Shop) -> None:
    a, b, c = add(shop, "A"), add(shop, "B"), add(shop, "C")
    service.merge_customers(shop.by, into=b.number, gone=a.number)
    service.merge_customers(shop.by, into=c.number, gone=b.number)
    assert {queries.show_customer(shop.by, each.number).merged_into_id for each in (a, b)} == {c.id}
    with pytest.raises(Conflict):
        service.merge_customers(shop.by, into=c.number, gone=a.number)
    with pytest.raises(Conflict):
        service.merge_customers(shop.by, into=a.number, gone=c.number)
    with pytest.raises(Invalid):
        service.merge_customers(shop.by, into=c.number, gone=c.number)
    with pytest.raises(NotFound):
        service.merge_customers(shop.by, into=c.number, gone=999)


def test_no_order_is_left_with_a_record_that_was_merged_meanwhile(app: Flask, shop: Shop) -> None:
    for _ in range(ROUNDS):
        stays, goes = add(shop, "Stays"), add(shop, "Goes")
        placed = together(
            app,
            partial(service.merge_customers, shop.by, into=stays.number, gone=goes.number),
            partial(order_for, shop, goes),
            partial(order_for, shop, goes),
        )[1:]
        for refused in refusals(placed):
            assert isinstance(refused, Invalid)
        session = reads(shop.by)
        made = [each for each in placed if isinstance(each, int)]
        assert [session.get_one(Order, each).customer_id for each in made] == [stays.id] * len(made)


@pytest.mark.postgres
def test_an_order_that_waited_for_the_merge_follows_the_successor(app: Flask, shop: Shop) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("On SQLite commands run one after the other.")
    stays, goes = add(shop, "Stays"), add(shop, "Goes")
    placed: list[int] = []
    merged, done = Signal(), Signal()

    def place() -> None:
        with app.app_context():
            merged.wait(timeout=30)
            placed.append(order_for(shop, goes))
            db.session.remove()
            done.set()

    rival = Thread(target=place)
    rival.start()
    waiting = sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with atomic(shop.by):
        service.merge_customers(shop.by, into=stays.number, gone=goes.number)
        merged.set()
        with db.engine.connect() as connection:
            while not connection.scalar(waiting):
                assert not done.wait(0.01), "the order did not wait for the merge"
    rival.join(timeout=30)
    assert reads(shop.by).get_one(Order, placed[0]).customer_id == stays.id


def test_merges_of_each_other_and_in_a_ring_leave_one_record_each(app: Flask, shop: Shop) -> None:
    for _ in range(ROUNDS):
        a, b, c = (add(shop, name).number for name in ("A", "B", "C"))
        together(
            app,
            partial(service.merge_customers, shop.by, into=a, gone=b),
            partial(service.merge_customers, shop.by, into=b, gone=c),
            partial(service.merge_customers, shop.by, into=c, gone=a),
        )
        found = [queries.show_customer(shop.by, each) for each in (a, b, c)]
        live = [each for each in found if each.merged_into_id is None]
        assert len(live) == 1
        assert {each.merged_into_id for each in found if each.merged_into_id is not None} == {live[0].id}
