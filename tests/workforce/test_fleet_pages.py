"""The pages of the fleet, as a browser sees them."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.workforce.queries import fleet as queries
from dashboard.workforce.service import fleet
from dashboard.workforce.service.fleet import Maintenance, Paper, VehicleFacts
from tests.conftest import inputs, token_at
from tests.workforce.crews import crew, van

VAN = {"name": "Van 3", "plate": "ABC 123", "mileage": "41000", "active": "y", "technician_id": "", "location_id": ""}


@pytest.fixture
def vehicles(by: Principal) -> None:
    """Van 1 with something due, driven by Ann and carrying a place of stock; Old, which is not in use."""
    ann = crew(by, 1)[0]
    today = clock.now().date()
    fleet.create_vehicle(
        by,
        VehicleFacts("Van 1", "ABC 1", make="Ford", mileage=50_000, technician=ann.number, location=van(by).number),
        papers=[Paper("Insurance", "P-77", today - timedelta(days=1)), Paper("Title")],
        services=[Maintenance("Oil change", 5_000, 180, 45_400), Maintenance("Tyres", 40_000)],
    )
    fleet.create_vehicle(by, VehicleFacts("Old", "ABC 2", active=False))
    db.session.remove()


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, url: str, **data: Any) -> TestResponse:
    return client.post(url, data={"csrf_token": token_at(client, "/profile"), **data})


def test_the_list_tells_what_is_due_and_is_searched(alice: FlaskClient, vehicles: None) -> None:
    page = text(alice.get("/fleet"))
    assert all(words in page for words in ("Van 1", "Ann", "50,000 mi", "Ended 1 day ago", "or 400 miles"))
    assert "Old" not in page
    assert "Old" in text(alice.get("/fleet?show=retired"))
    fragment = text(alice.get("/fleet?q=abc1", headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert "Van 1" in fragment
    assert "No vehicle fits" in text(alice.get("/fleet?q=nothing"))


def test_vehicles_stand_in_the_order_of_their_numbers(by: Principal) -> None:
    for number in (10, 9, 1):
        fleet.create_vehicle(by, VehicleFacts(f"Van {number}", f"TPA {number}"))
    fleet.create_vehicle(by, VehicleFacts("Box truck", "TPA 3"))
    assert [each.name for each in queries.list_vehicles(by)] == ["Box truck", "Van 1", "Van 9", "Van 10"]


def test_an_empty_fleet_says_what_to_do(alice: FlaskClient) -> None:
    assert "Add the vans" in text(alice.get("/fleet"))
    assert "kept here" in text(alice.get("/fleet?show=retired"))


def test_a_vehicle_is_added_and_what_was_typed_is_kept_when_refused(alice: FlaskClient, vehicles: None) -> None:
    for change, said in (
        ({"vin": "SHORT"}, "17 characters; this has 5"),
        ({"plate": "abc-1"}, "Van 1 (vehicle 1) has the plate ABC 1 already."),
        ({"location_id": "1"}, "Not a valid choice"),
        ({"year": "soon"}, "valid integer"),
        ({"location_id": "2"}, ""),
    ):
        answer = send(alice, "/fleet/new", **{**VAN, **change})
        if said:
            assert answer.status_code == 422, change
            assert inputs(text(answer))["name"] == "Van 3"
    made = send(alice, "/fleet/new", **VAN, vin="1M8GDM9A1KP042788")
    assert (made.status_code, made.location) == (303, "/fleet/3")
    assert "check digit" in text(alice.get("/fleet/3"))


def test_two_people_who_edit_see_both_values(alice: FlaskClient, vehicles: None, by: Principal) -> None:
    form = inputs(text(alice.get("/fleet/1/edit")))
    fleet.change_vehicle(by, 1, {"name": "Van One"})
    sent = {**form, "name": "Van Uno", "technician_id": "", "location_id": "", "active": "y"}
    answer = alice.post("/fleet/1/edit", data=sent)
    assert answer.status_code == 422
    page = text(answer)
    assert "changed this to <strong>Van One</strong>" in page
    again = alice.post("/fleet/1/edit", data={**sent, **inputs(page), "active": "y"})
    assert again.status_code == 303
    shown = queries.show_vehicle(by, 1)
    assert (shown.name, shown.technician) == ("Van Uno", None)


def test_mileage_papers_and_work_from_the_page_of_a_vehicle(alice: FlaskClient, vehicles: None, by: Principal) -> None:
    low = send(alice, "/fleet/1/mileage", mileage="49999")
    assert low.status_code == 422
    assert "showed 50,000 miles last" in text(low)
    assert inputs(text(low))["mileage"] == "49999"
    assert send(alice, "/fleet/1/mileage", mileage="51000").status_code == 303
    refused = send(alice, "/fleet/1/papers", kind="", reference="P-78")
    assert inputs(text(refused))["reference"] == "P-78"
    assert send(alice, "/fleet/1/papers", kind="Inspection", expires_on="2030-01-01").status_code == 303
    assert "miles or days" in text(send(alice, "/fleet/1/services", name="Brakes"))
    assert send(alice, "/fleet/1/services", name="Brakes", every_days="365").status_code == 303
    shown = queries.show_vehicle(by, 1)
    oil = next(each for each in shown.services if each.name == "Oil change")
    assert send(alice, f"/fleet/1/services/{oil.id}/done").status_code == 303
    assert send(alice, f"/fleet/1/services/{oil.id}/remove").status_code == 303
    assert send(alice, f"/fleet/1/papers/{shown.papers[0].id}/remove").status_code == 303
    assert send(alice, f"/fleet/2/papers/{shown.papers[1].id}/remove").status_code == 404
    assert send(alice, "/fleet/2/remove").status_code == 303
    assert alice.get("/fleet/2").status_code == 404


def test_a_reader_changes_nothing(bob: FlaskClient, vehicles: None) -> None:
    page = text(bob.get("/fleet/1"))
    assert "P-77" in page
    assert not any(words in page for words in ("Save the mileage", "Add a paper", "Remove"))
    assert bob.get("/fleet/1/edit").status_code == 403
    assert send(bob, "/fleet/1/mileage", mileage="60000").status_code == 403


def test_the_search_box_finds_a_plate(alice: FlaskClient, vehicles: None) -> None:
    assert "/fleet/1" in text(alice.get("/search?q=abc1"))
