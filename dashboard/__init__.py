"""Tradecounter: one Flask application, two faces, one set of services."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from flask import Flask, Response, request
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard import accounts, catalog, cli, config, customers, demo, dispatch, inventory, orders, workforce
from dashboard.config import Settings
from dashboard.core import crypto, engines, jobs, mail, tenancy, vault
from dashboard.core.db import db
from dashboard.web import api, assets, documents, errors, logs, security, session, shell, telemetry, usage
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import is_api_path
from dashboard.web.limits import RateLimiter, refuse_more_than_can_share
from dashboard.web.replies import OrjsonProvider

__all__ = ["create_app"]

ROOT = Path(__file__).resolve().parent.parent


class _App(Flask):
    """A Flask application without coroutines."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` itself: asking each hook and view at each request whether it is a coroutine costs a fiftieth of it."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The application: configured, its extensions connected, its domains registered. No rule lives here."""
    settings = settings or config.from_environment()
    app = _App(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    _configure(app, settings)
    _connect(app, settings)
    accounts.register(app)
    catalog.register(app)
    customers.register(app)
    inventory.register(app)
    orders.register(app)
    workforce.register(app)
    dispatch.register(app)
    demo.register(app)
    cli.register(app)
    _leave_api_to_its_own_credentials(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    logs.configure(settings.log_level, settings.log_format)
    app.extensions["settings"] = settings
    app.json = OrjsonProvider(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    cast(dict[str, Any], app.config).update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={**engines.options(settings.database_url), "hide_parameters": True},
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_PARTS=2_000,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        SESSION_COOKIE_NAME="__Host-tradecounter" if settings.secure else "tradecounter",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        COMPRESS_MIMETYPES=["text/html", "text/plain"],
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_MIN_SIZE=1024,
        COMPRESS_REGISTER=False,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)


def _connect(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    with app.app_context():
        engines.prepare(db.engine)
        vault.connect(db.engine, settings.secret_key)
        mail.connect(db.engine, settings)
    tenancy.install()
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    _compress_pages(app)
    refuse_more_than_can_share(settings)
    app.extensions["rate_limiter"] = RateLimiter(
        settings.redis_url,
        settings.processes,
        enabled=settings.rate_limits,
        namespace=crypto.derived_token(settings.secret_key, "rate limits", 8),
    )
    if not settings.rate_limits:
        logs.log.warning("rate_limits_off", hint="RATE_LIMITS=off is for load tests of one's own, never for service.")
    telemetry.install(app)  # before whatever refuses a request: a refusal has its id and its line in the log too
    app.extensions["csrf_protect"] = CSRFProtect(app)
    session.install(app)
    api.install(app)
    usage.install(app, settings)
    errors.install(app)
    security.install(app, settings)
    assets.install(app, ROOT / "static", watch=settings.environment == "development")
    documents.install(app, settings)
    shell.install(app, settings)
    jobs.connect(settings)


def _compress_pages(app: Flask) -> None:
    """Compress HTML. The JSON face is left out: its integrations sit on fast lines, and time counts there."""
    compress = Compress(app)

    @app.after_request
    def compress_page(response: Response) -> Response:
        return response if is_api_path(request.path) else compress.after_request(response)


def _leave_api_to_its_own_credentials(app: Flask) -> None:
    """Bearer tokens are not sent by browsers on their own, so the API needs no CSRF token; pages always do."""
    for blueprint in app.blueprints.values():
        if isinstance(blueprint, ApiBlueprint):
            app.extensions["csrf_protect"].exempt(blueprint)
