"""Rivals for the same stock: each process an application of its own, each thread a client, all let go at once.

Programs order through the API; people enter orders on the page, where a line is held when it is added and sold when
the draft is placed.
"""

import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from dashboard import create_app
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.inventory.models import Claim, StockLevel
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder, OutOfStock, Pieces, Taken
from tests.conftest import FULL, inputs, sign_in

DEADLINE_S = 120
"""For all rivals to come to a round."""

WHOLE_RACE_S = 3_600 if FULL else 240

NEW_PROCESSES = multiprocessing.get_context("forkserver")
"""Each as new as a spawned one, but of a parent that has imported everything once."""

NEW_PROCESSES.set_forkserver_preload([__name__])

Act = Callable[[], str]
"""One try for the stock, ready to be let go; what came of it."""


@dataclass(frozen=True)
class Round:
    """What all rivals of a round are after.

    `requests` are `(path, body)` of the doors of programs, of which each takes one at random; without any they stay
    away. `scans` are what people may add to their order, and `drafts`, by user name, those that are only to be placed
    yet.
    """

    requests: tuple[tuple[str, dict[str, Any]], ...]
    scans: tuple[str, ...] = ()
    drafts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class _Race:
    """What every process of a race is handed."""

    environment: dict[str, str]
    token: str
    people: Sequence[tuple[str, str]]
    rounds: Sequence[Round]
    threads: int
    barrier: Any
    results: Any
    broken: str


def race(
    environment: dict[str, str],
    token: str,
    rounds: Sequence[Round],
    *,
    processes: int,
    threads: int,
    people: Sequence[tuple[str, str]] = (),
    broken: str = "",
) -> list[Counter[str]]:
    """How many rivals of each round came off how: `sold`, `held` (on the page), `placed` (from a draft), `refused` with
    the reason, `away`, or whatever else they were answered.

    `people` (user name, business code) are spread over the processes, the other rivals are programs. `broken` names a
    claim that is known not to hold.
    """
    barrier = NEW_PROCESSES.Barrier(processes * threads)
    told = _Race(environment, token, people, rounds, threads, barrier, NEW_PROCESSES.Queue(), broken)
    running = [NEW_PROCESSES.Process(target=_run, args=(told, number, processes)) for number in range(processes)]
    for each in running:
        each.start()
    found = [Counter[str]() for _ in rounds]
    for _ in range(processes * threads):
        for number, outcome in told.results.get(timeout=WHOLE_RACE_S):
            found[number][outcome] += 1
    for each in running:
        each.join(timeout=DEADLINE_S)
    return found


def _run(told: _Race, number: int, processes: int) -> None:
    os.environ.update(told.environment)
    if told.broken:
        claims.take = BROKEN[told.broken]
    app = create_app()
    mine = told.people[number::processes]
    rivals = [
        Thread(target=_rival, args=(told, app, random.Random(number * 100 + n), mine[n] if n < len(mine) else None))
        for n in range(told.threads)
    ]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(timeout=WHOLE_RACE_S)


def _rival(told: _Race, app: Flask, chance: random.Random, person: tuple[str, str] | None) -> None:
    client = app.test_client()
    if person is not None:
        sign_in(client, *person)
    seen: list[tuple[int, str]] = []
    for number, each in enumerate(told.rounds):
        if person is not None and (each.scans or person[0] in each.drafts):
            act = _by_page(client, chance.choice(each.scans or ("",)), each.drafts.get(person[0]))
        else:
            act = _by_program(client, told.token, *chance.choice(each.requests)) if each.requests else _stay_away
        told.barrier.wait(timeout=DEADLINE_S)
        seen.append((number, act()))
    told.results.put(seen)


def _by_program(client: FlaskClient, token: str, path: str, body: dict[str, Any]) -> Act:
    headers = {"Authorization": f"Bearer {token}"}
    return lambda: _outcome(client.post(path, json=body, headers=headers))


def _stay_away() -> str:
    return "away"


def _by_page(client: FlaskClient, scanned: str, draft: str | None) -> Act:
    """The page is open and filled in: what is left is to press the button of the line, or of the order."""
    shown = client.get(f"/orders/new/{draft}" if draft else "/orders/new").get_data(as_text=True)
    form = {name: value for name, value in inputs(shown).items() if name in ("csrf_token", "idempotency_key")}
    if draft:
        return lambda: _outcome(client.post(f"/orders/new/{draft}/place", data=form))
    return lambda: _outcome(client.post("/orders/new/-/scan", data={**form, "scan": scanned, "quantity": "1"}))


REASONS = (
    "insufficient_stock", "is held by somebody else", "can be had, not", "is not available any more",
    "units available. Requested", "Somebody else took the last pieces",
)  # fmt: skip
"""What whoever was slower is told, in the words of each door."""


def _outcome(answer: TestResponse) -> str:
    text = answer.get_data(as_text=True)
    if answer.status_code == 201:
        return "sold"
    if answer.status_code == 303:
        return "placed" if "/orders/ord_" in answer.headers["Location"] else "held"
    if answer.status_code == 409 and any(reason in text for reason in REASONS):
        return "refused"
    return f"{answer.status_code}: {text[:500]}"


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
