"""Places on the earth, without a network."""

import math

import pytest

from dashboard.core.errors import Invalid
from dashboard.dispatch.places import checked, distance_m, of_zip, point_of

TAMPA, ORLANDO = (27.9506, -82.4572), (28.5383, -81.3792)


def test_a_zip_code_lies_where_it_lies() -> None:
    here = of_zip("33601")
    assert here is not None
    assert distance_m(here, TAMPA) < 20_000
    assert of_zip(" 33601-1234 ") == here


@pytest.mark.parametrize("typed", ["", "00000", "3360", "336011", "K1A 0B1", "3360१", "-33601"])
def test_what_is_no_zip_code_lies_nowhere(typed: str) -> None:
    assert of_zip(typed) is None


def test_distances_are_those_of_the_great_circle() -> None:
    assert distance_m(TAMPA, ORLANDO) == pytest.approx(124_000, rel=0.01)
    assert distance_m(TAMPA, TAMPA) == 0
    assert distance_m((0, 179.5), (0, -179.5)) == pytest.approx(111_195, rel=0.001)


def test_coordinates_go_before_the_zip_code() -> None:
    assert point_of(*ORLANDO, "33601") == ORLANDO
    assert point_of(None, None, "33601") == of_zip("33601")
    assert point_of(None, None) is None


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, -181), (math.nan, 0), (0, math.inf)])
def test_what_is_not_on_the_earth_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(Invalid):
        checked(latitude, longitude)
