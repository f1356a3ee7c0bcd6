"""Requests a second of the API beside those of the floor, and how the search bears a catalogue of any size."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks import report
from benchmarks.load import Load, drive
from benchmarks.report import Figure
from benchmarks.servers import Server
from benchmarks.world import RESULTS, World

SHARES = {
    "autocomplete": {"sqlite": 0.20, "postgresql": 0.40},
    "device detail": {"sqlite": 0.25, "postgresql": 0.45},
    "device list, page 1": {"sqlite": 0.25, "postgresql": 0.45},
}
"""The least share of the floor's requests a second that each question must reach."""

PER_SECOND = 1_500
"""Autocompletions a second, at least, on two idle cores."""

GROWTH = 2.0
"""By how much the 99th percentile may grow from 5,000 devices to 1,000,000."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each measurement is taken, and for how long; the median counts."""

    rounds: int
    seconds: float


def against_floor(world: World, ours: Server, floor: Server, effort: Effort) -> list[Figure]:
    """Each question to both servers in turn, so that whatever else the machine does befalls both."""
    questions = {
        "autocomplete": world.prefixes,
        "device detail": [f"/api/catalog/devices/{slug}" for slug in world.slugs],
        "device list, page 1": ["/api/catalog/devices"],
    }
    figures: list[Figure] = []
    for what, paths in questions.items():
        drive(floor.address, paths, {}, seconds=1)
        drive(ours.address, paths, world.headers, seconds=1)
        pairs: list[tuple[Load, Load]] = []
        for _ in range(effort.rounds):
            of_floor = drive(floor.address, paths, {}, seconds=effort.seconds)
            pairs.append((drive(ours.address, paths, world.headers, seconds=effort.seconds), of_floor))
        figures.append(_compared(what, SHARES[what][world.database], pairs))
    return figures


def _compared(what: str, least: float, pairs: Sequence[tuple[Load, Load]]) -> Figure:
    mine, theirs = _middle([pair[0] for pair in pairs]), _middle([pair[1] for pair in pairs])
    ratio = median(mine.per_second / theirs.per_second for mine, theirs in pairs)
    target, met = f"≥ {least} of the floor", ratio >= least
    if what == "autocomplete":
        target, met = f"{target}, ≥ {PER_SECOND:,}/s", met and mine.per_second >= PER_SECOND
    return Figure(what, _words(mine), _words(theirs), ratio, target, met and not mine.wrong)


def _middle(loads: Sequence[Load]) -> Load:
    return Load(
        per_second=median(each.per_second for each in loads),
        p50=median(each.p50 for each in loads),
        p95=median(each.p95 for each in loads),
        p99=median(each.p99 for each in loads),
        wrong=sum(each.wrong for each in loads),
    )


def _words(load: Load) -> str:
    failed = f", {load.wrong} FAILED" if load.wrong else ""
    return f"{load.per_second:,.0f}/s, p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms{failed}"


def flatness(world: World, ours: Server, effort: Effort) -> list[Figure]:
    """The search, kind by kind; beside the same kinds in the small catalogue where that has been measured."""
    measured = {
        kind: _middle([drive(ours.address, paths, world.headers, seconds=effort.seconds) for _ in range(effort.rounds)])
        for kind, paths in world.searches.items()
    }
    report.keep(_kept_at(world.database, world.devices), {kind: asdict(load) for kind, load in measured.items()})
    small = report.kept(_kept_at(world.database, 5_000)) if world.devices > 5_000 else {}
    return [_beside_small(kind, load, small) for kind, load in measured.items()]


def _beside_small(kind: str, load: Load, small: dict[str, dict[str, float]]) -> Figure:
    if kind not in small:
        return Figure(f"search: {kind}", _words(load))
    growth = load.p99 / small[kind]["p99"]
    target = f"p99 ≤ {GROWTH:.0f} × that of 5,000 ({small[kind]['p99']:.1f} ms)"
    return Figure(f"search: {kind}", _words(load), "", growth, target, growth <= GROWTH and not load.wrong)


def _kept_at(database: str, devices: int) -> Path:
    return RESULTS / f"search-{database}-{devices}.json"
