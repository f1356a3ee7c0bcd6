"""Boards that watch a day while web workers are killed: at the end each has been told everything, once, in order."""

import os
import random
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException

import orjson
import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.dispatch.queries.board import board_of
from dashboard.dispatch.queries.changes import last_change
from dashboard.dispatch.service.jobs import JobFacts, create_job
from dashboard.workforce.service import Shift
from tests.conftest import FULL, Merchants
from tests.served import DEADLINE_S, PROCESSES, serving, until, web_workers
from tests.workforce.crews import crew

pytestmark = pytest.mark.prove

KILLS = 10 if FULL else 1
TECHNICIANS, JOBS = (20, 120) if FULL else (4, 12)
CHANGES = 600 if FULL else 60
BOARDS = 3
NINE = datetime(2026, 3, 27, 9, tzinfo=UTC)
ADMIN = "/api/v1/admin/dispatch"


class Board(threading.Thread):
    """Reads the stream as a browser does: what it was told last it says when it comes back."""

    def __init__(self, port: int, token: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._port, self._token, self._over = port, token, stop
        self.told: list[tuple[int, dict[str, object]]] = []
        self.reloads = 0
        self.came_back = -1

    @property
    def last(self) -> int:
        return self.told[-1][0] if self.told else 0

    def run(self) -> None:
        while not self._over.is_set():
            self.came_back += 1
            try:
                self._listen()
            except (OSError, HTTPException):
                continue

    def _listen(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=2)
        headers = {"Authorization": f"Bearer {self._token}", "Last-Event-ID": str(self.last)}
        try:
            connection.request("GET", f"{ADMIN}/stream", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            number = 0
            while not self._over.is_set() and (line := answer.readline()):
                name, _, value = line.decode().strip().partition(": ")
                if name == "id":
                    number = int(value)
                elif name == "data":
                    self._hear(number, orjson.loads(value))
        finally:
            connection.close()

    def _hear(self, number: int, data: dict[str, object]) -> None:
        if data["type"] == "reload":
            self.reloads += 1
        else:
            self.told.append((number, data))


def test_every_board_ends_as_the_database_although_web_workers_are_killed(app: Flask, merchants: Merchants) -> None:
    by = merchants.alice
    people = crew(by, TECHNICIANS, shifts=tuple(Shift(day, 0, 1440) for day in range(7)))
    for number in range(JOBS):
        start = NINE + timedelta(minutes=30 * (number % 16))
        facts = JobFacts(f"Job {number}", scheduled_start=start, scheduled_end=start + timedelta(minutes=30))
        create_job(by, facts)
    token = accounts.create_key(SYSTEM, merchants.tenant, name="day", dialect="tradekitt").secret
    began = last_change(by)
    db.session.remove()
    chance, stop = random.Random(11), threading.Event()
    kill_at = {(n + 1) * CHANGES // (KILLS + 1) for n in range(KILLS)}
    with serving(app) as (port, pid):
        until(lambda: len(web_workers(pid)) == PROCESSES)
        boards = [Board(port, token, stop) for _ in range(BOARDS)]
        for each in boards:
            each.start()
        for number in range(CHANGES):
            if number in kill_at:
                victim = chance.choice(web_workers(pid))
                os.kill(victim, signal.SIGKILL)
                until(lambda gone=victim: gone not in web_workers(pid) and len(web_workers(pid)) == PROCESSES)
            _change(port, token, chance, [each.number for each in people])
        expected = last_change(by)
        db.session.remove()
        until(lambda: all(each.last == expected for each in boards))
        stop.set()
        for each in boards:
            each.join(timeout=DEADLINE_S)
    assert expected > began + CHANGES // 4
    assert sum(each.came_back for each in boards) >= 1
    shown = {
        card.job.number: (card.job.technician_number, card.job.status, card.job.version)
        for lane in board_of(by, NINE.date()).lanes
        for card in lane.cards
    }
    for each in boards:
        assert each.reloads == 0
        assert [number for number, _ in each.told] == list(range(1, expected + 1))
        latest = {data["job_id"]: data for _, data in each.told if "job_id" in data}
        assert {
            number: (data["technician_id"], data["status"], data["version"])
            for number, data in latest.items()
            if data["technician_id"] is not None and data["status"] != "cancelled"
        } == shown


def _change(port: int, token: str, chance: random.Random, people: list[int]) -> None:
    """A dispatcher's step with any job, sent again until it is answered; what cannot be done is refused."""
    job = chance.randint(1, JOBS)
    path, body = chance.choice(
        [
            (f"{ADMIN}/{job}/assign", {"technician_id": chance.choice(people), "reassign": True}),
            (f"{ADMIN}/{job}/assign", {"technician_id": chance.choice(people), "reassign": True}),
            (f"{ADMIN}/{job}/status", {"status": chance.choice(["acknowledged", "on_site", "completed"])}),
            (f"{ADMIN}/{job}/status", {"status": "cancelled" if chance.random() < 0.2 else "en_route"}),
        ]
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = f"key-{chance.random()}"
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("PATCH", path, orjson.dumps(body), headers)
            status = connection.getresponse().status
        except (TimeoutError, OSError, HTTPException):
            continue
        finally:
            connection.close()
        assert status < 500
        return
    raise AssertionError("no answer")
