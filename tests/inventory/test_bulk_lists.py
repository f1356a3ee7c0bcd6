"""Changing all that a list finds, and taking it back: at once or in the background."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from dashboard.core import jobs
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed
from dashboard.core.events import Event
from dashboard.core.jobs import Work
from dashboard.inventory.models import BulkChange, BulkChangeRow, Unit
from dashboard.inventory.queries import UnitFilter, count_units, show_unit
from dashboard.inventory.service import ProductFacts, UnitChange, bulk, bulk_lists, change_unit, create_product
from dashboard.inventory.service.bulk import Wanted
from dashboard.inventory.service.bulk_lists import change_list, preview_list, undo_change
from dashboard.inventory.service.claims import Holder, take
from tests.conftest import Merchants, inputs, sign_in, token_at
from tests.inventory.shop import Shop, open_shop

LIST = "/inventory/bulk/list"


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    facts = ProductFacts("IP-B", "iPhone B", "serialised", 40_000, model="iPhone 14 Pro", storage="256GB", grade="B")
    create_product(shop.by, facts)
    return shop


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of more than two units are work for the background."""
    monkeypatch.setattr(bulk_lists, "BATCH", 2)
    monkeypatch.setattr(bulk, "MOST", 2)


def prices(shop: Shop) -> list[int]:
    reads(shop.by).close()
    return list(reads(shop.by).scalars(select(Unit.price).order_by(Unit.id)))


def now(shop: Shop, change: BulkChange) -> BulkChange:
    reads(shop.by).close()
    return bulk_lists.get_change(shop.by, change.id)


def broken() -> list[str]:
    return [found.equation.says for found in audit(SYSTEM) if found.offenders]


def test_a_preview_counts_exactly_shows_the_first_and_changes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_lists, "SHOWN", 2)
    names = shop.add_units(5)
    take(shop.by, Holder("order", 1), units=[shop.units[names[0]]], until=None)
    found = preview_list(shop.by, UnitFilter(grades=("A",)), Wanted(grade="B"))
    assert (found.total, found.held) == (5, 1)
    assert [bool(row.problem) for row in found.sample.rows] == [True, False]
    assert show_unit(shop.by, names[1]).grade == "A"
    assert preview_list(shop.by, UnitFilter(status="available"), Wanted(price=1)).held == 0
    assert preview_list(shop.by, UnitFilter(status="held"), Wanted(price=1)).held == 1


def test_a_short_list_is_changed_at_once_and_what_stays_is_counted_by_reason(shop: Shop) -> None:
    names = shop.add_units(4)
    take(shop.by, Holder("order", 1), units=[shop.units[names[0]]], until=None)
    change = change_list(shop.by, UnitFilter(location="main"), Wanted(location_code=shop.other_place.code), seen=4)
    assert change.work_id is None
    report = now(shop, change).report
    assert (report["done"], report["changed"]) == (4, 3)
    ((why, stays),) = report["problems"].items()
    assert "held" in why
    assert (stays["count"], [unit for unit, _ in stays["units"]]) == (1, [names[0]])
    assert count_units(shop.by, UnitFilter(location=shop.other_place.code)) == 3
    assert broken() == []


@pytest.mark.usefixtures("small_batches")
def test_a_long_list_is_changed_in_the_background_each_unit_once_and_taken_back_so(shop: Shop) -> None:
    names = shop.add_units(5)
    change = change_list(shop.by, UnitFilter(min_price=1), Wanted(percent=10, grade="B"), seen=5)
    late = shop.add_units(1)  # after somebody said yes: not one of those that were meant
    assert prices(shop) == [54_900] * 6
    with pytest.raises(Conflict, match="still being worked on"):
        undo_change(shop.by, change.id)
    db.session.remove()
    jobs.run_due()
    assert prices(shop) == [60_390] * 5 + [54_900]
    assert show_unit(shop.by, late[0]).grade == "A"
    assert now(shop, change).report == {"done": 5, "changed": 5, "problems": {}}
    work = bulk_lists.work_of(shop.by, now(shop, change))
    assert work is not None
    assert (work.state, work.progress_done, work.progress_total) == ("done", 5, 5)
    change_unit(shop.by, names[2], UnitChange(price=100))
    assert undo_change(shop.by, change.id) is None
    db.session.remove()
    jobs.run_due()
    assert prices(shop) == [54_900, 54_900, 100, 54_900, 54_900, 54_900]
    after = now(shop, change)
    assert after.undone_at is not None
    assert (after.undo_report["changed"], sum(each["count"] for each in after.undo_report["problems"].values())) == (
        4,
        1,
    )
    assert show_unit(shop.by, names[0]).grade == "A"
    assert reads(shop.by).scalar(select(func.count()).select_from(BulkChangeRow)) == 0
    with pytest.raises(Conflict):
        undo_change(shop.by, change.id)
    told = reads(shop.by).scalars(select(Event.name).where(Event.name.like("inventory.bulk%")).order_by(Event.id))
    assert list(told) == ["inventory.bulk-changed", "inventory.bulk-undone"]
    assert broken() == []


@pytest.mark.usefixtures("small_batches")
def test_what_died_in_the_middle_goes_on_where_it_was_and_changes_no_price_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add_units(5)
    change = change_list(shop.by, UnitFilter(), Wanted(percent=10), seen=5)
    db.session.remove()
    calls: list[int] = []
    real = bulk_lists.change_some

    def dies_in_the_second_batch(*args: object, **named: int) -> int | None:
        calls.append(named["after"])
        done = real(shop.by, change.id, after=named["after"])
        if len(calls) == 2:
            raise OSError("the machine went away")
        return done

    monkeypatch.setattr(bulk_lists, "change_some", dies_in_the_second_batch)
    jobs.run_due()
    assert prices(shop) == [60_390, 60_390, 54_900, 54_900, 54_900]
    with atomic(SYSTEM) as session:
        session.execute(update(Work).values(run_at=Work.created_at))
    jobs.run_due()
    assert prices(shop) == [60_390] * 5
    assert now(shop, change).report["done"] == 5


@pytest.mark.usefixtures("small_batches")
def test_a_change_is_stopped_and_what_was_done_can_be_taken_back(shop: Shop) -> None:
    shop.add_units(3)
    change = change_list(shop.by, UnitFilter(), Wanted(price=1_000), seen=3)
    bulk_lists.change_some(shop.by, change.id, after=0)
    bulk_lists.stop(shop.by, change.id)
    assert prices(shop) == [1_000, 1_000, 54_900]
    report = undo_change(shop.by, change.id)
    assert report is not None
    assert report.changed == 2
    assert prices(shop) == [54_900] * 3
    with pytest.raises(Conflict):
        bulk_lists.stop(shop.by, change.id)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("undoing", [False, True])
def test_what_is_stopped_while_it_goes_on_ends_after_the_units_in_hand(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, undoing: bool
) -> None:
    shop.add_units(5)
    change = change_list(shop.by, UnitFilter(), Wanted(price=1_000), seen=5)
    if undoing:
        db.session.remove()
        jobs.run_due()
        undo_change(shop.by, change.id)
    db.session.remove()
    name = "undo_some" if undoing else "change_some"
    real: Callable[..., object] = getattr(bulk_lists, name)

    def stopped_meanwhile(by: Principal, bulk_id: int, **named: int) -> object:
        done = real(by, bulk_id, **named)
        bulk_lists.stop(by, bulk_id)
        return done

    monkeypatch.setattr(bulk_lists, name, stopped_meanwhile)
    jobs.run_due()
    assert prices(shop) == ([54_900] * 2 + [1_000] * 3 if undoing else [1_000] * 2 + [54_900] * 3)
    work = bulk_lists.work_of(shop.by, now(shop, change))
    assert work is not None
    assert work.state == jobs.WorkState.CANCELLED


def test_only_what_was_seen_is_changed_and_only_by_who_may(shop: Shop, merchants: Merchants) -> None:
    shop.add_units(2)
    with pytest.raises(Conflict, match="2 units now, not 3"):
        change_list(shop.by, UnitFilter(), Wanted(price=1), seen=3)
    with pytest.raises(Invalid):
        change_list(shop.by, UnitFilter(), Wanted(), seen=2)
    with pytest.raises(Invalid):
        change_list(shop.by, UnitFilter(grades=("C",)), Wanted(price=1), seen=0)
    with pytest.raises(NotAllowed):
        change_list(merchants.bob, UnitFilter(), Wanted(price=1), seen=2)
    with pytest.raises(NotAllowed):
        preview_list(merchants.bob, UnitFilter(), Wanted(price=1))
    assert prices(shop) == [54_900] * 2


@pytest.mark.parametrize(
    "where",
    [
        UnitFilter(),
        UnitFilter(grades=("A", "B"), carrier_locked=False, status="available", text="iPhone", dense=True),
        UnitFilter(min_battery=0, max_battery=90, min_price=0, max_price=5, location="main", available=False),
    ],
)
def test_the_filter_of_a_list_is_kept_whole(where: UnitFilter, shop: Shop) -> None:
    fits, other = shop.add_units(2)
    if where.available is False:
        take(shop.by, Holder("order", 1), units=[shop.units[fits]], until=None)
        change_unit(shop.by, fits, UnitChange(price=3))
    change_unit(shop.by, other, UnitChange(carrier_locked=True, battery_health=95))
    total = count_units(shop.by, where)
    assert total == (2 if where == UnitFilter() else 1)
    change = change_list(shop.by, where, Wanted(notes="seen"), seen=total)
    assert now(shop, change).report["changed"] == total


def test_the_page_leads_from_the_list_to_its_preview_its_report_and_back(client: FlaskClient, shop: Shop) -> None:
    shop.add_units(3)
    sign_in(client, "alice", "FIRST")
    assert f"{LIST}?grade=A" in client.get("/inventory?grade=A").get_data(as_text=True)
    address = f"{LIST}?grade=A"
    form = inputs(client.get(address).get_data(as_text=True))
    empty = client.post(address, data={**form, "step": "preview"})
    assert (empty.status_code, "Say what is to change." in empty.get_data(as_text=True)) == (422, True)
    shown = client.post(address, data={**form, "step": "preview", "percent": "-10"})
    text = shown.get_data(as_text=True)
    assert "Change all 3 units" in text
    assert "$549.00 → $494.10" in text
    assert inputs(text)["percent"] == "-10"
    assert prices(shop) == [54_900] * 3
    done = client.post(address, data={**inputs(text), "step": "apply"}, follow_redirects=True)
    assert done.request.path.startswith("/inventory/bulk/")
    assert prices(shop) == [49_410] * 3
    undo = f"{done.request.path}/undo"
    assert undo in done.get_data(as_text=True)
    client.post(undo, data={"csrf_token": token_at(client, address)})
    assert prices(shop) == [54_900] * 3


@pytest.mark.parametrize("seen", ["2", "", "three", "-3"])
def test_the_page_changes_nothing_where_the_list_has_others_than_were_seen(
    client: FlaskClient, shop: Shop, seen: str
) -> None:
    shop.add_units(3)
    sign_in(client, "alice", "FIRST")
    form = {"csrf_token": token_at(client, LIST), "price": "100", "notes": "sale", "step": "apply", "seen": seen}
    answer = client.post(LIST, data=form)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "Look at the preview again." in page) == (409, True)
    assert (inputs(page)["price"], "sale" in page) == ("100", True)
    assert prices(shop) == [54_900] * 3


@pytest.mark.usefixtures("small_batches")
def test_the_page_shows_how_far_a_long_change_is(client: FlaskClient, shop: Shop) -> None:
    shop.add_units(3)
    db.session.remove()
    sign_in(client, "alice", "FIRST")
    form = {"csrf_token": token_at(client, LIST), "price": "100", "step": "apply", "seen": "3"}
    waiting = client.post(LIST, data=form, follow_redirects=True)
    page = waiting.request.path
    assert "Waiting" in waiting.get_data(as_text=True)
    assert f"{page}/undo" not in waiting.get_data(as_text=True)
    part = client.get(page, headers={"HX-Request": "true"})
    assert "<main" not in part.get_data(as_text=True)
    assert "HX-Refresh" not in part.headers
    db.session.remove()
    jobs.run_due()
    db.session.remove()
    assert client.get(page, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    text = client.get(page).get_data(as_text=True)
    assert f"{page}/undo" in text
    assert prices(shop) == [10_000] * 3


@pytest.mark.usefixtures("small_batches")
def test_the_page_stops_a_long_change_and_says_when_there_is_nothing_to_stop(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    shop.add_units(3)
    change = change_list(shop.by, UnitFilter(), Wanted(price=1_000), seen=3)
    page = f"/inventory/bulk/{change.id}"
    db.session.remove()
    sign_in(client, "alice", "FIRST")
    assert f"{page}/stop" in client.get(page).get_data(as_text=True)
    viewer = app.test_client()
    sign_in(viewer, "bob", "FIRST")
    assert viewer.post(f"{page}/stop", data={"csrf_token": token_at(viewer, "/inventory")}).status_code == 403
    form = {"csrf_token": token_at(client, LIST)}
    stopped = client.post(f"{page}/stop", data=form, follow_redirects=True)
    assert "It stops after the units that it has in hand." in stopped.get_data(as_text=True)
    db.session.remove()
    jobs.run_due()
    assert prices(shop) == [54_900] * 3
    again = client.post(f"{page}/stop", data=form, follow_redirects=True)
    assert again.request.path == page
    assert "already ended" in again.get_data(as_text=True)
