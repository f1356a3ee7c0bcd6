"""The fleet: vehicles, what is due on them, and the endpoints."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.customers.service import Stale
from dashboard.workforce.models import Technician, VehiclePaper
from dashboard.workforce.queries import fleet as queries
from dashboard.workforce.service import fleet
from dashboard.workforce.service.fleet import Maintenance, Paper, VehicleFacts
from dashboard.workforce.vin import check_digit_fits, vin_fault
from dashboard.workforce.words import due_words
from tests.conftest import Api, Merchants
from tests.customers.racing import refusals, together
from tests.workforce.crews import crew, van

TODAY = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAY = TODAY.date()
GOOD_VIN = "1M8GDM9AXKP042788"


def van_of(technician: Technician, by: Principal) -> int | None:
    db.session.remove()
    return reads(by).scalar(select(Technician.van_id).where(Technician.id == technician.id))


def test_a_vehicle_is_added_and_changed(by: Principal) -> None:
    made = fleet.create_vehicle(by, VehicleFacts(" Van  3 ", "abc-1234", vin="1m8gdm9a xkp0-42788", mileage=41_000))
    shown = queries.show_vehicle(by, made.number)
    assert (shown.name, shown.plate, shown.vin, shown.version, shown.warnings) == ("Van 3", "abc-1234", GOOD_VIN, 1, [])
    fleet.change_vehicle(by, 1, {"name": "Van 4", "mileage": 41_500}, version=1)
    with pytest.raises(Stale) as stale:
        fleet.change_vehicle(by, 1, {"name": "Van 5", "year": 2020}, version=1)
    assert stale.value.theirs == {"name": "Van 4", "year": None}
    assert queries.show_vehicle(by, 1).mileage == 41_500
    fleet.remove_vehicle(by, 1)
    with pytest.raises(NotFound):
        queries.show_vehicle(by, 1)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"plate": "--"}, "plate"),
        ({"vin": "1M8GDM9AXKP04278"}, "vin"),
        ({"vin": "1M8GDM9AXKP04278O"}, "vin"),
        ({"vin": "é" * 17}, "vin"),
        ({"year": 1899}, "year"),
        ({"year": 2200}, "year"),
        ({"mileage": -1}, "mileage"),
        ({"mileage": 10**9}, "mileage"),
        ({"technician": 77}, "technician_id"),
        ({"location": 77}, "location_id"),
    ],
)
def test_a_field_that_is_wrong_is_named(by: Principal, facts: dict[str, Any], field: str) -> None:
    known: dict[str, Any] = {"name": "Van", "plate": "A1", **facts}
    with pytest.raises(Invalid) as error:
        fleet.create_vehicle(by, VehicleFacts(**known))
    assert [each.field for each in error.value.fields] == [field]


def test_a_check_digit_that_does_not_fit_is_said_and_not_refused(by: Principal) -> None:
    assert check_digit_fits(GOOD_VIN)
    assert check_digit_fits("1" * 17)
    wrong = "1M8GDM9A1KP042788"
    assert vin_fault(wrong) == ""
    fleet.create_vehicle(by, VehicleFacts("Van", "A1", vin=wrong))
    assert "check digit" in queries.show_vehicle(by, 1).warnings[0]


def test_an_odometer_never_runs_backwards(by: Principal) -> None:
    fleet.create_vehicle(by, VehicleFacts("Van", "A1", mileage=41_000))
    with pytest.raises(Invalid, match="showed 41,000 miles last"):
        fleet.record_mileage(by, 1, 40_999)
    fleet.record_mileage(by, 1, 41_000)
    fleet.add_service(by, 1, Maintenance("Oil", every_miles=5_000))
    service = queries.show_vehicle(by, 1).services[0].id
    with pytest.raises(Invalid, match="41,000"):
        fleet.service_done(by, 1, service, mileage=100)
    fleet.service_done(by, 1, service, mileage=42_000)
    shown = queries.show_vehicle(by, 1)
    assert (shown.mileage, shown.services[0].due_at_mileage) == (42_000, 47_000)


def test_a_plate_and_a_van_s_stock_belong_to_one_vehicle(by: Principal, merchants: Merchants) -> None:
    place = van(by)
    fleet.create_vehicle(by, VehicleFacts("Van 1", "ABC 123", location=place.number))
    for facts in (VehicleFacts("Van 2", "abc-123"), VehicleFacts("Van 2", "X", location=place.number)):
        with pytest.raises(Conflict, match="Van 1"):
            fleet.create_vehicle(by, facts)
    fleet.create_vehicle(merchants.charlie, VehicleFacts("Theirs", "ABC 123"))
    fleet.create_vehicle(by, VehicleFacts("Van 2", "X"))
    with pytest.raises(Conflict, match="has the plate"):
        fleet.change_vehicle(by, 2, {"plate": "ABC-123"})


@pytest.mark.prove
def test_of_vehicles_with_one_plate_at_once_one_is_added(app: Flask, by: Principal) -> None:
    results = together(
        app, *[lambda n=n: fleet.create_vehicle(by, VehicleFacts(f"Van {n}", "ABC 123")) for n in range(8)]
    )
    refused = refusals(results)
    assert len(refused) == 7
    assert {type(error) for error in refused} == {Conflict}


def test_the_stock_of_a_van_goes_with_its_driver(by: Principal) -> None:
    ann, ben = crew(by, 2)
    place = van(by)
    fleet.create_vehicle(by, VehicleFacts("Van 1", "A1", technician=ann.number, location=place.number))
    assert (van_of(ann, by), van_of(ben, by)) == (place.id, None)
    fleet.change_vehicle(by, 1, {"technician": ben.number})
    assert (van_of(ann, by), van_of(ben, by)) == (None, place.id)
    fleet.change_vehicle(by, 1, {"location": None})
    assert van_of(ben, by) is None
    fleet.change_vehicle(by, 1, {"location": place.number})
    fleet.remove_vehicle(by, 1)
    assert van_of(ben, by) is None


def test_what_is_due_is_told_overdue_first(by: Principal) -> None:
    with clock.frozen(TODAY):
        fleet.create_vehicle(
            by,
            VehicleFacts("Van 1", "A1", mileage=50_000),
            papers=[
                Paper("Insurance", "P-1", DAY + timedelta(days=30)),
                Paper("Inspection", "", DAY - timedelta(days=1)),
                Paper("Registration", "", DAY + timedelta(days=31)),
                Paper("Title"),
            ],
            services=[
                Maintenance("Oil change", 5_000, 180, 45_400, DAY - timedelta(days=10)),
                Maintenance("Brakes", 20_000, None, 29_000),
                Maintenance("Tyres", 40_000, None, 40_000),
                Maintenance("Wash", None, 7, None, DAY - timedelta(days=7)),
            ],
        )
        fleet.create_vehicle(
            by, VehicleFacts("Old", "A2", active=False), papers=[Paper("Insurance", "", DAY - timedelta(days=9))]
        )
        found = queries.fleet_alerts(by)
        told = [(each.what, each.is_overdue, due_words(each.kind, each.days_left, each.miles_left)) for each in found]
    assert told == [
        ("Brakes", True, "Overdue by 1,000 miles"),
        ("Inspection", True, "Ended 1 day ago"),
        ("Wash", False, "Due today"),
        ("Oil change", False, "Due in 170 days or 400 miles"),
        ("Insurance", False, "Ends in 30 days"),
    ]


def test_papers_and_work_are_checked_and_taken_away(by: Principal, merchants: Merchants) -> None:
    fleet.create_vehicle(by, VehicleFacts("Van 1", "A1", mileage=100))
    wrong: list[tuple[Any, str]] = [
        (Maintenance("Oil"), "miles or days"),
        (Maintenance(" ", 1), "what is done"),
        (Maintenance("Oil", 0), "1 to 500,000"),
        (Maintenance("Oil", None, 4_000), "1 to 3,650"),
        (Maintenance("Oil", 5, None, 101), "100 miles"),
        (Maintenance("Oil", 5, None, None, date(2999, 1, 1)), "today or before"),
    ]
    for service, said in wrong:
        with pytest.raises(Invalid, match=said):
            fleet.add_service(by, 1, service)
    with pytest.raises(Invalid, match="what paper"):
        fleet.add_paper(by, 1, Paper(" "))
    fleet.add_paper(by, 1, Paper("Insurance"))
    [paper] = queries.show_vehicle(by, 1).papers
    fleet.create_vehicle(by, VehicleFacts("Van 2", "A2"))
    fleet.create_vehicle(merchants.charlie, VehicleFacts("Theirs", "A2"))
    for who, vehicle in ((by, 2), (merchants.charlie, 1)):
        with pytest.raises(NotFound):
            fleet.remove_paper(who, vehicle, paper.id)
    with pytest.raises(NotAllowed):
        fleet.remove_paper(merchants.bob, 1, paper.id)
    fleet.remove_paper(by, 1, paper.id)
    assert queries.show_vehicle(by, 1).papers == ()
    fleet.add_paper(by, 1, Paper("Insurance"))
    fleet.remove_vehicle(by, 1)
    db.session.remove()
    assert reads(by).scalars(select(VehiclePaper)).all() == []


# Through the API


def sent(api: Api, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    db.session.remove()
    answer = api.call(method, f"/api/v1/admin/vehicles{path}", **({} if body is None else {"json": body}))
    if answer.status_code == 204:
        return 204, None
    told = answer.get_json()
    return answer.status_code, told["data"] if told["ok"] else told["error"]


def test_vehicles_through_the_api(api: Api, by: Principal) -> None:
    ann = crew(by, 1)[0]
    place = van(by)
    body = {
        "name": "Van 1", "plate": "ABC 123", "vin": GOOD_VIN, "make": "Ford", "model": "Transit", "year": 2022,
        "mileage": 41_000, "technician_id": ann.number, "location_id": place.number,
        "papers": [{"kind": "Insurance", "expires_on": "2026-04-01"}],
        "services": [{"name": "Oil change", "every_miles": 5000, "done_at_mileage": 36_500, "done_on": "2026-01-05"}],
    }  # fmt: skip
    with clock.frozen(TODAY):
        status, made = sent(api, "POST", "", body)
        assert (status, made["id"], made["technician_name"], made["location"]) == (201, 1, "Ann", "Van 1")
        assert made["papers"][0]["days_left"] == 12
        assert made["services"][0]["miles_left"] == 500
        assert sent(api, "GET", "")[1]["items"] == [made]
        assert sent(api, "GET", "/1")[1] == made
        status, alerts = sent(api, "GET", "/alerts?limit=1&page=2")
        assert (status, alerts["total"], alerts["total_pages"]) == (200, 2, 2)
        [alert] = alerts["items"]
        assert (alert["what"], alert["overdue"], alert["message"]) == ("Insurance", False, "Ends in 12 days")
        status, changed = sent(api, "PATCH", "/1", {"mileage": 42_000, "papers": [], "technician_id": None})
        assert (status, changed["papers"], changed["technician_id"]) == (200, [], None)
        assert changed["services"] == [made["services"][0] | {"miles_left": -500}]
        assert sent(api, "GET", "?search=abc123")[1]["total"] == 1
        assert sent(api, "GET", "?search=transit9")[1]["total"] == 0
        assert sent(api, "GET", "?active=false")[1]["total"] == 0
        assert sent(api, "DELETE", "/1")[0] == 204
        assert sent(api, "DELETE", "/1")[0] == 404


def test_vehicles_that_cannot_be_are_refused_through_the_api(api: Api, by: Principal) -> None:
    sent(api, "POST", "", {"name": "Van", "plate": "ABC 123", "mileage": 5})
    assert sent(api, "POST", "", {"name": "Van", "plate": "abc123"})[0] == 409
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"mileage": 4}, "mileage"),
        ({"mileage": 2**40}, "mileage"),
        ({"name": None}, "name"),
        ({"vin": "OOO"}, "vin"),
        ({"technician_id": 5}, "technician_id"),
        ({"papers": None}, "papers"),
        ({"papers": [{"kind": "x", "expires_on": "soon"}]}, "papers[0].expires_on"),
        ({"services": [{"name": "x"}]}, "every_miles"),
    ]
    for change, field in wrong:
        status, error = sent(api, "PATCH", "/1", change)
        assert (status, error["fields"][0]["field"]) == (422, field), change
    assert sent(api, "PATCH", "/1", {"version": 9, "name": "x"})[1]["code"] == "CHANGED_MEANWHILE"
    assert sent(api, "PATCH", "/2", {})[0] == 404
