"""Planning the routes of a day: pure functions on plain values, no database, no clock but the running time allowed."""

from collections.abc import Collection, Mapping, Sequence
from time import monotonic

from dashboard.dispatch.routing.orders import Orders, fits_at, improve
from dashboard.dispatch.routing.problem import Fixed, Network, Plan, Problem, Route, Span, Stop, Unplaced, Van, Visit
from dashboard.dispatch.routing.reasons import NOBODY, REASONS, SKILL, ZONE, not_for, why_unplaced
from dashboard.dispatch.routing.search import first_answer
from dashboard.dispatch.routing.timetable import timetable

__all__ = [
    "NOBODY",
    "REASONS",
    "SKILL",
    "ZONE",
    "Fixed",
    "Network",
    "Plan",
    "Problem",
    "Route",
    "Span",
    "Stop",
    "Unplaced",
    "Van",
    "Visit",
    "drive_of_order",
    "fits_at",
    "not_for",
    "plan_routes",
    "present_drive",
    "timetable",
]

SEARCH_SHARE = 0.25
"""The part of the time that the library gets for a first answer; the rest is for making it better."""

SEARCH_ROUNDS = 1_000
ROUNDS_A_STOP, MOST_ROUNDS = 200, 20_000


def plan_routes(
    problem: Problem,
    *,
    seed: int = 1,
    seconds: float = 4.0,
    rounds: int | None = None,
    present: Mapping[int, Sequence[int]] | None = None,
) -> Plan:
    """Routes for the day that serve what is worth most with the least driving.

    `present` are the keys of each van's stops as they are planned now: the answer is never worse than that, as far as
    it is possible at all, and among equals it stays. The same problem and seed give the same plan, as long as the
    `rounds` of improving, by default as many as the stops call for, end before `seconds` do.
    """
    by_key = {stop.key: stop for stop in problem.stops}
    began = monotonic()
    answers: list[Mapping[int, Sequence[Stop]]] = [
        {van: [by_key[key] for key in keys if key in by_key] for van, keys in (present or {}).items()},
        first_answer(problem, seed=seed, seconds=seconds * SEARCH_SHARE, rounds=SEARCH_ROUNDS),
        {},
    ]
    best = min((_completed(problem, answer) for answer in answers), key=lambda each: each.cost())
    rounds = rounds or min(ROUNDS_A_STOP * len(problem.stops), MOST_ROUNDS)
    improve(best, seed=seed, rounds=rounds, seconds=max(seconds - (monotonic() - began), 0.01))
    return _as_plan(problem, best)


def _completed(problem: Problem, answer: Mapping[int, Sequence[Stop]]) -> Orders:
    orders = Orders(problem)
    orders.take_over(answer)
    orders.insert_all()
    return orders


def _as_plan(problem: Problem, orders: Orders) -> Plan:
    routes: list[Route] = []
    for van in problem.vans:
        route = timetable(van, orders.of[van.key], problem.network)
        assert route is not None, "Orders hold nothing that the timetable refuses."
        routes.append(route)
    unplaced = [
        why_unplaced(stop, problem.vans, orders.of, problem.network)
        for stop in sorted(orders.left, key=lambda stop: stop.key)
    ]
    return Plan(tuple(routes), tuple(unplaced))


def present_drive(problem: Problem, present: Mapping[int, Sequence[int]], served: Collection[int]) -> int:
    """Seconds of driving in the present orders, with each further stop of `served` where it costs least driving.

    That is what a plan that serves the same stops is compared with: the present order, windows kept or not.
    """
    by_key = {stop.key: stop for stop in problem.stops if stop.key in served}
    orders = {van.key: [by_key[key] for key in present.get(van.key, ()) if key in by_key] for van in problem.vans}
    vans = {van.key: van for van in problem.vans}
    known = {stop.key for order in orders.values() for stop in order}
    drives = {key: drive_of_order(vans[key], order, problem.network) for key, order in orders.items()}
    for key in sorted(by_key.keys() - known):
        stop = by_key[key]
        ways = [
            (drive_of_order(van, [*order[:at], stop, *order[at:]], problem.network) - drives[van.key], van.key, at)
            for van in problem.vans
            if (not_for(van, stop) is None if stop.fixed is None else stop.fixed.van == van.key)
            for order in [orders[van.key]]
            for at in range(len(order) + 1)
        ]
        more, van_key, at = min(ways)
        orders[van_key].insert(at, stop)
        drives[van_key] += more
    return sum(drives.values())


def drive_of_order(van: Van, stops: Sequence[Stop], network: Network) -> int:
    """Seconds of driving through `stops` in this order, whatever rules it breaks."""
    moment, place, drive = van.begins, van.start, 0
    for stop in stops:
        way = network.seconds(place, stop.place, moment)
        starts = stop.fixed.starts if stop.fixed else max(moment + way, stop.early)
        moment, place, drive = max(moment, starts) + stop.service, stop.place, drive + way
    return drive + (network.seconds(place, van.end, moment) if stops else 0)
