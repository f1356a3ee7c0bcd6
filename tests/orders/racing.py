"""Rivals for the same stock: each process an application of its own, each thread a client, all let go at once."""

import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from dashboard import create_app
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.inventory.models import Claim, StockLevel
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder, OutOfStock, Pieces, Taken
from tests.conftest import FULL

DEADLINE_S = 120
"""For all rivals to come to a round."""

WHOLE_RACE_S = 3_600 if FULL else 240


@dataclass
class _Race:
    """What every process of a race is handed."""

    environment: dict[str, str]
    token: str
    rounds: Sequence["Round"]
    threads: int
    barrier: Any
    results: Any
    broken: str


@dataclass(frozen=True)
class Round:
    """What all rivals of a round ask for: `(path, body)` of each door, of which a rival takes one at random."""

    requests: tuple[tuple[str, dict[str, Any]], ...]


def race(
    environment: dict[str, str], token: str, rounds: Sequence[Round], *, processes: int, threads: int, broken: str = ""
) -> list[Counter[int]]:
    """How many rivals of each round got which status. `broken` names a claim that is known not to hold."""
    spawn = multiprocessing.get_context("spawn")
    told = _Race(environment, token, rounds, threads, spawn.Barrier(processes * threads), spawn.Queue(), broken)
    running = [spawn.Process(target=_run, args=(told, number)) for number in range(processes)]
    for each in running:
        each.start()
    found = [Counter[int]() for _ in rounds]
    for _ in range(processes * threads):
        for number, status in told.results.get(timeout=WHOLE_RACE_S):
            found[number][status] += 1
    for each in running:
        each.join(timeout=DEADLINE_S)
    return found


def _run(told: _Race, number: int) -> None:
    os.environ.update(told.environment)
    if told.broken:
        claims.take = BROKEN[told.broken]
    app = create_app()
    rivals = [Thread(target=_rival, args=(told, app, random.Random(number * 100 + n))) for n in range(told.threads)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(timeout=WHOLE_RACE_S)


def _rival(told: _Race, app: Flask, chance: random.Random) -> None:
    client = app.test_client()
    headers = {"Authorization": f"Bearer {told.token}"}
    seen: list[tuple[int, int]] = []
    for number, each in enumerate(told.rounds):
        path, body = chance.choice(each.requests)
        told.barrier.wait(timeout=DEADLINE_S)
        seen.append((number, client.post(path, json=body, headers=headers).status_code))
    told.results.put(seen)


def _read_then_write(by: Principal, holder: Holder, *, pieces: Sequence[Pieces] = (), until: Any, **_: Any) -> Taken:
    """Looks how much is free, and takes it in a second step without a lock."""
    taken: list[Pieces] = []
    with atomic(by) as session:
        for each in pieces:
            level = session.scalars(select(StockLevel).where(StockLevel.product_id == each.product_id)).one()
            held = session.scalar(
                select(func.sum(Claim.quantity)).where(Claim.product_id == each.product_id, Claim.ended_at.is_(None))
            )
            if level.on_hand - int(held or 0) < each.quantity:
                raise OutOfStock("There are not enough pieces.", products={each.product_id: 0})
            taken.append(Pieces(each.product_id, each.quantity, level.location_id))
        _write(session, holder, taken, until)
    return Taken(taken, {})


def _locked_in_one_statement(
    by: Principal, holder: Holder, *, pieces: Sequence[Pieces] = (), until: Any, **_: Any
) -> Taken:
    """Locks and looks in a single statement: what it sees is older than its lock."""
    taken: list[Pieces] = []
    with atomic(by) as session:
        for each in pieces:
            locked = (
                select(StockLevel.product_id, StockLevel.location_id, StockLevel.on_hand)
                .where(StockLevel.product_id == each.product_id)
                .with_for_update()
                .cte("locked")
            )
            held = (
                select(func.coalesce(func.sum(Claim.quantity), 0))
                .where(Claim.product_id == locked.c.product_id, Claim.ended_at.is_(None))
                .scalar_subquery()
            )
            row = session.execute(select(locked.c.location_id).where(locked.c.on_hand - held >= each.quantity)).first()
            if row is None:
                raise OutOfStock("There are not enough pieces.", products={each.product_id: 0})
            taken.append(Pieces(each.product_id, each.quantity, row.location_id))
        _write(session, holder, taken, until)
    return Taken(taken, {})


def _write(session: Any, holder: Holder, taken: Sequence[Pieces], until: Any) -> None:

    session.add_all(
        Claim(
            product_id=each.product_id,
            location_id=each.location_id,
            quantity=each.quantity,
            holder=holder.kind,
            holder_id=holder.id,
            expires_at=until,
            created_at=clock.now(),
        )
        for each in taken
    )


BROKEN: dict[str, Any] = {
    "read, then write": _read_then_write,
    "lock and look in one statement": _locked_in_one_statement,
}
