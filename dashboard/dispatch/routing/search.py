"""A first good answer by the routing library: all stops and vans at once, pauses and hours nearly as they are.

The library knows no pauses. The one that most vans have is cut out of the time of day, and a stop that may be before
or after it is given twice, of which one is visited; so none is interrupted. What is not quite so for a van with
another pause, or in a slower hour, the timetable puts right afterwards.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.dispatch.routing.problem import Problem, Span, Stop, Van
from dashboard.dispatch.routing.reasons import not_for

FORBIDDEN = 10**9
"""Seconds to a stop that is not for a van: more than any is worth."""

FIXED_PRIZE = 10**7


@dataclass(frozen=True, slots=True)
class Visitable:
    """A stop with one window of time, in seconds without the pause that was cut out."""

    stop: Stop
    early: int
    late: int


def first_answer(problem: Problem, *, seed: int, seconds: float, rounds: int) -> dict[int, Sequence[Stop]]:
    """For each van its stops in order. Empty where the library is not installed, or there is nothing to plan."""
    try:
        import numpy as np  # noqa: PLC0415 - only where routes are planned
        import pyvrp  # noqa: PLC0415
        from pyvrp import stop as criteria  # noqa: PLC0415
    except ImportError:
        return {}
    cut = _common_pause(problem.vans)
    choices = list(_visitables(problem, cut))
    if not choices or not problem.vans:
        return {}
    data = _as_data(pyvrp, np, problem, choices, cut)
    halt = criteria.MultipleCriteria([criteria.MaxRuntime(seconds), criteria.MaxIterations(rounds)])
    best = pyvrp.solve(data, stop=halt, seed=seed, collect_stats=False).best
    found: dict[int, Sequence[Stop]] = {}
    for route in best.routes():
        visits = [choices[each.idx].stop for each in route if each.is_client()]
        found[problem.vans[route.vehicle_type()].key] = visits
    return found


def _common_pause(vans: Sequence[Van]) -> Span:
    """The pause that most vans have; an empty one where there is none."""
    pauses = Counter(pause for van in vans for pause in van.pauses)
    return min(pauses, key=lambda pause: (-pauses[pause], pause), default=(0, 0))


def _without(cut: Span, moment: int) -> int:
    """The moment on a clock that stands still in the pause."""
    return min(moment, cut[0]) + max(moment - cut[1], 0)


def _visitables(problem: Problem, cut: Span) -> Iterator[Visitable]:
    for stop in problem.stops:
        if stop.fixed is not None:
            starts = max(_without(cut, stop.fixed.starts), 0)
            yield Visitable(stop, starts, starts)
            continue
        if not any(not_for(van, stop) is None for van in problem.vans):
            continue
        before = min(stop.late, cut[0] - stop.service)
        if cut[1] > cut[0] and stop.early <= before:
            yield Visitable(stop, max(stop.early, 0), before)
        after = max(stop.early, cut[1])
        if after <= stop.late:
            yield Visitable(stop, _without(cut, after), _without(cut, stop.late))


def _as_data(pyvrp: Any, np: Any, problem: Problem, choices: Sequence[Visitable], cut: Span) -> Any:
    network = problem.network
    ends = sorted({(van.start, van.end) for van in problem.vans})
    points = [choice.stop.place for choice in choices] + [place for pair in ends for place in pair]
    hours = _hours(problem)
    row_of = {place: at for at, place in enumerate(sorted(set(points)))}
    small = np.array([[network.slow_seconds(a, b, hours) for b in row_of] for a in row_of], dtype=np.int64)
    index = np.array([row_of[place] for place in points])
    matrix = small[np.ix_(index, index)]
    np.fill_diagonal(matrix, 0)
    depot_of = {pair: len(choices) + 2 * at for at, pair in enumerate(ends)}
    matrices, profiles = _matrices(np, problem, choices, matrix)
    groups, members = _groups(pyvrp, choices)
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in points],
        clients=[
            pyvrp.Client(
                location=at,
                service_duration=choice.stop.service,
                tw_early=choice.early,
                tw_late=choice.late,
                prize=FIXED_PRIZE if choice.stop.fixed else choice.stop.prize,
                required=False,
                group=members.get(at),
            )
            for at, choice in enumerate(choices)
        ],
        depots=[pyvrp.Depot(location=len(choices) + at) for at in range(2 * len(ends))],
        vehicle_types=[
            pyvrp.VehicleType(
                num_available=1,
                start_depot=depot_of[van.start, van.end] - len(choices),
                end_depot=depot_of[van.start, van.end] - len(choices) + 1,
                tw_early=max(_without(cut, van.begins), 0),
                tw_late=max(_without(cut, van.ends), _without(cut, van.begins), 0),
                profile=profiles[at],
            )
            for at, van in enumerate(problem.vans)
        ],
        distance_matrices=matrices,
        duration_matrices=matrices,
        groups=groups,
    )


def _hours(problem: Problem) -> range:
    begins = min(van.begins for van in problem.vans) + problem.network.offset
    ends = max(van.ends for van in problem.vans) + problem.network.offset
    return range(begins // 3600, max(ends // 3600, begins // 3600 + 1))


def _matrices(np: Any, problem: Problem, choices: Sequence[Visitable], matrix: Any) -> tuple[list[Any], list[int]]:
    """One matrix for all vans that may visit the same stops, and which of them each van drives by."""
    matrices: list[Any] = []
    seen: dict[tuple[bool, ...], int] = {}
    profiles: list[int] = []
    for van in problem.vans:
        closed = tuple(
            choice.stop.fixed.van != van.key if choice.stop.fixed else not_for(van, choice.stop) is not None
            for choice in choices
        )
        if closed not in seen:
            own = matrix.copy()
            shut = np.flatnonzero(closed)
            own[:, shut] = FORBIDDEN
            own[shut, :] = FORBIDDEN
            np.fill_diagonal(own, 0)
            seen[closed] = len(matrices)
            matrices.append(own)
        profiles.append(seen[closed])
    return matrices, profiles


def _groups(pyvrp: Any, choices: Sequence[Visitable]) -> tuple[list[Any], dict[int, int]]:
    """The stops that were given twice: one of the two is visited, or none."""
    twice: dict[int, list[int]] = {}
    for at, choice in enumerate(choices):
        twice.setdefault(choice.stop.key, []).append(at)
    pairs = [pair for pair in twice.values() if len(pair) > 1]
    return (
        [pyvrp.ClientGroup(pair, required=False) for pair in pairs],
        {at: number for number, pair in enumerate(pairs) for at in pair},
    )


def least_distance(instance: Path, *, seconds: float, seed: int) -> int:
    """The distance of the best routes for an instance in the format of VRPLIB, in tenths and without windows broken.

    It measures the library by itself, with one kind of vehicle. Raises ValueError where no answer keeps the windows.
    """
    import pyvrp  # noqa: PLC0415
    from pyvrp import stop as criteria  # noqa: PLC0415

    data = pyvrp.read(instance, round_func="dimacs")
    best = pyvrp.solve(data, stop=criteria.MaxRuntime(seconds), seed=seed, collect_stats=False).best
    if not best.is_feasible():
        raise ValueError(f"No answer to {instance.name} keeps its windows.")
    return best.distance()
