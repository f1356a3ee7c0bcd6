"""Files of units: read, taken in part by part, reported."""

import pytest
from sqlalchemy import select

from dashboard.core import jobs
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Invalid
from dashboard.inventory.models import StockMove, Unit
from dashboard.inventory.queries import UnitFilter, count_units, product_by_sku, uploads
from dashboard.inventory.service import unit_import
from dashboard.inventory.service.unit_files import Row, mapped_rows
from dashboard.inventory.service.unit_import import keep_upload, take_part
from tests.conftest import Merchants
from tests.inventory.shop import Shop, imei, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def rows(*cells: dict[str, str]) -> list[Row]:
    return list(mapped_rows(enumerate(cells, 2)))


def taken(shop: Shop, found: list[Row], **options: bool) -> uploads.UploadView:
    upload = keep_upload(shop.by, found, filename="units.csv", location_id=shop.place.id, **options)
    return uploads.get_upload(shop.by, upload.id)


def unit(shop: Shop, number: str) -> Unit:
    return reads(shop.by).scalars(select(Unit).where(Unit.imei == number)).one()


def test_columns_are_known_by_many_names_and_cells_are_read_as_people_write_them(shop: Shop) -> None:
    row = {
        "IMEI": imei(1), "SKU": "app-ip14p-256-a", "Colour": "Gold", "Battery Health": "88%", "SIM lock": "yes",
        "Price": "$1,549.50", "Unit cost": "310", "Warehouse": "van 1", "Notes": "=cmd", "Unknown": "x",
    }  # fmt: skip
    assert taken(shop, rows(row)).upload.counts == {"taken": 1, "refused": 0}
    found = unit(shop, imei(1))
    assert (found.color, found.battery_health, found.carrier_locked) == ("Gold", 88, True)
    assert (found.price, found.cost, found.location_id) == (154_950, 31_000, shop.other_place.id)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"IMEI": ""}, "neither an IMEI"),
        ({"SKU": "NOPE"}, "no SKU 'NOPE'"),
        ({"Price": "12.345"}, "no amount"),
        ({"Price": "-1"}, "0 or more"),
        ({"Battery": "101"}, "0 to 100"),
        ({"Locked": "perhaps"}, "neither yes nor no"),
        ({"Place": "Mars"}, "no place 'Mars'"),
        ({"SKU": "", "Model": "iPhone 14 Pro"}, "a model and a grade"),
        ({"Color": "x" * 41}, "at most 40"),
    ],
)
def test_a_wrong_row_is_reported_with_its_reason_and_the_good_ones_come_in(
    shop: Shop, cell: dict[str, str], reason: str
) -> None:
    good = {"IMEI": imei(1), "SKU": "APP-IP14P-256-A"}
    view = taken(shop, rows(good, {"IMEI": imei(2), "SKU": "APP-IP14P-256-A", **cell}))
    assert view.upload.counts == {"taken": 1, "refused": 1}
    (problem,) = uploads.upload_problems(shop.by, view.upload.id).items
    assert problem.row == 3
    assert reason in problem.reason
    assert count_units(shop.by, UnitFilter()) == 1


def test_skus_that_are_missing_are_made_only_where_that_was_asked_for(shop: Shop) -> None:
    row = {"IMEI": imei(1), "Model": "iPhone 14 Pro", "Storage": "256GB", "Grade": "C", "Price": "300"}
    assert taken(shop, rows(row)).upload.counts == {"taken": 0, "refused": 1}
    assert taken(shop, rows(row), make_products=True).upload.counts == {"taken": 1, "refused": 0}
    sku = reads(shop.by).scalars(select(Unit.product_id).where(Unit.imei == imei(1))).one()
    assert sku is not None
    assert unit(shop, imei(1)).grade == "C"


def test_a_file_without_rows_is_refused(shop: Shop) -> None:
    with pytest.raises(Invalid):
        taken(shop, [])


def test_work_that_died_goes_on_where_it_had_got_to_under_the_name_of_who_asked(shop: Shop) -> None:
    many = rows(*({"IMEI": imei(n), "SKU": "APP-IP14P-256-A"} for n in range(1_200)))
    view = taken(shop, many)
    assert view.state == "waiting"
    task_by = jobs.system_of(shop.by.tenant_id)
    by = unit_import.importer(task_by, shop.by.label, "USD")
    assert take_part(by, view.upload.id)
    with pytest.raises(ZeroDivisionError), atomic(by):  # dies after it has written the second part
        _ = take_part(by, view.upload.id) / 0
    assert count_units(shop.by, UnitFilter()) == 500
    jobs.run_due()
    view = uploads.get_upload(shop.by, view.upload.id)
    assert (view.state, view.upload.counts) == ("done", {"taken": 1_200, "refused": 0})
    assert product_by_sku(shop.by, "APP-IP14P-256-A").on_hand == 1_200
    assert set(reads(shop.by).scalars(select(StockMove.actor).distinct())) == {shop.by.label}


def test_the_report_is_harmless_to_a_spreadsheet(shop: Shop) -> None:
    view = taken(shop, rows({"IMEI": "=1+1", "SKU": "APP-IP14P-256-A"}))
    lines = list(uploads.problem_lines(shop.by, view.upload.id))
    assert lines[1][1] == "'=1+1"
