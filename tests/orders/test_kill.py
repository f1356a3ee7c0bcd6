"""Web workers are killed under load: what was acknowledged is there, and nothing is there twice."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson
import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.accounts import service as accounts
from dashboard.config import Settings
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.orders.models import Order
from tests.conftest import FULL, Merchants
from tests.inventory.shop import Shop, open_shop

pytestmark = pytest.mark.prove

ROOT = Path(__file__).resolve().parents[2]
KILLS = 40 if FULL else 2
CLIENTS = 4
PROCESSES = 2
DEADLINE_S = 60
ADDRESS = {"street": "1 Main St", "city": "Tampa", "state": "FL", "zip": "33601", "country": "US"}


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.cable, 1_000_000)
    return shop


@contextmanager
def serving(app: Flask) -> Generator[tuple[int, int]]:
    """The installation of `app` served as an operator would; its port and the process that starts web workers."""
    settings: Settings = app.extensions["settings"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    told = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "INSTANCE_PATH": str(settings.instance_path),
        "SECRET_KEY": settings.secret_key,
        "RATE_LIMITS": "off",
        "LOG_LEVEL": "critical",
    }
    command = ["-m", "flask", "--app", "wsgi", "serve", "--port", str(port), "--processes", str(PROCESSES)]
    started = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=told, stdout=subprocess.DEVNULL)
    try:
        _until(lambda: _answers(port))
        yield port, started.pid
    finally:
        started.terminate()
        started.wait(timeout=DEADLINE_S)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not there():
        assert time.monotonic() < end, "It did not come in time."


def _workers(pid: int) -> list[int]:
    """The web workers of a server: its children but the one that does background work."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found: list[int] = []
    for child in map(int, children):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if command and b"worker" not in command:  # a dead one that nobody has buried has none
                found.append(child)
        except OSError:
            continue
    return found


class Client(threading.Thread):
    """Places one order after another, each with a key of its own, and asks again until it is answered."""

    def __init__(self, port: int, token: str, body: bytes, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._to, self._told_to_stop, self._number = port, stop, number
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._body = body
        self.acknowledged: dict[str, str] = {}
        self.retried = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        turn = 0
        while not self._told_to_stop.is_set():
            turn += 1
            key = f"{self._number}-{turn}"
            self.acknowledged[key] = self._place(key)

    def _place(self, key: str) -> str:
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            connection = HTTPConnection("127.0.0.1", self._to, timeout=20)
            try:
                connection.request("POST", "/v1/orders", self._body, {**self._headers, "Idempotency-Key": key})
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, HTTPException):
                self.retried += 1
                continue
            finally:
                connection.close()
            if answer.status == 201:
                return str(orjson.loads(said)["order_id"])
            if answer.status != 409:  # the first try may still be running
                self.wrong.append(f"{answer.status} {said[:200]!r}")
                return ""
        self.wrong.append("no answer")
        return ""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="The workers of a server are found in /proc.")
def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(app: Flask, merchants: Merchants, shop: Shop) -> None:
    token = accounts.create_key(SYSTEM, merchants.tenant, name="clients").secret
    items = [{"product_id": "PROD-CAB-1", "quantity": 1}]
    body = orjson.dumps({"customer_id": shop.buyer.code, "items": items, "shipping_address": ADDRESS})
    db.session.remove()
    stop = threading.Event()
    chance = random.Random(3)
    with serving(app) as (port, pid):
        _until(lambda: len(_workers(pid)) == PROCESSES)
        clients = [Client(port, token, body, number, stop) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            before = sum(len(client.acknowledged) for client in clients)
            _until(lambda enough=before + 20: sum(len(client.acknowledged) for client in clients) >= enough)
            victim = chance.choice(_workers(pid))
            os.kill(victim, signal.SIGKILL)
            _until(lambda gone=victim: gone not in _workers(pid) and len(_workers(pid)) == PROCESSES)
        stop.set()
        for client in clients:
            client.join(timeout=DEADLINE_S)
    acknowledged = [code for client in clients for code in client.acknowledged.values()]
    assert [problem for client in clients for problem in client.wrong] == []
    assert len(set(acknowledged)) == len(acknowledged)
    with app.app_context():
        kept = set(reads(shop.by).scalars(select(Order.code)))
        assert kept == set(acknowledged)
        assert reads(shop.by).scalar(select(func.count(Order.id))) == len(acknowledged)
        assert [found.equation.says for found in audit(SYSTEM) if found.offenders] == []
