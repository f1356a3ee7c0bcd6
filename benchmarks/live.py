"""How soon a change is on 300 open boards, what they cost in memory, and what a board's page costs.

`python -m benchmarks.live --database sqlite`: streams are read by one selector, so that reading costs little.
"""

import argparse
import os
import re
import selectors
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import flask_migrate
import orjson
import psycopg
from sqlalchemy import insert

from benchmarks import report
from benchmarks.counting import statements_of
from benchmarks.pages import sign_in
from benchmarks.report import Figure
from benchmarks.servers import house
from benchmarks.world import NO_LIMIT, POSTGRESQL, RESULTS, World
from dashboard import config, create_app
from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, table_of
from dashboard.core.jobs import system_of
from dashboard.core.tenancy import OWN_TENANT
from dashboard.dispatch.models import Job
from dashboard.workforce.service import Shift, TechnicianFacts, create_technician

BOARDS = 300
CHANGES_A_SECOND = 20
SECONDS = 20
SOON_MS = 1_000
MEMORY_MB = 400
TECHNICIANS, JOBS = 50, 300
PAGE_P95_MS = 80
QUERIES = 10
DAY = date(2026, 3, 27)
CODE, PASSWORD = "LIVE", "measured by the clock"


def figures(database: str) -> Iterator[Figure]:
    """The page first, in this process; then the streams of a server."""
    world = _prepare(database)
    yield from _page(world)
    with house(world) as server:
        yield from _live(world, server.address, server.process.pid)


def _prepare(database: str) -> World:
    folder = RESULTS / f"live-{database}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'tradecounter.db'}" if database == "sqlite" else _own_database()
    login = {"login": "owner", "password": PASSWORD, "business_code": CODE}
    world = World(database, JOBS, folder, url, "", login, (), (), {})
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    with app.app_context():
        flask_migrate.upgrade()
        tenant = accounts.create_tenant(
            SYSTEM, business_code=CODE, name="Live Inc.", plan="enterprise", requests_per_minute=NO_LIMIT
        )
        accounts.create_user(SYSTEM, tenant, username="owner", password=PASSWORD, role="owner", name="Owner")
        _fill(system_of(tenant.id))
        key = accounts.create_key(SYSTEM, tenant, name="measured", dialect="tradekitt").secret
        db.session.remove()
        db.engine.dispose()
    return World(database, JOBS, folder, url, key, login, (), (), {})


def _own_database() -> str:
    name = "tradecounter_bench_live"
    with psycopg.connect(POSTGRESQL.replace("+psycopg", ""), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        server.execute(f"CREATE DATABASE {name}".encode())
    return f"{POSTGRESQL.rpartition('/')[0]}/{name}"


def _fill(by: Principal) -> None:
    """A full day: six jobs of an hour for each technician."""
    shifts = tuple(Shift(day, 8 * 60, 18 * 60) for day in range(7))
    named = (TechnicianFacts(f"Technician {n:02}", base_pay=2_500, shifts=shifts) for n in range(TECHNICIANS))
    people = [create_technician(by, facts) for facts in named]
    begins = datetime(DAY.year, DAY.month, DAY.day, 8, tzinfo=UTC)
    always = {
        "tenant_id": by.tenant_id, "description": "", "priority": "normal", "status": "dispatched",
        "customer_name": "A customer", "customer_phone": "", "service_city": "Tampa", "service_state": "FL",
        "duration_minutes": 60, "locked": False, "version": 1, "created_at": begins, "updated_at": begins,
    }  # fmt: skip
    rows = [
        {
            **always, "number": n + 1, "title": f"Job {n + 1}", "service_address": f"{n} Oak St",
            "service_zip": f"336{n % 30:02}", "track_key": f"key-{n}", "technician_id": people[n % TECHNICIANS].id,
            "scheduled_start": starts, "scheduled_end": starts + timedelta(minutes=60),
        }
        for n in range(JOBS)
        for starts in (begins + timedelta(minutes=90 * (n // TECHNICIANS)),)
    ]  # fmt: skip
    with atomic(by) as session:
        session.execute(insert(table_of(Job)), rows, execution_options=OWN_TENANT)


def _page(world: World) -> Iterator[Figure]:
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    client = app.test_client()
    sign_in(client, world)
    path = f"/dispatch?date={DAY}"
    took: list[float] = []
    for _ in range(40):
        started = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200
    with statements_of(app) as executed:
        client.get(path)
    with app.app_context():
        db.engine.dispose()
    selects = [each for each in executed if each.lstrip().startswith(("SELECT", "WITH"))]
    p95 = quantiles(took[2:], n=20)[-1]
    words = f"p50 {sorted(took)[len(took) // 2]:.1f} ms, p95 {p95:.1f} ms"
    yield Figure(f"board, {TECHNICIANS} × {JOBS}", words, target=f"p95 < {PAGE_P95_MS} ms", met=p95 < PAGE_P95_MS)
    yield Figure("board, statements", str(len(selects)), target=f"≤ {QUERIES}", met=len(selects) <= QUERIES)


@dataclass(eq=False)
class _Board:
    """An open stream: its socket, and what was read of a message that is not whole yet."""

    socket: socket.socket
    left: bytes = b""
    told: int = 0


@dataclass
class _Heard:
    """Milliseconds from just before a change was asked for until a board had it, and what boards never had."""

    took: list[float] = field(default_factory=list[float])
    missing: int = 0


def _live(world: World, address: str, pid: int) -> Iterator[Figure]:
    before = _memory(pid)
    boards = [_open(world, address) for _ in range(BOARDS)]
    heard = _change_and_hear(world, address, boards)
    memory = _memory(pid)
    alone = _answers(world, address)
    for each in boards:
        each.socket.close()
    p95 = quantiles(heard.took, n=20)[-1] if heard.took else float("inf")
    words = f"p50 {quantiles(heard.took, n=2)[0]:.0f} ms, p95 {p95:.0f} ms, {heard.missing} missing"
    target = f"p95 < {SOON_MS} ms"
    met = p95 < SOON_MS and not heard.missing
    yield Figure(f"change to {BOARDS} boards, {CHANGES_A_SECOND}/s", words, target=target, met=met)
    words = f"{memory:.0f} MB, {before:.0f} MB without boards"
    yield Figure("web processes with them", words, target=f"< {MEMORY_MB} MB", met=memory < MEMORY_MB)
    yield Figure("other requests meanwhile", f"p95 {alone:.1f} ms")


def _open(world: World, address: str) -> _Board:
    place = urlsplit(address)
    opened = socket.create_connection((place.hostname or "", place.port or 80))
    request = f"GET /api/v1/admin/dispatch/stream HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {world.key}\r\n\r\n"
    opened.sendall(request.encode())
    head = b""
    while b"retry: " not in head:
        head += opened.recv(4096)
    assert b" 200 " in head.split(b"\r\n", 1)[0], head
    opened.setblocking(False)
    return _Board(opened)


def _change_and_hear(world: World, address: str, boards: list[_Board]) -> _Heard:
    """Give jobs to others in turn, and read all boards meanwhile."""
    heard = _Heard()
    asked: dict[str, float] = {}
    selector = selectors.DefaultSelector()
    for each in boards:
        selector.register(each.socket, selectors.EVENT_READ, each)
    total = CHANGES_A_SECOND * SECONDS
    started = time.perf_counter()
    with ThreadPoolExecutor(4) as changers:
        for number in range(total):
            until = started + number / CHANGES_A_SECOND
            _listen(selector, until, asked, heard)
            changers.submit(_assign, world, address, number, asked)
        _listen(selector, time.perf_counter() + 3, asked, heard)
    heard.missing = total * len(boards) - len(heard.took)
    selector.close()
    return heard


def _listen(selector: selectors.BaseSelector, until: float, asked: dict[str, float], heard: _Heard) -> None:
    while (left := until - time.perf_counter()) > 0:
        for key, _ in selector.select(left):
            board: _Board = key.data
            board.left += board.socket.recv(65536)
            now = time.perf_counter()
            *whole, board.left = board.left.split(b"\n\n")
            for message in whole:
                if (found := _MARK.search(message)) is not None:
                    heard.took.append((now - asked[found[1].decode()]) * 1000)


_MARK = re.compile(rb'"version":(\d+)')


def _assign(world: World, address: str, number: int, asked: dict[str, float]) -> None:
    """The same job goes from one to the other: each change has a version of its own, which boards are told."""
    asked[str(number + 2)] = time.perf_counter()
    body = orjson.dumps({"technician_id": (number + 1) % TECHNICIANS + 1, "reassign": True})
    request = urllib.request.Request(  # noqa: S310 - an address of our own
        f"{address}/api/v1/admin/dispatch/1/assign", data=body, method="PATCH",
        headers={"Authorization": f"Bearer {world.key}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        answer.read()


def _answers(world: World, address: str) -> float:
    """How long a small read of the API takes beside the open boards: p95 in milliseconds."""
    took: list[float] = []
    for _ in range(100):
        request = urllib.request.Request(  # noqa: S310
            f"{address}/api/v1/admin/dispatch/1", headers={"Authorization": f"Bearer {world.key}"}
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            answer.read()
        took.append((time.perf_counter() - started) * 1000)
    return quantiles(took, n=20)[-1]


def _memory(pid: int) -> float:
    """Resident megabytes of the web processes, without the worker and the one that starts them all."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            command = (entry / "cmdline").read_bytes()
            pages = int((entry / "statm").read_text().split()[1])
        except OSError:
            continue
        if parent == str(pid) and b"worker" not in command:
            total += pages * os.sysconf("SC_PAGE_SIZE")
    return total / 1e6


def main() -> None:
    """Measure each database that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"], help="default: sqlite")
    asked = parser.parse_args()
    print(f"Measured on {report.describe_machine()}.")
    for database in asked.database or ["sqlite"]:
        report.show(f"Board on {database}", list(figures(database)))


if __name__ == "__main__":
    main()
