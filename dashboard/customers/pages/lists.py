"""The list of customers: what it is narrowed to stands in the address."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.customers import queries
from dashboard.customers.pages.blueprint import READ, pages
from dashboard.customers.queries import CustomerFilter
from dashboard.web.pages import render_page
from dashboard.web.registry import SearchHit

FLAGS = {
    "terms": ("on_terms", "Terms", "Pays later", "Pays at once"),
    "limit": ("with_limit", "Credit limit", "With a limit", "Without a limit"),
    "tax": ("tax_exempt", "Tax", "Pays no tax", "Pays tax"),
}
"""Parameter, what it asks of a customer, and its words: heading, yes, no."""

MAX_TYPED = 100


@pages.page("", needs=READ)
def customers(by: Principal) -> Response:
    state = _state()
    after = request.args.get("after") or None
    where = _filter(state)
    found = queries.browse(by, where, after=after)
    return render_page(
        "customers/list.html",
        fragment="customers/_rows.html" if after else "customers/_listing.html",
        rows=found.items,
        more=_url(state | {"after": found.after}) if found.after else "",
        state=state,
        where=where,
        further_down=after is not None,
        chips=_chips(state),
        menus=_menus(state),
        clear_url=_url({"q": state.get("q")}),
        listing_url=_url(state),
    )


def _state() -> dict[str, str]:
    typed = "".join(each for each in request.args.get("q", "") if each.isprintable()).strip()[:MAX_TYPED]
    state = {"q": typed}
    for name, (_, heading, _, _) in FLAGS.items():
        value = request.args.get(name, "")
        if value not in ("", "yes", "no"):
            raise Invalid.field(name, f"{heading} must be yes or no.")
        state[name] = value
    return {name: value for name, value in state.items() if value}


def _filter(state: Mapping[str, str]) -> CustomerFilter:
    flags = {field: state[name] == "yes" for name, (field, *_) in FLAGS.items() if name in state}
    return CustomerFilter(typed=state.get("q", ""), **flags)


def _url(state: Mapping[str, str | None]) -> str:
    kept: dict[str, Any] = {name: value for name, value in state.items() if value}
    return url_for("customers.customers", **kept)


def _chips(state: Mapping[str, str]) -> list[dict[str, str]]:
    chips: list[dict[str, str]] = []
    if "q" in state:
        chips.append({"label": "Search", "value": state["q"], "url": _url({**state, "q": None})})
    for name, (_, heading, yes, no) in FLAGS.items():
        if name in state:
            words = yes if state[name] == "yes" else no
            chips.append({"label": heading, "value": words, "url": _url({**state, name: None})})
    return chips


def _menus(state: Mapping[str, str]) -> list[dict[str, Any]]:
    """What can still be asked for."""
    return [
        {
            "label": heading,
            "options": [(yes, _url({**state, name: "yes"})), (no, _url({**state, name: "no"}))],
        }
        for name, (_, heading, yes, no) in FLAGS.items()
        if name not in state
    ]


def find_in_shell(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Customers for what was typed into the search box."""
    return [
        SearchHit(
            title=each.name,
            detail=" · ".join(part for part in (each.company, each.email or each.phone) if part),
            url=url_for("customers.customer", number=each.number),
            kind="Customers",
            icon="user",
        )
        for each in queries.find_customers(by, typed, limit=limit)
    ]
