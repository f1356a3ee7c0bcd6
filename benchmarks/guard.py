"""What the guard costs: credential, limit and right before a view, beside the same view without them.

All is called in this process, past every server: what is compared is CPU time, in batches by turns, so that whatever
else the machine does befalls each of them. The bare view stands in the same blueprint of the same application, and so
bears the same id, log line, figures and headers as the guarded ones.
"""

import gc
import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from statistics import median, quantiles
from typing import Any, cast

from flask import Flask, Response, g
from typing_extensions import TypedDict
from werkzeug.wsgi import ClosingIterator

from benchmarks.counting import statements_of
from benchmarks.report import Figure
from benchmarks.world import TENANT, World
from dashboard import config, create_app
from dashboard.accounts import service as accounts
from dashboard.accounts.service import sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core import crypto
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import db
from dashboard.web.answers import Bare
from dashboard.web.api import ApiBlueprint
from dashboard.web.replies import json_reply

GUARD_US = 200
"""CPU time that the guard may add to a request, in microseconds."""

BATCHES = 41
CALLS = 300
FEWER = 10
"""Calls with an Idempotency-Key write to the database: a batch has a tenth of the others'."""

PREFIX = "/api/v1/orders/guard"


class _Body(TypedDict):
    ok: bool


def measured_app(settings: config.Settings) -> Flask:
    """The house with one small answer, bare and guarded."""
    app = create_app(settings)
    api = ApiBlueprint("guard", __name__, url_prefix=PREFIX, speaks="techfleet", area="guard")

    @api.operation("GET", "/guarded", needs="catalog:read", answer=_Body, shape="bare")
    def guarded(_by: Principal) -> Bare:
        """Answer behind the guard"""
        return Bare({"ok": True})

    @api.operation("POST", "/written", needs="catalog:propose", answer=_Body, shape="bare")
    def written(_by: Principal) -> Bare:
        """Answer behind the guard, once for each key"""
        return Bare({"ok": True})

    @api.get("/bare")
    def bare() -> Response:
        return json_reply({"ok": True, "request_id": g.request_id})

    app.register_blueprint(api)
    app.extensions["csrf_protect"].exempt(api)
    return app


Call = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Spread:
    """Microseconds of CPU: the median of all batches, and the quarters round it."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.0f} µs ({self.low:.0f} to {self.high:.0f})"


def figures(world: World) -> list[Figure]:
    """What a key, a person's token and an Idempotency-Key add to a bare view."""
    app = measured_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    key = {"HTTP_AUTHORIZATION": f"Bearer {world.key}"}
    person = {"HTTP_AUTHORIZATION": f"Bearer {_token(app)}"}
    bare = _call(app, "GET", "/bare", {})
    try:
        floor, again, by_key, by_person = _in_turns(
            [bare, bare, _call(app, "GET", "/guarded", key), _call(app, "GET", "/guarded", person)], CALLS
        )
        sent, once = _in_turns([_call(app, "POST", "/written", key), _call_once(app, key)], CALLS // FEWER)
        statements = _statements(app, key)
    finally:
        with app.app_context():
            db.engine.dispose()
    beside = f"bare view {median(floor):.0f} µs"
    return [
        Figure("noise: the bare view beside itself", str(_added(again, floor)), beside),
        _guard("an API key adds", _added(by_key, floor), beside),
        _guard("a person's token adds", _added(by_person, floor), beside),
        Figure(
            "an Idempotency-Key adds",
            f"{_added(once, sent)}, {statements} statements in a command of their own",
            f"without one {median(sent):.0f} µs",
        ),
    ]


def _guard(what: str, added: _Spread, beside: str) -> Figure:
    return Figure(what, str(added), beside, target=f"≤ {GUARD_US} µs of CPU", met=added.middle <= GUARD_US)


def _token(app: Flask) -> str:
    """The access token of a new person in the measured tenant, which no limit stops."""
    with app.app_context():
        tenant = accounts.find_tenant(TENANT)
        assert tenant is not None
        name = f"measured-{crypto.token(8).lower()}"
        user = accounts.create_user(SYSTEM, tenant, username=name, password=crypto.token(24), role="manager")
        return sessions.issue_tokens(
            sessions.open_session(user, "api", Client("127.0.0.1", "bench")), user, tenant
        ).access


def _call(app: Flask, method: str, path: str, headers: Mapping[str, str]) -> Call:
    """One request by way of WSGI, its environment made beforehand."""
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": PREFIX + path, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000",
        "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.errors": None, **headers,
    }  # fmt: skip

    def call() -> None:
        _answer(app, {**environ, "wsgi.input": BytesIO()})

    return call


def _call_once(app: Flask, headers: Mapping[str, str]) -> Call:
    """Like `_call`, each with an Idempotency-Key of its own."""
    mark, numbers = crypto.token(8), itertools.count()

    def call() -> None:
        _call(app, "POST", "/written", {**headers, "HTTP_IDEMPOTENCY_KEY": f"{mark}-{next(numbers)}"})()

    return call


def _answer(app: Flask, environ: dict[str, Any]) -> None:
    statuses: list[str] = []

    def start(status: str, *_: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _: None

    with closing(cast(ClosingIterator, app.wsgi_app(environ, cast(Any, start)))) as body:
        b"".join(body)
    assert statuses[0].startswith("200"), statuses[0]


def _in_turns(calls: list[Call], repeats: int) -> list[list[float]]:
    """Microseconds of CPU a call takes, batch by batch, for each of `calls`."""
    took: list[list[float]] = [[] for _ in calls]
    for call in calls * 2:
        _batch(call, repeats)
    gc.collect()
    gc.freeze()  # what stands there already is not looked through again in the middle of a batch
    for turn in range(BATCHES):
        order = list(enumerate(calls))
        for number, call in order if turn % 2 else reversed(order):
            took[number].append(_batch(call, repeats))
    return took


def _batch(call: Call, repeats: int) -> float:
    started = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - started) / repeats * 1e6


def _added(mine: list[float], floor: list[float]) -> _Spread:
    low, middle, high = quantiles([ours - theirs for ours, theirs in zip(mine, floor, strict=True)], n=4)
    return _Spread(middle, low, high)


def _statements(app: Flask, headers: Mapping[str, str]) -> int:
    call = _call_once(app, headers)
    call()
    with statements_of(app) as executed:
        call()
    return len(executed)
