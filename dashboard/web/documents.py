"""Addresses that describe the installation: the API's document and explorer, health, readiness, figures."""

import os
from datetime import timedelta

from flask import Blueprint, Flask, Response, current_app, render_template
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from dashboard.config import Settings
from dashboard.core import jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads
from dashboard.web import openapi, telemetry
from dashboard.web.api import PUBLIC
from dashboard.web.registry import registry, registry_of
from dashboard.web.replies import dumps, json_reply
from dashboard.web.security import EXPLORER_CSP

LATE = timedelta(minutes=1)


def install(app: Flask, settings: Settings) -> None:
    """Serve /healthz, /readyz and /metrics, and where a setting says so the API's two documentation pages."""
    documents_of = Blueprint("documents", __name__)
    documents_of.add_url_rule("/healthz", "health", _health)
    documents_of.add_url_rule("/readyz", "ready", _ready)
    documents_of.add_url_rule("/metrics", "figures", _figures)
    rules = ["/healthz", "/readyz", "/metrics"]
    if settings.api_docs:
        documents_of.add_url_rule("/openapi.json", "openapi", _openapi)
        documents_of.add_url_rule("/api/docs", "explorer", _explorer, strict_slashes=False)
        rules += ["/openapi.json", "/api/docs"]
    app.register_blueprint(documents_of)
    registry_of(app).readiness.update(database=_database_problem, jobs=_jobs_problem)
    for rule in rules:
        registry_of(app).rights[f"GET {rule}"] = PUBLIC


def _health() -> Response:
    return json_reply({"status": "ok"})


def _ready() -> Response:
    problems = {name: problem for name, check in registry().readiness.items() if (problem := check())}
    checks = {name: problems.get(name, "ok") for name in registry().readiness}
    return json_reply({"status": "unavailable" if problems else "ok", "checks": checks}, 503 if problems else 200)


def _database_problem() -> str | None:
    try:
        reads(SYSTEM).execute(select(1))
    except SQLAlchemyError:
        return "The database does not answer."
    return None


def _jobs_problem() -> str | None:
    """Work is late when it has been due for a minute; without any to do, an absent worker is worth a word too."""
    try:
        health = jobs.health()
    except SQLAlchemyError:
        return "The database does not answer."
    if not health.worker_alive:
        return "No worker is running: start `flask --app wsgi worker`, or use `serve`."
    if health.oldest_due is not None and health.oldest_due > LATE:
        return f"Work has been waiting for {int(health.oldest_due.total_seconds())} seconds."
    return None


def _figures() -> Response:
    return telemetry.metrics(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))


def _openapi() -> Response:
    cached = current_app.extensions.get("openapi_document")
    if cached is None:
        cached = dumps(openapi.document(registry().operations))
        current_app.extensions["openapi_document"] = cached
    return Response(cached, mimetype="application/json", headers={"Cache-Control": "no-cache"})


def _explorer() -> Response:
    page = Response(render_template("api_docs.html"), mimetype="text/html")
    page.headers["Content-Security-Policy"] = EXPLORER_CSP
    return page
