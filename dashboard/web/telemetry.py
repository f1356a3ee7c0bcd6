"""What is known of each request afterwards: a log line and Prometheus figures."""

import time
from functools import lru_cache

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client import REGISTRY as PROCESS_REGISTRY

from dashboard.core import clock, ids
from dashboard.core.context import Principal, note_origin
from dashboard.web.limits import LimitState
from dashboard.web.logs import log

_REQUESTS = Counter("tradecounter_requests_total", "Requests answered", ["method", "endpoint", "status"])
_SECONDS = Histogram(
    "tradecounter_request_seconds",
    "Time to answer a request",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""What is counted by its name: a client may invent others without end."""


def install(app: Flask) -> None:
    """Give every request an id, a log line and its place in the figures."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        note_origin(request.remote_addr)
        g.request_id = ids.request_id(request.headers.get("X-Request-Id"))

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        note_origin(None)
        clock.move_ahead(0)

    @app.after_request
    def finish(response: Response) -> Response:
        state = g.get("limit")
        if isinstance(state, LimitState):
            headers = response.headers
            headers.add("X-RateLimit-Limit", str(state.limit))
            headers.add("X-RateLimit-Remaining", str(state.remaining))
            headers.add("X-RateLimit-Reset", str(state.reset_at))
        _note(response.status_code)
        return response


def _note(status: int) -> None:
    took = time.perf_counter() - g.get("started", time.perf_counter())
    endpoint = request.endpoint or "unknown"
    method = request.method if request.method in _METHODS else "other"
    _counter(method, endpoint, status).inc()
    _histogram(endpoint).observe(took)
    by = g.get("by")
    known = by if isinstance(by, Principal) else None
    log.info(
        "request",
        request_id=g.get("request_id"),
        method=request.method,
        path=_path()[:200],
        status=status,
        ms=round(took * 1000, 2),
        actor=known.label if known else None,
        tenant=known.tenant_id if known else None,
    )


def _path() -> str:
    """The path without the token of a mailed link: whoever reads the log must not be able to use it."""
    token = (request.view_args or {}).get("token")
    return request.path.replace(token, "…") if isinstance(token, str) and token else request.path


@lru_cache(maxsize=4096)
def _counter(method: str, endpoint: str, status: int) -> Counter:
    return _REQUESTS.labels(method, endpoint, status)


@lru_cache(maxsize=1024)
def _histogram(endpoint: str) -> Histogram:
    return _SECONDS.labels(endpoint)


def metrics(shared_folder: str | None) -> Response:
    """All figures in Prometheus' text form; of all processes where they share a folder."""
    source = PROCESS_REGISTRY
    if shared_folder:
        source = CollectorRegistry()
        multiprocess.MultiProcessCollector(source, shared_folder)
    return Response(generate_latest(source), content_type=CONTENT_TYPE_LATEST)
