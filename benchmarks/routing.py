"""`python -m benchmarks.routing`: routes beside the best known, and beside what a minute of thinking gives.

Solomon's instances are read from a folder that is not part of the project (`--instances`); without it that part is
skipped. One kind of vehicle, distance alone, distances truncated to one decimal (the rule of DIMACS).
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks import report
from benchmarks.report import Figure
from dashboard.dispatch.roads import Roads
from dashboard.dispatch.routing import Network, Problem, Stop, Van, plan_routes
from dashboard.dispatch.routing.search import least_distance

BEST_KNOWN = {"R101": 1637.7, "C101": 827.3, "RC101": 1619.8, "RC208": 776.1}
INSTANCES = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "routing"
WITHIN = 1.01
WITHIN_A_MINUTE = 1.05
UNBOUNDED = 10**7
"""Rounds of improving that take longer than any time allowed: the time alone ends them."""

HOUR = 3600
NOON = (12 * HOUR, 12 * HOUR + 1800)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing")
    parser.add_argument("--instances", type=Path, default=INSTANCES, help="folder with R101.vrp and others")
    parser.add_argument("--seconds", type=float, default=15, help="for each instance")
    parser.add_argument("--long", type=float, default=60, help="seconds that the short plan of a day is compared with")
    parser.add_argument("--days", type=int, default=3, help="how many days of 60 jobs and 12 technicians")
    asked = parser.parse_args()
    print(f"Measured on {report.describe_machine()}.")
    report.show("Instances beside the best known", list(instances(asked.instances, asked.seconds)))
    report.show("60 jobs, 12 technicians", list(days(asked.days, asked.long)))


def instances(folder: Path, seconds: float) -> Iterator[Figure]:
    """Each instance that is there."""
    for name, best in BEST_KNOWN.items():
        path = folder / f"{name}.vrp"
        if path.exists():
            found = least_distance(path, seconds=seconds, seed=1) / 10
            words = f"{found:,.1f} in {seconds:.0f} s"
            yield Figure(
                name, words, f"{best:,.1f}", found / best, f"≤ {WITHIN} of the best known", found <= WITHIN * best
            )


def days(count: int, long: float) -> Iterator[Figure]:
    """Days drawn at random: five seconds beside a minute, by driving and what was left over."""
    for seed in range(1, count + 1):
        problem = a_day(60, 12, seed)
        started = perf_counter()
        short = cost(problem, 4.0)
        taken = perf_counter() - started
        full = cost(problem, long, rounds=UNBOUNDED)
        met = short <= WITHIN_A_MINUTE * full and taken <= 5
        target = f"≤ {WITHIN_A_MINUTE} of {long:.0f} s, in 5 s"
        yield Figure(
            f"day {seed}", f"{short / 60:,.0f} min in {taken:.1f} s", f"{full / 60:,.0f} min", short / full, target, met
        )


def cost(problem: Problem, seconds: float, *, rounds: int | None = None) -> int:
    """Seconds of driving, and what was left over at its prize."""
    plan = plan_routes(problem, seconds=seconds, rounds=rounds, seed=1)
    prizes = {stop.key: stop.prize for stop in problem.stops}
    return plan.drive + sum(prizes[each.key] for each in plan.unplaced)


def a_day(stops: int, vans: int, seed: int) -> Problem:
    """A day round a town: half of the jobs have a window of two hours, some need a skill."""
    chance = random.Random(seed)
    points = [(27.95 + chance.gauss(0, 0.12), -82.45 + chance.gauss(0, 0.15)) for _ in range(stops + vans)]
    wanted: list[Stop] = []
    for key in range(stops):
        early, late = 8 * HOUR, 17 * HOUR
        if chance.random() < 0.5:
            early = chance.choice([8, 9, 10, 11, 13, 14, 15]) * HOUR
            late = early + 2 * HOUR
        needs = {chance.choice([1, 2, 3]): chance.randint(1, 3)} if chance.random() < 0.4 else {}
        prize = chance.choice([120, 240, 480]) * 60
        service = chance.choice([30, 45, 60, 90, 120]) * 60
        wanted.append(Stop(key, key, service, early, late, needs=needs, prize=prize))
    crew = [
        Van(
            key, stops + key, stops + key, 8 * HOUR, 17 * HOUR, (NOON,),
            skills={skill: chance.randint(2, 5) for skill in (1, 2, 3) if chance.random() < 0.7},
        )
        for key in range(vans)
    ]  # fmt: skip
    return Problem(wanted, crew, Network.between(points, Roads()))


if __name__ == "__main__":
    main()
