"""`make bench`: every figure of the README, beside its floor where it has one."""

import argparse
from collections.abc import Iterator

from benchmarks import guard, orders, pages, processes, report, speed, stock
from benchmarks.report import Figure
from benchmarks.servers import floor, house
from benchmarks.world import SIZES, World, prepare

PARTS = ("speed", "search", "guard", "orders", "stock", "pages", "processes")
UNITS = 200_000


def main() -> None:
    """Measure what was asked for, and print a table for each part and database."""
    asked = _arguments()
    print(f"Measured on {report.describe_machine()}; 16 connections, 2 processes of 2 threads.")
    for database in asked.database:
        print(f"\n{database}: preparing {asked.devices:,} devices …", flush=True)
        world = prepare(database, asked.devices)
        for part, figures in _parts(world, asked):
            report.show(f"{part} on {database}, {asked.devices:,} devices", figures)


def _parts(world: World, asked: argparse.Namespace) -> Iterator[tuple[str, list[Figure]]]:
    effort = speed.Effort(asked.rounds, asked.seconds)
    if "processes" in asked.parts:
        yield "Starting, importing", [processes.starting(world), *processes.importing(world.database)]
    if "pages" in asked.parts:
        yield "Pages", pages.figures(world)
    if "orders" in asked.parts:
        yield "Orders", orders.figures(world, effort)
    if "stock" in asked.parts:
        many, tenant_id = stock.prepare(world.database, UNITS)
        yield f"Stock of {UNITS:,} units", list(stock.figures(many, tenant_id, asked.rounds, asked.seconds))
    if "guard" in asked.parts:
        yield "Guard", guard.figures(world)
    if not {"speed", "search", "processes"} & set(asked.parts):
        return
    with house(world) as ours, floor(world) as theirs:
        if "processes" in asked.parts:
            yield "Memory", [processes.memory_at_rest(ours)]
        if "speed" in asked.parts:
            yield "API beside its floor", speed.against_floor(world, ours, theirs, effort)
        if "search" in asked.parts:
            yield "Search by kind", speed.flatness(world, ours, effort)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…",
        description="PostgreSQL is measured on the server of BENCH_POSTGRESQL; databases of its own are made there.",
    )
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"], help="default: sqlite")
    parser.add_argument("--devices", type=int, choices=list(SIZES), default=5_000, help="size of the catalogue")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="default: all")
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is measured; the median counts")
    parser.add_argument("--seconds", type=float, default=4, help="how long each measurement lasts")
    asked = parser.parse_args()
    asked.database = asked.database or ["sqlite"]
    return asked


if __name__ == "__main__":
    main()
