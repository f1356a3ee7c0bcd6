"""Dispatch: jobs, the live board, routes, and what a technician sees of them."""

from flask import Flask

from dashboard.core import events
from dashboard.dispatch import jobs, models
from dashboard.dispatch.api.board import board_api
from dashboard.dispatch.api.jobs import jobs_api
from dashboard.dispatch.api.live import live_api
from dashboard.dispatch.api.plans import plans_api
from dashboard.dispatch.api.sla import sla_api
from dashboard.dispatch.api.tech import tech_api
from dashboard.dispatch.live import LiveBoards
from dashboard.dispatch.pages import pages, technician_pages
from dashboard.dispatch.pages.board import board_pages
from dashboard.dispatch.pages.jobs import find_in_shell
from dashboard.dispatch.pages.tracking import job_tracking
from dashboard.dispatch.queries import audit
from dashboard.dispatch.queries.jobs import name_jobs
from dashboard.dispatch.service.belonging import move_to_successor
from dashboard.inventory.queries.holders import HolderKind, name_holders
from dashboard.web.registry import NavItem, SearchProvider, registry_of

__all__ = ["audit", "jobs", "models", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    app.extensions["live_boards"] = LiveBoards(app)
    app.register_blueprint(board_api)
    app.register_blueprint(live_api)
    app.register_blueprint(board_pages)
    for blueprint in (jobs_api, plans_api, tech_api, sla_api, job_tracking, pages, technician_pages):
        app.register_blueprint(blueprint)
    events.on("customer.merged", move_to_successor)
    name_holders("dispatch", HolderKind(name_jobs, "dispatch:read", "dispatch.job", "number"))
    registry_of(app).navigation.append(
        NavItem("Dispatch", "dispatch_board.board", "calendar", "dispatch:read", "Serve", 10)
    )
    registry_of(app).navigation.extend(
        (
            NavItem("Jobs", "dispatch.jobs_list", "list-check", "dispatch:read", "Serve", 12),
            NavItem("Routes", "dispatch.routes", "truck", "dispatch:read", "Serve", 14),
            NavItem("Scorecard", "dispatch.technician_scorecard", "chart-bar", "technicians:read", "Serve", 25),
            NavItem("SLA", "dispatch.sla_policies", "hourglass", "dispatch:read", "Serve", 50),
            NavItem("My day", "technician.my_today", "device-mobile", "tech", "Serve", 5),
        )
    )
    registry_of(app).search.append(SearchProvider("Jobs", "dispatch:read", find_in_shell, order=35))
