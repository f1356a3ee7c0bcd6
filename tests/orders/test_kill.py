"""Web workers are killed under load: what was acknowledged is there, and nothing is there twice."""

import os
import random
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson
import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.accounts import service as accounts
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.orders.models import Order
from tests.conftest import FULL, Merchants
from tests.inventory.shop import Shop, open_shop
from tests.served import DEADLINE_S, PROCESSES, serving, until, web_workers

pytestmark = pytest.mark.prove

KILLS = 40 if FULL else 2
CLIENTS = 4
ADDRESS = {"street": "1 Main St", "city": "Tampa", "state": "FL", "zip": "33601", "country": "US"}


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.cable, 1_000_000)
    return shop


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
        until(lambda: len(web_workers(pid)) == PROCESSES)
        clients = [Client(port, token, body, number, stop) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            before = sum(len(client.acknowledged) for client in clients)
            until(lambda enough=before + 20: sum(len(client.acknowledged) for client in clients) >= enough)
            victim = chance.choice(web_workers(pid))
            os.kill(victim, signal.SIGKILL)
            until(lambda gone=victim: gone not in web_workers(pid) and len(web_workers(pid)) == PROCESSES)
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
