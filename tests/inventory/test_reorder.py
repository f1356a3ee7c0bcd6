"""What runs low is reordered by itself, at most once per product and supplier."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dashboard.core.context import Principal
from dashboard.core.db import atomic, db, reads
from dashboard.inventory.models import Product, PurchaseOrder, PurchaseOrderLine
from dashboard.inventory.service import purchasing
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.products import ProductFacts, change_product, create_product
from dashboard.inventory.service.purchasing import Arrived
from dashboard.inventory.service.suppliers import SupplierFacts, create_supplier
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


@pytest.fixture
def washer(shop: Shop) -> Product:
    """Twenty washers; under ten, fifty are reordered."""
    supplier = create_supplier(shop.by, SupplierFacts("Acme Parts"))
    facts = ProductFacts("WASH", "Washer", "counted", 100, cost=40, min_stock=10, reorder_quantity=50,
                         auto_reorder=True, supplier_id=supplier.id)  # fmt: skip
    product = create_product(shop.by, facts)
    shop.add_pieces(product, 20)
    return product


def sell(by: Principal, shop: Shop, product: Product, pieces: int) -> None:
    post_pieces(by, [Move(product.id, shop.place.id, -pieces, "sell")])


def lines(shop: Shop) -> list[PurchaseOrderLine]:
    return list(reads(shop.by).scalars(select(PurchaseOrderLine).order_by(PurchaseOrderLine.id)))


def test_the_crossing_drafts_an_order_and_lying_below_drafts_no_second(shop: Shop, washer: Product) -> None:
    sell(shop.by, shop, washer, 10)
    assert lines(shop) == []
    sell(shop.by, shop, washer, 1)
    sell(shop.by, shop, washer, 3)
    (line,) = lines(shop)
    assert (line.quantity, line.unit_cost, line.reorder) == (50, 40, True)
    order = reads(shop.by).scalars(select(PurchaseOrder)).one()
    assert (order.status, order.supplier_id) == ("draft", washer.supplier_id)


def test_a_second_crossing_waits_for_the_first_order(shop: Shop, washer: Product) -> None:
    sell(shop.by, shop, washer, 11)
    shop.add_pieces(washer, 5)
    sell(shop.by, shop, washer, 5)
    assert len(lines(shop)) == 1


@pytest.mark.parametrize("how", ["received", "cancelled"])
def test_once_that_order_has_ended_the_next_crossing_reorders(shop: Shop, washer: Product, how: str) -> None:
    sell(shop.by, shop, washer, 11)
    (line,) = lines(shop)
    if how == "received":
        purchasing.receive_order(shop.by, 1, [Arrived(line.id, 50)])
        sell(shop.by, shop, washer, 50)
    else:
        purchasing.cancel_order(shop.by, 1)
        shop.add_pieces(washer, 5)
        sell(shop.by, shop, washer, 5)
    assert len(lines(shop)) == 2


def test_whoever_sells_needs_no_right_to_buy(shop: Shop, washer: Product) -> None:
    sell(replace(shop.by, scopes=frozenset({"orders:write"})), shop, washer, 11)
    assert len(lines(shop)) == 1


def test_what_is_not_to_be_reordered_is_not(shop: Shop, washer: Product) -> None:
    change_product(shop.by, washer.id, {"auto_reorder": False})
    sell(shop.by, shop, washer, 11)
    assert lines(shop) == []


def test_a_sale_that_fails_reorders_nothing(shop: Shop, washer: Product) -> None:
    def fail() -> None:
        with atomic(shop.by):
            sell(shop.by, shop, washer, 11)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert lines(shop) == []


def test_the_database_refuses_a_second_open_line(shop: Shop, washer: Product) -> None:
    sell(shop.by, shop, washer, 11)
    (line,) = lines(shop)
    copy = {name: getattr(line, name) for name in ("purchase_order_id", "supplier_id", "product_id", "quantity")}

    def add() -> None:
        with atomic(shop.by) as session:
            session.add(PurchaseOrderLine(**copy, unit_cost=1, received=0, reorder=True, closed=False))

    with pytest.raises(IntegrityError):
        add()


def together(app: Flask, *jobs: Callable[[], None]) -> list[BaseException]:
    """Run jobs at once, each as a request of its own would; what they raised."""
    gate, raised = Barrier(len(jobs)), list[BaseException]()

    def run(job: Callable[[], None]) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                job()
            except Exception as error:  # noqa: BLE001 - a thread hands on whatever came
                raised.append(error)
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return raised


def test_many_crossings_at_once_leave_one_open_line(app: Flask, shop: Shop, washer: Product) -> None:
    """Four people sell two and put two back, again and again, just above the minimum."""
    sell(shop.by, shop, washer, 10)
    db.session.remove()

    def swing() -> None:
        for _ in range(8):
            sell(shop.by, shop, washer, 2)
            shop.add_pieces(washer, 2)

    assert together(app, swing, swing, swing, swing) == []
    assert len(lines(shop)) == 1


def test_two_crossings_at_the_same_instant_give_one_order(app: Flask, shop: Shop, washer: Product) -> None:
    """Two places, one minimum: each sale alone would cross it."""
    for _ in range(5):
        post_pieces(shop.by, [Move(washer.id, shop.other_place.id, 10, "receive")])
        post_pieces(shop.by, [Move(washer.id, shop.place.id, -10, "sell")])
        db.session.remove()
        raised = together(
            app,
            lambda: post_pieces(shop.by, [Move(washer.id, shop.other_place.id, -10, "sell")]),
            lambda: post_pieces(shop.by, [Move(washer.id, shop.place.id, -1, "sell")]),
        )
        assert raised == []
        assert len(lines(shop)) == 1
        post_pieces(shop.by, [Move(washer.id, shop.place.id, 11, "receive")])
