"""Planning routes: every answer is looked at by a judge of its own, which knows only the rules."""

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from dashboard.dispatch.roads import Roads, drive_seconds
from dashboard.dispatch.routing import (
    Fixed,
    Network,
    Plan,
    Problem,
    Stop,
    Van,
    Visit,
    drive_of_order,
    plan_routes,
    present_drive,
)

HOUR = 3600
NOON = (12 * HOUR, 12 * HOUR + 1800)
ROADS = Roads()


def a_day(stops: int, vans: int, *, seed: int = 1, pauses: Sequence[tuple[int, int]] = (NOON,)) -> Problem:
    """A day round Tampa, drawn at random; van `v` has the pause `v` modulo their number."""
    chance = random.Random(seed)
    points = [(27.95 + chance.gauss(0, 0.12), -82.45 + chance.gauss(0, 0.15)) for _ in range(stops + vans)]
    wanted = [
        Stop(
            key,
            key,
            chance.choice([30, 45, 60, 90]) * 60,
            *chance.choice([(8 * HOUR, 17 * HOUR), (9 * HOUR, 11 * HOUR), (13 * HOUR, 15 * HOUR)]),
            needs={chance.choice([1, 2]): chance.randint(1, 3)} if chance.random() < 0.4 else {},
            zones=frozenset({chance.choice([7, 8])}),
        )
        for key in range(stops)
    ]
    crew = [
        Van(
            100 + key, stops + key, stops + key, 8 * HOUR, 17 * HOUR,
            pauses=(pauses[key % len(pauses)],) if pauses else (),
            skills={1: 3, 2: chance.randint(1, 3)},
            zones=frozenset({7}) if key % 4 == 1 else frozenset(),
        )
        for key in range(vans)
    ]  # fmt: skip
    return Problem(wanted, crew, Network.between(points, ROADS))


def judge(problem: Problem, plan: Plan) -> None:
    """Every rule, seen from the answer alone: nothing of the library is asked."""
    stops = {stop.key: stop for stop in problem.stops}
    served = [visit.key for route in plan.routes for visit in route.visits]
    assert sorted(served + [each.key for each in plan.unplaced]) == sorted(stops), "each stop once"
    for route in plan.routes:
        van = next(van for van in problem.vans if van.key == route.van)
        moment, place, driven = van.begins, van.start, 0
        for visit in route.visits:
            stop = stops[visit.key]
            _can(van, stop)
            _drives(problem.network, van, (moment, place, stop.place), visit.drive, visit.arrives)
            _works(van, stop, visit)
            moment, place, driven = visit.ends, stop.place, driven + visit.drive
        if route.visits:
            home = route.drive - driven
            _drives(problem.network, van, (moment, place, van.end), home, route.back_at)
            assert route.back_at <= van.ends, "back before the shift ends"


def _can(van: Van, stop: Stop) -> None:
    assert all(van.skills.get(skill, 0) >= level for skill, level in stop.needs.items()), "good enough at it"
    assert not van.zones or van.zones & stop.zones, "in the zone"
    assert stop.fixed is None or stop.fixed.van == van.key, "a fixed stop stays with its van"


def _works(van: Van, stop: Stop, visit: Visit) -> None:
    assert visit.arrives <= visit.starts
    assert visit.ends - visit.starts == stop.service
    if stop.fixed is not None:
        assert visit.starts == stop.fixed.starts, "a fixed stop stays at its time"
        return
    assert stop.early <= visit.starts <= stop.late, "within the window"
    assert all(visit.ends <= begins or visit.starts >= ends for begins, ends in van.pauses), "not in a pause"


def _drives(network: Network, van: Van, way: tuple[int, int, int], drive: int, arrives: int) -> None:
    moment, place, to = way
    by_road = drive_seconds(network.metres[place][to], moment, network.speeds)
    assert drive == pytest.approx(by_road, abs=1)
    standing = sum(max(0, min(arrives, ends) - max(moment, begins)) for begins, ends in van.pauses)
    assert arrives - moment - standing >= drive - 1, "nobody drives in a pause, nor faster than the road"


@pytest.mark.parametrize("pauses", [(), (NOON,), (NOON, (11 * HOUR, 11 * HOUR + 2700), (13 * HOUR, 14 * HOUR))])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_answered_keeps_every_rule(seed: int, pauses: Sequence[tuple[int, int]]) -> None:
    problem = a_day(24, 5, seed=seed, pauses=pauses)
    plan = plan_routes(problem, seed=seed, seconds=1.5)
    judge(problem, plan)
    assert sum(len(route.visits) for route in plan.routes) >= 20


def test_the_same_day_gives_the_same_plan() -> None:
    problem = a_day(8, 2)
    assert plan_routes(problem, seed=3, seconds=30) == plan_routes(problem, seed=3, seconds=30)


def line(*stops: Stop, vans: int = 1, pauses: tuple[tuple[int, int], ...] = (), **van: Mapping[int, int]) -> Problem:
    """Points 0, 1, 2 … ten minutes apart on a straight road; vans 100, 101 … set out from 0 and work from 8 to 17."""
    points = range(20)
    metres = [[abs(a - b) * 6_000 for b in points] for a in points]
    crew = [Van(100 + key, 0, 0, 8 * HOUR, 17 * HOUR, pauses, **van) for key in range(vans)]  # pyright: ignore[reportArgumentType]
    return Problem(stops, crew, Network(metres, [10.0] * 24))


def order_of(plan: Plan, van: int = 100) -> list[int]:
    return [visit.key for route in plan.routes if route.van == van for visit in route.visits]


def test_the_shortest_way_is_found() -> None:
    plan = plan_routes(line(*(Stop(key, key, 600) for key in (4, 1, 3, 2))), seconds=2)
    assert sorted(order_of(plan)) == [1, 2, 3, 4]
    assert plan.drive == 2 * 4 * 600


def test_a_locked_stop_stays_with_its_technician_and_time() -> None:
    locked = Stop(9, 9, HOUR, fixed=Fixed(101, 14 * HOUR))
    problem = line(Stop(1, 1, HOUR), Stop(2, 9, HOUR), locked, vans=2)
    plan = plan_routes(problem, seconds=2)
    judge(problem, plan)
    visit = next(visit for visit in plan.routes[1].visits if visit.key == 9)
    assert (visit.starts, visit.ends) == (14 * HOUR, 15 * HOUR)
    assert 2 in order_of(plan, 101), "who goes there anyway takes the neighbour along"


def test_nothing_makes_a_locked_stop_late() -> None:
    locked = Stop(9, 9, HOUR, fixed=Fixed(100, 10 * HOUR))
    late = Stop(1, 1, 3 * HOUR, 8 * HOUR, 8 * HOUR + 1200)
    plan = plan_routes(line(late, locked), seconds=1)
    assert order_of(plan) == [9]
    assert [(each.key, each.reason) for each in plan.unplaced] == [(1, "time")]


def test_locked_stops_that_clash_stay_and_are_counted() -> None:
    one, other = Stop(1, 1, HOUR, fixed=Fixed(100, 9 * HOUR)), Stop(2, 9, HOUR, fixed=Fixed(100, 9 * HOUR + 600))
    plan = plan_routes(line(one, other), seconds=1)
    assert order_of(plan) == [1, 2]
    assert plan.routes[0].clashes == 1


def test_a_break_is_kept_free_of_work_and_of_driving() -> None:
    pause = (12 * HOUR, 13 * HOUR)
    problem = line(Stop(1, 1, 2 * HOUR, 11 * HOUR, 13 * HOUR), pauses=(pause,))
    plan = plan_routes(problem, seconds=1)
    judge(problem, plan)
    assert plan.routes[0].visits[0].starts == 13 * HOUR
    driving = line(Stop(1, 10, 600, 8 * HOUR, 15 * HOUR), pauses=((8 * HOUR + 1800, 9 * HOUR),))
    assert plan_routes(driving, seconds=1).routes[0].visits[0].arrives == 8 * HOUR + 6000 + 1800


def test_what_is_worth_more_goes_first_where_there_is_no_time_for_both() -> None:
    low, urgent = Stop(1, 1, 5 * HOUR, prize=7_200), Stop(2, 2, 5 * HOUR, prize=57_600)
    plan = plan_routes(line(low, urgent), seconds=1)
    assert order_of(plan) == [2]
    assert [(each.key, each.reason) for each in plan.unplaced] == [(1, "time")]


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (Stop(1, 1, HOUR, needs={5: 2}), "skill"),
        (Stop(1, 1, HOUR, needs={4: 1}, zones=frozenset({8})), "zone"),
        (Stop(1, 1, HOUR, 18 * HOUR, 19 * HOUR, zones=frozenset({7})), "hours"),
        (Stop(1, 1, HOUR, 11 * HOUR, 10 * HOUR, zones=frozenset({7})), "hours"),
        (Stop(1, 1, 10 * HOUR, zones=frozenset({7})), "hours"),
        (Stop(1, 19, HOUR, prize=600, zones=frozenset({7})), "worth"),
    ],
)
def test_what_is_left_over_names_the_constraint_that_binds(stop: Stop, reason: str) -> None:
    problem = line(stop)
    vans = [replace(van, skills={4: 3, 5: 1}, zones=frozenset({7})) for van in problem.vans]
    plan = plan_routes(replace(problem, vans=vans), seconds=1)
    assert [(each.reason, each.by_van) for each in plan.unplaced] == [(reason, {100: reason})]


def test_a_day_without_technicians_has_an_answer() -> None:
    plan = plan_routes(replace(line(Stop(1, 1, HOUR)), vans=[]), seconds=1)
    assert [each.reason for each in plan.unplaced] == ["nobody"]
    assert plan_routes(replace(line(), vans=[]), seconds=1) == Plan((), ())


def test_the_plan_is_never_worse_than_the_present_order() -> None:
    problem = a_day(12, 3)
    first = plan_routes(problem, seconds=2)
    present = {route.van: [visit.key for visit in route.visits] for route in first.routes}
    again = plan_routes(problem, seconds=0.05, seed=9, present=present)
    assert again.drive <= first.drive


def test_without_the_library_there_are_plans_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    problem = a_day(16, 4)
    plan = plan_routes(problem, seconds=1)
    judge(problem, plan)
    assert sum(len(route.visits) for route in plan.routes) >= 14


def test_among_equals_the_present_order_stays() -> None:
    problem = line(*(Stop(key, 3, 600) for key in (1, 2, 3)))
    assert order_of(plan_routes(problem, seconds=0.5, present={100: [2, 3, 1]})) == [2, 3, 1]


def test_minutes_saved_compare_the_same_stops() -> None:
    problem = line(Stop(1, 1, 600), Stop(4, 4, 600), Stop(2, 2, 600))
    assert present_drive(problem, {100: [4, 1]}, {1, 4}) == 8 * 600
    assert present_drive(problem, {100: [1, 4, 2]}, {1, 4, 2}) == 8 * 600
    assert present_drive(problem, {100: [2, 1, 4]}, {1, 4, 2}) == 10 * 600
    assert present_drive(problem, {100: [4, 1]}, {1, 2, 4}) == 8 * 600, "who has nobody comes where it costs least"
    assert drive_of_order(problem.vans[0], [], problem.network) == 0
