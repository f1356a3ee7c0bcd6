"""Technicians: their facts, the person behind them, where they are."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import db
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.customers.service import Stale
from dashboard.inventory.service.locations import default_location
from dashboard.workforce.queries.skills import list_skills
from dashboard.workforce.queries.technicians import (
    TechnicianFilter,
    browse_technicians,
    my_technician,
    named_technicians,
    show_technician,
    technician_choices,
)
from dashboard.workforce.service import (
    Absence,
    Grant,
    Shift,
    TechnicianFacts,
    ZoneFacts,
    add_absence,
    create_technician,
    create_zone,
    remove_absence,
    report_location,
    update_technician,
)
from tests.conftest import PASSWORD, Merchants
from tests.workforce.crews import crew, technician, van

NOON = datetime(2026, 3, 9, 16, tzinfo=UTC)


def seen(by: Principal, number: int) -> tuple[Any, ...]:
    row = show_technician(by, number)
    return row.seen_latitude, row.seen_longitude, row.seen_at


def test_a_technician_is_kept_as_told(by: Principal, tess: Principal) -> None:
    place = van(by)
    made = technician(by, "  Mike   Johnson ", user=3, van=place.number, email="mike@example.com", phone="555 0100")
    row = show_technician(by, made.number)
    assert (row.number, row.name, row.pay_type, row.base_pay) == (1, "Mike Johnson", "hourly", 2500)
    assert (row.user_id, row.user_number, row.user_name) == (tess.actor_id, 3, "Tess")
    assert (row.van_id, row.van_number, row.van_name) == (place.id, place.number, "Van 1")
    assert row.active


@pytest.mark.parametrize(
    ("facts", "field", "says"),
    [
        ({"name": " "}, "name", "called"),
        ({"name": "x" * 161}, "name", "160"),
        ({"pay_type": "weekly"}, "pay_type", "hourly, salary"),
        ({"base_pay": -1}, "base_pay_cents", "0 or more"),
        ({"email": "nobody"}, "email", "e-mail"),
        ({"home_latitude": 91.0, "home_longitude": 0.0}, "home_latitude", "-90 and 90"),
        ({"home_latitude": float("nan"), "home_longitude": 0.0}, "home_latitude", "-90 and 90"),
        ({"home_latitude": 0.0, "home_longitude": float("inf")}, "home_longitude", "-180 and 180"),
        ({"home_latitude": 27.9, "home_longitude": None}, "home_latitude", "both"),
        ({"start_from": "moon"}, "start_from", "home, location"),
        ({"start_from": "location"}, "location_id", "Choose the place"),
        ({"location": 99}, "location_id", "no location 99"),
        ({"van": 1}, "van_id", "Choose a place that is a van"),
        ({"user": 99}, "user_id", "no user 99"),
        ({"zones": (7,)}, "zones", "no zone 7"),
        ({"shifts": (Shift(0, 600, 600),)}, "shifts[0]", "Monday: a shift ends after it starts"),
        ({"shifts": (Shift(0, 600, 1441),)}, "shifts[0]", "same day"),
        ({"shifts": (Shift(7, 0, 60),)}, "shifts[0]", "weekday"),
        ({"shifts": (Shift(1, 0, 60), Shift(1, 120, 180))}, "shifts[1]", "Tuesday comes twice"),
        ({"shifts": (Shift(0, 480, 1020, 400, 500),)}, "shifts[0]", "within the shift"),
        ({"shifts": (Shift(0, 480, 1020, 500, None),)}, "shifts[0]", "both the beginning and the end"),
        ({"absences": (Absence(NOON, NOON),)}, "absences[0]", "ends after it starts"),
        ({"skills": (Grant("HVAC", 0),)}, "skills[0]", "1 (learning) to 5"),
        ({"skills": (Grant("HVAC", 6),)}, "skills[0]", "1 (learning) to 5"),
        ({"skills": (Grant("HVAC", 2), Grant("hvac", 3))}, "skills[1]", "comes twice"),
        ({"skills": (Grant(" ", 2),)}, "skills[0]", "such as HVAC"),
    ],
)
def test_what_cannot_be_is_refused_by_a_sentence(by: Principal, facts: dict[str, Any], field: str, says: str) -> None:
    default_location(by)
    with pytest.raises(Invalid) as refused:
        technician(by, **{"name": "Ann"} | facts)
    assert [item.field for item in refused.value.fields] == [field]
    assert says in refused.value.message
    assert technician_choices(by) == []


def test_every_wrong_field_is_named_at_once(by: Principal) -> None:
    with pytest.raises(Invalid) as refused:
        create_technician(by, TechnicianFacts("", "weekly", -1, skills=(Grant("HVAC", 9),)))
    assert [item.field for item in refused.value.fields] == ["name", "pay_type", "base_pay_cents", "skills[0]"]


def test_a_person_is_one_technician_alone(by: Principal, tess: Principal) -> None:
    technician(by, "Ann", user=3)
    ben = technician(by, "Ben")
    with pytest.raises(Conflict) as refused:
        update_technician(by, ben.number, {"user": 3})
    assert refused.value.code == "user_linked"
    update_technician(by, 1, {"user": None})
    update_technician(by, ben.number, {"user": 3})
    mine = my_technician(tess)
    assert mine is not None
    assert mine.name == "Ben"


def test_of_many_who_link_one_person_at_once_one_wins(app: Flask, by: Principal, tess: Principal) -> None:
    people = crew(by, 6)
    ready, outcomes = Barrier(len(people)), list[str]()

    def link(number: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                update_technician(by, number, {"user": 3})
                outcomes.append("linked")
            except Conflict as error:
                outcomes.append(error.code)
            finally:
                db.session.remove()

    threads = [Thread(target=link, args=(each.number,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["linked", *["user_linked"] * 5]


def test_the_acting_person_is_found_and_nobody_else(by: Principal, tess: Principal, merchants: Merchants) -> None:
    assert my_technician(tess) is None
    technician(by, user=3)
    assert (my_technician(tess) or show_technician(by, 1)).user_id == tess.actor_id
    assert my_technician(by) is None
    assert my_technician(merchants.charlie) is None


def test_only_what_is_named_changes(by: Principal) -> None:
    made = technician(by, skills=(Grant("HVAC", 3),))
    changed = update_technician(by, made.number, {"base_pay": 2800})
    assert (changed.base_pay, changed.name, changed.version) == (2800, "Ann", 2)
    again = update_technician(by, made.number, {"base_pay": 2800})
    assert again.version == 2


def test_a_stale_version_says_what_is_there_now(by: Principal) -> None:
    made = technician(by)
    update_technician(by, made.number, {"phone": "555 0199"}, version=1)
    with pytest.raises(Stale) as refused:
        update_technician(by, made.number, {"phone": "555 0100"}, version=1)
    assert (refused.value.theirs, refused.value.version) == ({"phone": "555 0199"}, 2)


def test_another_businesss_technician_user_and_zone_are_unknown(by: Principal, merchants: Merchants) -> None:
    theirs = technician(merchants.charlie, "Zed")
    zone = create_zone(merchants.charlie, ZoneFacts("Theirs", ("60601",)))
    with pytest.raises(NotFound):
        update_technician(by, theirs.number, {"phone": "1"})
    with pytest.raises(NotFound):
        show_technician(by, theirs.number)
    with pytest.raises(NotFound):
        report_location(by, theirs.id, 1.0, 1.0, NOON)
    with pytest.raises(Invalid, match="no zone"):
        technician(by, zones=(zone.number,))
    assert named_technicians(by, [theirs.id]) == {}


def test_a_number_that_only_another_businesss_person_has_is_unknown(by: Principal, merchants: Merchants) -> None:
    for name in ("dora", "emil"):
        accounts.create_user(SYSTEM, merchants.other_tenant, username=name, password=PASSWORD, role="technician")
    with pytest.raises(Invalid, match="There is no user 3"):
        technician(by, user=3)
    assert technician(merchants.charlie, "Zed", user=3).user_id is not None


def test_a_viewer_changes_nothing(by: Principal, merchants: Merchants) -> None:
    with pytest.raises(NotAllowed):
        technician(merchants.bob)


def test_a_list_finds_by_name_activity_skill_and_zone(by: Principal) -> None:
    ann, ben, cleo = crew(by, 3)
    update_technician(by, ben.number, {"active": False})
    zone = create_zone(by, ZoneFacts("North", ("33601",), technicians=(ann.number,)))
    update_technician(by, cleo.number, {"skills": (Grant("HVAC", 3),)})

    def names(**where: Any) -> list[str]:
        return [each.name for each in browse_technicians(by, TechnicianFilter(**where)).items]

    assert names() == ["Ann", "Ben", "Cleo"]
    assert names(typed="cle") == ["Cleo"]
    assert names(active=True) == ["Ann", "Cleo"]
    assert names(active=False) == ["Ben"]
    assert names(zone=zone.number) == ["Ann"]
    assert names(skill=list_skills(by)[0].id) == ["Cleo"]


def test_a_list_goes_on_where_it_ended(by: Principal) -> None:
    crew(by, 5)
    first = browse_technicians(by, TechnicianFilter(), size=2)
    second = browse_technicians(by, TechnicianFilter(), after=first.after, size=2)
    third = browse_technicians(by, TechnicianFilter(), after=second.after, size=2)
    assert [[each.name for each in part.items] for part in (first, second, third)] == [
        ["Ann", "Ben"], ["Cleo", "Dan"], ["Eve"],
    ]  # fmt: skip
    assert third.after is None


def test_absences_are_added_and_taken_back(by: Principal) -> None:
    ann = technician(by)
    made = add_absence(by, ann.number, Absence(NOON, NOON + timedelta(hours=2), "Dentist"))
    with pytest.raises(NotFound):
        remove_absence(by, ann.number, made.id + 1)
    remove_absence(by, ann.number, made.id)
    with pytest.raises(NotFound):
        remove_absence(by, ann.number, made.id)


def test_the_newest_position_stays_whatever_comes_late(by: Principal, tess: Principal) -> None:
    ann = technician(by, user=3)
    with clock.frozen(NOON):
        assert report_location(tess, ann.id, 27.9, -82.4, NOON)
        assert not report_location(tess, ann.id, 10.0, 10.0, NOON - timedelta(seconds=1))
        assert seen(by, 1) == (27.9, -82.4, NOON)
        assert report_location(tess, ann.id, 28.0, -82.5, NOON + timedelta(days=9)) is False
    with clock.frozen(NOON + timedelta(minutes=1)):
        assert report_location(tess, ann.id, 28.1, -82.5, NOON + timedelta(days=9))
        assert seen(by, 1) == (28.1, -82.5, NOON + timedelta(minutes=1))


def test_a_technician_reports_for_themselves_alone(by: Principal, tess: Principal) -> None:
    technician(by, user=3)
    other = technician(by, "Ben")
    with pytest.raises(NotFound):
        report_location(tess, other.id, 27.9, -82.4, NOON)
    assert seen(by, other.number) == (None, None, None)


@pytest.mark.parametrize("point", [(91.0, 0.0), (float("nan"), 0.0), (0.0, -181.0)])
def test_a_place_that_is_nowhere_is_refused(by: Principal, point: tuple[float, float]) -> None:
    ann = technician(by)
    with pytest.raises(Invalid):
        report_location(by, ann.id, *point, NOON)
