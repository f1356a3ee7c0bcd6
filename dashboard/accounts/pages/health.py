"""The operator's page of jobs and health: what runs, what waits, what has failed and can be tried again."""

from dataclasses import dataclass

from flask import Response, flash, request, url_for

from dashboard.accounts import service
from dashboard.accounts.pages.blueprint import pages
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict
from dashboard.web import openapi
from dashboard.web.api import limiter
from dashboard.web.pages import render_page, see_other
from dashboard.web.registry import registry

_WORK = "<int(max=9007199254740991):work_id>"
_SAID = {"database": "The database answers.", "jobs": "A worker is alive, and no work has waited for a minute."}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that /readyz asks, and the answer in words."""

    name: str
    good: bool
    said: str


@pages.page("/operator/health", needs="operator")
def health(by: Principal) -> Response:
    failed = service.failed_work(by, after=request.args.get("after") or None)
    more = url_for("accounts.health", after=failed.after) if failed.after else ""
    return render_page(
        "accounts/health.html",
        fragment="accounts/_failed_rows.html",
        failed=failed.items,
        more=more,
        found=service.health(by),
        checks=_checks(),
        limits=_limits(),
        version=openapi.VERSION,
    )


@pages.page(f"/operator/health/work/{_WORK}/retry", needs="operator", methods=("POST",))
def work_retry(by: Principal, work_id: int) -> Response:
    try:
        kind = service.retry_work(by, work_id)
    except Conflict as error:
        flash(error.message, "danger")
    else:
        flash(f"{kind} waits to be tried again.", "success")
    return see_other(url_for("accounts.health"))


def _checks() -> list[Check]:
    asked = {name: check() for name, check in registry().readiness.items()}
    return [
        Check(name.capitalize(), problem is None, problem or _SAID.get(name, "In order."))
        for name, problem in asked.items()
    ]


def _limits() -> tuple[str, str]:
    """How rate limits are counted, and how well: a tone and a sentence."""
    counting = limiter()
    if not counting.enabled:
        return "bad", "Off, by RATE_LIMITS=off. That is for load tests alone."
    if not counting.shared:
        share = counting.processes
        return "good", "In memory" + (f": each of {share} processes counts its share." if share > 1 else ", exact.")
    if counting.store_answers():
        return "good", "In Redis, exact over all processes."
    return "warn", "Redis does not answer: each process counts its share until it does."
