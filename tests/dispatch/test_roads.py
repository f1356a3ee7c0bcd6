"""How long it takes to drive somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.dispatch.roads import METRES_A_MILE, Roads, drive_seconds

HERE, THERE = (28.0, -82.0), (28.0, -82.5)
EVEN = Roads(100, (30,) * 24)


def test_a_road_is_longer_than_the_straight_line() -> None:
    assert Roads(150, (30,) * 24).minutes(HERE, THERE, 9) == pytest.approx(1.5 * EVEN.minutes(HERE, THERE, 9))


def test_each_hour_goes_at_its_own_speed() -> None:
    roads = Roads(100, (30,) * 8 + (15,) + (30,) * 15)
    assert roads.minutes(HERE, THERE, 9) == pytest.approx(EVEN.minutes(HERE, THERE, 9))
    assert roads.minutes(HERE, THERE, 8) > 1.4 * EVEN.minutes(HERE, THERE, 8)


def test_a_way_through_two_hours_is_driven_at_both_speeds() -> None:
    ten_miles = 10 * METRES_A_MILE
    speeds = [METRES_A_MILE / 3600 * miles for miles in (20,) * 9 + (40,) * 15]
    assert drive_seconds(ten_miles, 8.75 * 3600, speeds) == pytest.approx(900 + 450)


def test_midnight_is_an_hour_like_others() -> None:
    assert EVEN.minutes(HERE, THERE, 23.9) == pytest.approx(EVEN.minutes(HERE, THERE, 12))


@given(
    metres=st.floats(0, 300_000),
    leaving=st.floats(0, 86_400),
    later=st.floats(0, 7_200),
    speeds=st.lists(st.floats(1, 40), min_size=24, max_size=24),
)
def test_who_sets_out_later_never_arrives_sooner(
    metres: float, leaving: float, later: float, speeds: list[float]
) -> None:
    sooner = leaving + drive_seconds(metres, leaving, speeds)
    assert sooner <= leaving + later + drive_seconds(metres, leaving + later, speeds) + 0.001
