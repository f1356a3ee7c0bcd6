"""Zones: which a place lies in, what makes no zone; and over HTTP in the words of K."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.customers.service import Stale
from dashboard.workforce.queries.zones import list_zones, show_zone, zone_map, zones_at
from dashboard.workforce.service import ZoneFacts, change_zone, create_zone, remove_zone
from dashboard.workforce.service.zones import read_zips
from dashboard.workforce.shapes import is_inside, polygon_fault
from tests.conftest import Api, Merchants
from tests.field import data, refusal
from tests.workforce.crews import TAMPA, crew, technician

ZONES = "/api/v1/admin/service-zones"
SQUARE = ((27.0, -83.0), (27.0, -82.0), (28.0, -82.0), (28.0, -83.0))
BOW_TIE = (SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])


def test_a_place_lies_in_the_zones_of_its_zip_or_whose_outline_holds_it(by: Principal) -> None:
    zips = create_zone(by, ZoneFacts("By ZIP", ("33601", "33610-33612")))
    drawn = create_zone(by, ZoneFacts("Drawn", polygon=SQUARE))
    assert zones_at(by, "33611", None) == {zips.id}
    assert zones_at(by, "33611-1234", None) == {zips.id}
    assert zones_at(by, "33613", None) == frozenset()
    assert zones_at(by, "", TAMPA) == {drawn.id}
    assert zones_at(by, "33601", TAMPA) == {zips.id, drawn.id}
    assert zones_at(by, "33601", (30.0, -82.5)) == {zips.id}
    assert zone_map(by).at("33612", (27.0, -82.5)) == {zips.id, drawn.id}


def test_zones_of_another_business_are_not_asked(by: Principal, merchants: Merchants) -> None:
    theirs = create_zone(merchants.charlie, ZoneFacts("Theirs", ("33601",)))
    assert zones_at(by, "33601", None) == frozenset()
    for attempt in (
        lambda: show_zone(by, theirs.number),
        lambda: change_zone(by, theirs.number, {"name": "Mine"}),
        lambda: remove_zone(by, theirs.number),
    ):
        with pytest.raises(NotFound):
            attempt()


@pytest.mark.parametrize(
    ("facts", "field", "says"),
    [
        ({"name": " "}, "name", "name"),
        ({"zips": ()}, "zips", "list ZIP codes, or draw an outline"),
        ({"zips": ("3360",)}, "zips", "“3360” is no ZIP code"),
        ({"zips": ("33601-33",)}, "zips", "no ZIP code"),
        ({"zips": ("33610-33601",)}, "zips", "ends before it begins"),
        ({"zips": ("00000-99999",)}, "zips", "at most 2,000"),
        ({"zips": ("٣٣٦٠١",)}, "zips", "no ZIP code"),
        ({"polygon": SQUARE[:2]}, "polygon", "at least three corners"),
        ({"polygon": BOW_TIE}, "polygon", "crosses itself"),
        ({"polygon": (*SQUARE, SQUARE[0])}, "polygon", "comes twice"),
        ({"polygon": ((27.0, -83.0), (28.0, -83.0), (27.5, -83.0))}, "polygon", "crosses itself"),
        ({"polygon": ((91.0, 0.0), *SQUARE)}, "polygon", "-90 and 90"),
        ({"polygon": ((float("nan"), 0.0), *SQUARE)}, "polygon", "-90 and 90"),
        ({"technicians": (9,)}, "technicians", "no technician 9"),
    ],
)
def test_what_makes_no_zone_is_refused(by: Principal, facts: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_zone(by, ZoneFacts(**dict[str, Any](name="North", zips=("33601",)) | facts))
    assert [item.field for item in refused.value.fields] == [field]
    assert says in refused.value.message
    assert list_zones(by) == []


def test_codes_are_kept_sorted_and_once() -> None:
    assert read_zips(["33602", "33601 - 33603", "00501"]) == ["00501", "33601", "33602", "33603"]


@given(
    st.tuples(st.floats(27.01, 27.99), st.floats(-82.99, -82.01)),
    st.integers(0, 3),
    st.booleans(),
)
def test_inside_is_inside_wherever_the_outline_begins(point: tuple[float, float], turn: int, back: bool) -> None:
    corners = [*SQUARE[turn:], *SQUARE[:turn]][:: -1 if back else 1]
    assert polygon_fault(corners) == ""
    assert is_inside(point, corners)
    assert not is_inside((point[0] + 1, point[1]), corners)
    assert not is_inside((point[0], point[1] - 1), corners)


def test_the_edge_and_a_dent_count_as_one_expects() -> None:
    dented = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0))
    assert polygon_fault(dented) == ""
    assert is_inside((0.0, 0.0), dented)
    assert is_inside((2.0, 0.0), dented)
    assert is_inside((2.0, 1.0), dented)
    assert not is_inside((2.0, 2.0), dented)


def test_a_zone_is_changed_renamed_and_removed(by: Principal) -> None:
    ann, ben = crew(by, 2)
    made = create_zone(by, ZoneFacts("North", ("33601",), technicians=(ann.number,)))
    create_zone(by, ZoneFacts("South", ("33701",)))
    change_zone(by, made.number, {"technicians": (ben.number,), "polygon": SQUARE}, version=1)
    found = show_zone(by, made.number)
    assert (found.zips, found.polygon, [each.name for each in found.technicians]) == (("33601",), SQUARE, ["Ben"])
    with pytest.raises(Stale):
        change_zone(by, made.number, {"name": "Old"}, version=1)
    with pytest.raises(Conflict):
        change_zone(by, made.number, {"name": "SOUTH"})
    remove_zone(by, made.number)
    assert [each.name for each in list_zones(by)] == ["South"]


def test_over_http(field: Api, by: Principal) -> None:
    technician(by)
    corners = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in SQUARE]
    body = {"name": "North", "zips": ["33601-33602"], "polygon": corners, "technicians": [1]}
    made = data(field.post(ZONES, json=body), 201)
    assert made == {
        "id": 1,
        "name": "North",
        "zips": ["33601", "33602"],
        "polygon": corners,
        "technicians": [{"id": 1, "name": "Ann"}],
        "version": 1,
    }
    assert data(field.get(ZONES))["items"] == [made]
    changed = data(field.call("PATCH", f"{ZONES}/1", json={"zips": []}))
    assert (changed["zips"], changed["polygon"], changed["version"]) == ([], corners, 2)
    assert refusal(field.call("PATCH", f"{ZONES}/1", json={"polygon": []}), 422)["fields"][0]["field"] == "zips"
    assert refusal(field.call("PATCH", f"{ZONES}/1", json={"name": None}), 422)["fields"][0]["field"] == "name"
    assert field.call("DELETE", f"{ZONES}/1").status_code == 204
    assert field.get(f"{ZONES}/1").status_code == 404


def test_a_bow_tie_over_http_is_refused_by_a_sentence(field: Api) -> None:
    corners = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in BOW_TIE]
    error = refusal(field.post(ZONES, json={"name": "North", "polygon": corners}), 422)
    assert error["fields"][0]["field"] == "polygon"
    assert "walking round the zone" in error["fields"][0]["message"]
