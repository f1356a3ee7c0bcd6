"""Limits and usage: what the plan allows each caller of the API, and what each has used."""

from dataclasses import dataclass

from flask import Response, request, url_for
from markupsafe import Markup

from dashboard.accounts import service
from dashboard.accounts.forms.settings import DIALECT_NAMES
from dashboard.accounts.models import Tenant
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.service.usage import KEPT_DAYS, CallerUsage, DayUsage
from dashboard.core.context import Principal
from dashboard.core.errors import NotFound
from dashboard.web import limits
from dashboard.web.charts import Bar, bar_chart
from dashboard.web.dialects import DIALECTS
from dashboard.web.pages import render_page


@dataclass(frozen=True, slots=True)
class Allowance:
    """Requests a minute that each key may make in one dialect."""

    name: str
    live: int
    sandbox: int


@pages.page("/settings/usage", needs="keys:manage")
def usage(by: Principal) -> Response:
    """All callers together, or with `?caller=key:3` the chart of one."""
    callers = service.usage_by_caller(by)
    tenant = service.own_tenant(by)
    chosen = _chosen(callers, request.args.get("caller", ""))
    days = service.usage_by_day(by, None if chosen is None else chosen.caller)
    return render_page(
        "accounts/usage.html",
        callers=callers,
        chosen=chosen,
        days=days,
        chart=_chart(days, chosen),
        totals=_totals(days),
        tenant=tenant,
        allowances=_allowances(tenant),
        people_limit=tenant.requests_per_minute or limits.TENANT_LIMIT,
        authentication_limit=limits.AUTHENTICATION_LIMIT,
        sign_in_limit=limits.SIGN_IN_LIMIT,
        address_limit=limits.ADDRESS_LIMIT,
        kept_days=KEPT_DAYS,
        key_url=_key_url,
    )


def _chosen(callers: list[CallerUsage], wanted: str) -> CallerUsage | None:
    if not wanted:
        return None
    found = next((each for each in callers if each.caller == wanted), None)
    if found is None:
        raise NotFound("There is no such caller, or it has been silent for thirty days.")
    return found


def _allowances(tenant: Tenant) -> list[Allowance]:
    own = tenant.requests_per_minute
    return [
        Allowance(
            DIALECT_NAMES[name],
            own or limits.plan_limit(each, tenant.plan, sandbox=False),
            own or limits.plan_limit(each, tenant.plan, sandbox=True),
        )
        for name, each in DIALECTS.items()
    ]


def _totals(days: list[DayUsage]) -> dict[str, int]:
    return {
        "today": days[-1].requests,
        "requests": sum(day.requests for day in days),
        "limited": sum(day.limited for day in days),
        "failed": sum(day.failed for day in days),
    }


def _chart(days: list[DayUsage], chosen: CallerUsage | None) -> Markup | None:
    if not any(day.requests for day in days):
        return None
    whose = "all callers" if chosen is None else chosen.name
    bars = [
        Bar(f"{day.day.day} {day.day:%b}", day.requests, f"{day.day.day} {day.day:%b}: {day.requests:,} requests")
        for day in days
    ]
    return bar_chart(bars, label=f"Requests a day of {whose}", write=_whole)


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else ""


def _key_url(caller: str) -> str:
    """The page of a key or client; people have none."""
    kind, _, number = caller.partition(":")
    if kind == "key":
        return url_for("accounts.key", key_id=int(number))
    return url_for("accounts.oauth_client", client_id=int(number)) if kind == "client" else ""
