"""The pages of units: the grid, cells, bulk changes, one unit, taking in, manifests, files, grades; the API's pages."""

import re
from collections.abc import Mapping
from html import unescape
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from benchmarks.counting import statements_of
from dashboard.core import clock
from dashboard.core.db import reads
from dashboard.core.paging import PageRequest
from dashboard.inventory.models import Unit
from dashboard.inventory.queries import UnitFilter, UnitRow, boundaries, show_unit, unit_page
from dashboard.inventory.queries.grid import SORTS, grid_counts, grid_page
from dashboard.inventory.service import ProductFacts, UnitFacts, create_product, receive_units
from dashboard.inventory.service.claims import Holder, take
from dashboard.inventory.service.quarantine import quarantine
from dashboard.orders import service as orders
from tests.conftest import Api, Merchants, inputs, token_at
from tests.inventory.shop import Shop, imei, open_shop

HTMX = {"HX-Request": "true"}
GRID = "/inventory"


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    boundaries.forget()
    return open_shop(merchants.alice)


def text(answer: TestResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def post(client: FlaskClient, url: str, data: Mapping[str, object], **options: object) -> TestResponse:
    return client.post(url, data={"csrf_token": token_at(client, GRID), **data}, **options)


def now(shop: Shop, public_id: str) -> UnitRow:
    """The unit as others have left it meanwhile: what the test read before is forgotten."""
    reads(shop.by).close()
    return show_unit(shop.by, public_id)


def several(shop: Shop) -> list[str]:
    """Five phones: two of grade A, three of grade B at rising prices and batteries; the first of all is held."""
    facts = ProductFacts("IP-B", "iPhone B", "serialised", 40_000, model="iPhone 14 Pro", storage="256GB", grade="B")
    other = create_product(shop.by, facts)
    names = shop.add_units(2)
    batch = [
        UnitFacts(other.id, shop.other_place.id, imei=imei(50 + n), price=30_000 + n, battery_health=70 + n,
                  carrier_locked=n == 0, public_id=f"inv_b{n}", cost=20_000)
        for n in range(3)
    ]  # fmt: skip
    shop.units |= dict(zip((f"inv_b{n}" for n in range(3)), receive_units(shop.by, batch), strict=True))
    take(shop.by, Holder("order", 1), units=[shop.units[names[0]]], until=None)
    return [*names, "inv_b0", "inv_b1", "inv_b2"]


# What is listed


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (UnitFilter(), {"inv_1", "inv_2", "inv_b0", "inv_b1", "inv_b2"}),
        (UnitFilter(grades=("B",)), {"inv_b0", "inv_b1", "inv_b2"}),
        (UnitFilter(grades=("A", "B"), status="available"), {"inv_2", "inv_b0", "inv_b1", "inv_b2"}),
        (UnitFilter(status="held"), {"inv_1"}),
        (UnitFilter(status="quarantined"), set[str]()),
        (UnitFilter(status="in_transit"), set[str]()),
        (UnitFilter(min_battery=71, max_battery=72), {"inv_b1", "inv_b2"}),
        (UnitFilter(max_price=30_001), {"inv_b0", "inv_b1"}),
        (UnitFilter(carrier_locked=True), {"inv_b0"}),
        (UnitFilter(location="van_1"), {"inv_b0", "inv_b1", "inv_b2"}),
        (UnitFilter(text="iphone 14"), {"inv_1", "inv_2", "inv_b0", "inv_b1", "inv_b2"}),
        (UnitFilter(text="pixel"), set[str]()),
    ],
)
def test_a_filter_finds_its_units_and_counts_them(shop: Shop, where: UnitFilter, found: set[str]) -> None:
    several(shop)
    assert {row.public_id for row in grid_page(shop.by, where).items} == found
    assert grid_counts(shop.by, where).total == len(found)


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_goes_through_all_units_once(shop: Shop, sort: str) -> None:
    several(shop)
    seen: list[str] = []
    after: str | None = None
    while True:
        found = grid_page(shop.by, UnitFilter(), sort=sort, after=after, size=2)
        seen += [row.public_id for row in found.items]
        after = found.after
        if after is None:
            break
    assert sorted(seen) == ["inv_1", "inv_2", "inv_b0", "inv_b1", "inv_b2"]
    if sort in ("price", "-price"):
        cheap_first = ["inv_b0", "inv_b1", "inv_b2"]
        assert [each for each in seen if each.startswith("inv_b")] == (
            cheap_first if sort == "price" else cheap_first[::-1]
        )


def test_the_grid_shows_its_units_who_holds_them_and_how_many_there_are(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    quarantine(shop.by, ["inv_b2"], "inspection")
    page = text(alice.get(GRID))
    assert "5 units · 3 available · 1 held · 1 quarantined" in page
    assert "Held for an order" in page
    assert "Quarantined" in page
    assert "$300.00" in page
    assert "Cost" in page
    narrowed = alice.get(f"{GRID}?grade=A&status=available")
    assert imei(2) in narrowed.get_data(as_text=True)
    assert imei(1) not in narrowed.get_data(as_text=True)
    assert alice.get(f"{GRID}?status=lost").status_code == 422


def test_a_unit_on_an_order_names_it_with_the_end_of_its_hold_to_who_may_read_orders(
    alice: FlaskClient, app: Flask, shop: Shop
) -> None:
    (unit,) = shop.add_units(1)
    noon = clock.now().astimezone(ZoneInfo(shop.by.time_zone)).replace(hour=12, minute=0)
    with clock.frozen(noon):
        placed = orders.place(
            shop.by, customer=shop.buyer.public_id, lines=[orders.Wanted(unit=unit)], door="device_api"
        )
        page = alice.get(GRID)
    assert f"Held for {placed.code} until 12:15" in text(page)
    assert f"/orders/{placed.public_id}" in page.get_data(as_text=True)


def test_who_may_not_see_costs_sees_none_and_who_may_not_write_edits_nothing(bob: FlaskClient, shop: Shop) -> None:
    several(shop)
    page = bob.get(GRID).get_data(as_text=True)
    assert "Cost" not in page
    assert "data-edit-url" not in page
    assert "200.00" not in page
    export = bob.get(f"{GRID}/export.csv").get_data(as_text=True)
    assert "cost" not in export
    assert bob.get(f"{GRID}/intake").status_code == 403
    assert post(bob, f"{GRID}/units/inv_b0/fields/price", {"value": "1"}).status_code == 403


def test_the_grid_takes_at_most_eight_statements(alice: FlaskClient, app: Flask, shop: Shop) -> None:
    several(shop)
    alice.get(GRID)
    for path in (GRID, f"{GRID}?grade=A&status=available", f"{GRID}?battery_min=70"):
        with statements_of(app) as executed:
            assert alice.get(path).status_code == 200
        assert len(executed) <= 8, executed


def test_an_export_holds_all_units_of_the_list_and_no_formula(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    facts = [UnitFacts(shop.phone.id, shop.place.id, serial="=1+1" + "X" * 5, notes="+cmd", cost=1)]
    receive_units(shop.by, facts)
    lines = alice.get(f"{GRID}/export.csv?grade=A").get_data(as_text=True).splitlines()
    assert len(lines) == 4
    assert "'=1+1XXXXX" in lines[1]
    assert "'+cmd" in lines[1]


def test_a_view_is_kept_for_its_owner_alone(alice: FlaskClient, bob: FlaskClient, shop: Shop) -> None:
    several(shop)
    post(alice, f"{GRID}/views", {"name": "Best", "grade": ["A+", "A"], "status": "available"})
    page = alice.get(GRID).get_data(as_text=True)
    address = re.search(r'href="(/inventory\?[^"]+)">Best', page)
    assert address is not None
    assert "grade=A%2B&grade=A&status=available" in unescape(address[1])
    assert "Best" not in bob.get(GRID).get_data(as_text=True)
    number = re.search(r"/inventory/views/(\d+)/remove", page)
    assert number is not None
    assert post(bob, f"/inventory/views/{number[1]}/remove", {}).status_code == 404
    post(alice, f"/inventory/views/{number[1]}/remove", {})
    assert "Best" not in alice.get(f"{GRID}?sort=oldest").get_data(as_text=True)


def test_labels_carry_the_number_as_bars(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    page = alice.get(f"{GRID}/labels?units=inv_b1&units=inv_none").get_data(as_text=True)
    assert page.count('class="label"') == 1
    assert imei(51) in page
    assert "<path" in page


# Cells and changes of many


@pytest.mark.parametrize(
    ("field", "typed", "shown"),
    [("price", "512.50", "$512.50"), ("battery_health", "91", "91%"), ("place", "van_1", "Van 1"), ("grade", "B", "B")],
)
def test_a_cell_is_edited_in_place(alice: FlaskClient, shop: Shop, field: str, typed: str, shown: str) -> None:
    several(shop)
    url = f"{GRID}/units/inv_2/fields/{field}"
    form = inputs(alice.get(url, headers=HTMX).get_data(as_text=True))
    answer = post(alice, url, {"value": typed, "version": form["version"]}, headers=HTMX)
    assert answer.status_code == 200
    assert shown in text(answer)


def test_a_cell_that_cannot_be_saved_says_why_and_keeps_what_was_typed(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    for unit, field, typed, status in (
        ("inv_2", "price", "12.345", 422), ("inv_2", "grade", "D", 422), ("inv_1", "place", "van_1", 409),
    ):  # fmt: skip
        answer = post(alice, f"{GRID}/units/{unit}/fields/{field}", {"value": typed}, headers=HTMX)
        assert answer.status_code == status
        assert typed in answer.get_data(as_text=True)
        assert 'role="alert"' in answer.get_data(as_text=True)
    stale = post(alice, f"{GRID}/units/inv_2/fields/price", {"value": "1.00", "version": "9.00"}, headers=HTMX)
    assert stale.status_code == 409
    assert now(shop, "inv_2").price == 54_900


def test_many_units_are_previewed_changed_and_changed_back(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    picked = {"units": ["inv_1", "inv_2"], "place": "van_1", "back": "/inventory?grade=A"}
    preview = post(alice, f"{GRID}/bulk", {**picked, "step": "preview"})
    assert "1 changes, 1 stays as it is" in text(preview)
    assert now(shop, "inv_2").location_code == "main"
    done = post(alice, f"{GRID}/bulk", {**picked, "step": "apply"})
    assert "1 units are changed" in text(done)
    assert now(shop, "inv_2").location_code == "van_1"
    undo = re.search(r'action="(/inventory/bulk/\d+/undo)"', alice.get(GRID).get_data(as_text=True))
    assert undo is not None
    assert post(alice, undo[1], {"back": "https://evil.example/"}).location == GRID
    assert now(shop, "inv_2").location_code == "main"


# One unit


def test_a_units_page_shows_what_happened_to_it(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    post(alice, f"{GRID}/units/inv_2/fields/price", {"value": "500.00"})
    post(alice, f"{GRID}/units/inv_2/quarantine", {"reason": "damaged", "note": "dent"})
    page = text(alice.get(f"{GRID}/units/inv_2"))
    for words in (
        "Price: $549.00 → $500.00",
        "Set aside in quarantine",
        "Damaged · dent",
        "Came in",
        "Main stock",
        "Alice",
    ):
        assert words in page
    post(alice, f"{GRID}/units/inv_2/release", {})
    assert "Released from quarantine" in text(alice.get(f"{GRID}/units/inv_2"))
    assert alice.get(f"{GRID}/units/inv_none").status_code == 404


def test_a_unit_and_its_checks_are_corrected_on_forms_that_keep_what_was_typed(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    url = f"{GRID}/units/inv_2/edit"
    filled = {"grade": "A", "price": "1.234", "place": "main", "color": "Gold", "notes": "scratch"}
    refused = post(alice, url, filled)
    assert refused.status_code == 422
    assert 'value="1.234"' in refused.get_data(as_text=True)
    assert post(alice, url, {**filled, "price": "123.40"}).status_code == 303
    assert (now(shop, "inv_2").color, now(shop, "inv_2").price) == ("Gold", 12_340)
    checks = f"{GRID}/units/inv_2/checks"
    wrong = {"activation_lock": "off", "blacklist": "clean", "erasure_standard": "NIST"}
    assert post(alice, checks, wrong).status_code == 422
    right = {**wrong, "erasure_certificate": "C-1", "erased_on": "2026-01-02"}
    assert post(alice, checks, right).status_code == 303
    assert "NIST, certificate C-1, 2026-01-02" in text(alice.get(f"{GRID}/units/inv_2"))


def test_the_search_box_finds_an_imei_a_serial_and_an_id_exactly(alice: FlaskClient, shop: Shop) -> None:
    several(shop)
    receive_units(shop.by, [UnitFacts(shop.phone.id, shop.place.id, serial="C39-ABC 12", public_id="inv_s")])
    for typed, unit in ((imei(51), "inv_b1"), ("c39abc12", "inv_s"), ("inv_b2", "inv_b2")):
        hits = re.findall(r"/inventory/units/(\w+)", alice.get(f"/search?q={typed}").get_data(as_text=True))
        assert hits[:1] == [unit]


# Taking in, manifests, files, grades


def test_units_are_scanned_in_and_a_slip_is_undone(alice: FlaskClient, shop: Shop) -> None:
    pile = {"model": "iPhone 14 Pro", "storage": "256GB", "grade": "A", "place": "main"}
    answer = post(alice, f"{GRID}/intake", {**pile, "scan": imei(7)})
    assert answer.status_code == 303
    assert "grade=A" in answer.location
    page = alice.get(answer.location)
    assert f"{imei(7)} is taken in." in text(page)
    unit = reads(shop.by).scalars(select(Unit.public_id)).one()
    again = post(alice, f"{GRID}/intake", {**pile, "scan": imei(7)})
    assert again.status_code == 409
    assert 'data-tone="bad"' in again.get_data(as_text=True)
    quick = post(alice, f"{GRID}/intake", {**pile, "scan": "garbage"}, headers=HTMX)
    assert (quick.status_code, 'data-tone="bad"' in quick.get_data(as_text=True)) == (200, True)
    post(alice, f"{GRID}/intake/undo", {**pile, "unit": unit})
    reads(shop.by).close()
    assert reads(shop.by).scalars(select(Unit.state)).one() == "scrapped"


def test_a_missing_sku_is_made_from_the_scan(alice: FlaskClient, shop: Shop) -> None:
    pile = {"model": "Pixel 9", "storage": "128GB", "grade": "B", "place": "main"}
    refused = post(alice, f"{GRID}/intake", {**pile, "scan": imei(7)})
    assert refused.status_code == 409
    fields = inputs(refused.get_data(as_text=True))
    made = post(alice, f"{GRID}/intake/sku", {**pile, "scan": imei(7), "sku": fields["sku"], "sku_price": "250.00"})
    assert made.status_code == 303
    assert reads(shop.by).scalars(select(Unit.price)).one() == 25_000


def test_a_delivery_goes_from_list_to_shelf(alice: FlaskClient, shop: Shop) -> None:
    lines = f"{imei(1)},APP-IP14P-256-A,100.00\n{imei(2)},APP-IP14P-256-A\nbad"
    opened = post(alice, f"{GRID}/manifests/new", {"name": "Delivery 7", "location_code": "main", "text": lines})
    assert opened.status_code == 303
    url = opened.location
    assert "1 of 3 rows" in text(alice.get(url))
    for number, tone in ((imei(1), "good"), (imei(1), "warn"), (imei(9), "bad"), ("1", "bad")):
        answer = post(alice, f"{url}/scan", {"scan": number}, headers=HTMX)
        assert f'data-tone="{tone}"' in answer.get_data(as_text=True)
    page = alice.get(f"{url}?kind=unexpected").get_data(as_text=True)
    line = re.search(r'action="(/inventory/manifest-lines/\d+)"', page)
    assert line is not None
    post(alice, line[1], {"decision": "accept", "sku": "APP-IP14P-256-A"})
    post(alice, f"{url}/receive", {})
    assert {row.imei for row in grid_page(shop.by, UnitFilter()).items} == {imei(1), imei(9)}
    post(alice, f"{url}/close", {})
    assert "Closed" in text(alice.get(url))


def test_a_file_is_imported_and_its_report_can_be_fetched(alice: FlaskClient, shop: Shop) -> None:
    data = f"imei,sku\n{imei(1)},APP-IP14P-256-A\n{imei(2)},NOPE\n"
    sent = post(alice, f"{GRID}/import", {"file": (BytesIO(data.encode()), "units.csv"), "location_code": "main"})
    assert sent.status_code == 303
    assert "There is no SKU 'NOPE' of units." in text(alice.get(sent.location))
    assert "NOPE" in alice.get(f"{sent.location}/problems.csv").get_data(as_text=True)
    wrong = {"file": (BytesIO(b"a,b\n1,2\n"), "units.csv"), "location_code": "main"}
    refused = post(alice, f"{GRID}/import", wrong)
    assert refused.status_code == 422
    assert "No column is named imei or serial" in text(refused)


def test_grades_are_changed_on_their_page(alice: FlaskClient, shop: Shop) -> None:
    shop.add_units(1)
    post(alice, f"{GRID}/grades", {"act": "change", "old": "A", "code": "Gold", "label": "As new"})
    assert now(shop, "inv_1").grade == "Gold"
    refused = post(alice, f"{GRID}/grades", {"act": "remove", "old": "Gold"})
    assert refused.status_code == 409
    assert "carry the grade Gold" in text(refused)


# The API


def test_pages_of_the_api_far_down_go_on_where_the_last_one_ended(shop: Shop, api: Api) -> None:
    facts = [UnitFacts(shop.phone.id, shop.place.id, imei=imei(n)) for n in range(2_130)]
    receive_units(shop.by, facts)
    seen: list[str | None] = []
    for number in range(1, 45):
        page = unit_page(shop.by, UnitFilter(grade="A", available=True), PageRequest(number, 50))
        assert page.total == 2_130
        seen += [row.imei for row in page.items]
    assert seen == [imei(n) for n in reversed(range(2_130))]
    said = api.get("/api/v1/inventory?grade=A&available=true&per_page=50&page=43").get_json()
    assert len(said["data"]) == 30
