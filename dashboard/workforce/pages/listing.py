"""The list of technicians: what it is narrowed to stands in the address."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web.pages import render_page
from dashboard.web.registry import SearchHit
from dashboard.workforce.local_time import day_of
from dashboard.workforce.pages.blueprint import READ, pages
from dashboard.workforce.queries.details import details_of
from dashboard.workforce.queries.skills import list_skills
from dashboard.workforce.queries.technicians import TechnicianFilter, browse_technicians
from dashboard.workforce.queries.zones import zone_map

MAX_TYPED = 100
ACTIVE = {"yes": "Get work", "no": "Left"}
HEADINGS = {"active": "Who", "skill": "Skill", "zone": "Zone"}


@pages.page("/technicians", needs=READ)
def technicians(by: Principal) -> Response:
    state, choices = _state(), _choices(by)
    after = request.args.get("after") or None
    where = _filter(state)
    found = browse_technicians(by, where, after=after)
    return render_page(
        "workforce/technicians/list.html",
        fragment="workforce/technicians/_rows.html" if after else "workforce/technicians/_listing.html",
        rows=found.items,
        details=details_of(by, [row.id for row in found.items]),
        today=day_of(clock.now(), by.time_zone),
        more=_url(state | {"after": found.after}) if found.after else "",
        state=state,
        narrow=where != TechnicianFilter(active=True),
        further_down=after is not None,
        chips=_chips(state, choices),
        menus=_menus(state, choices),
        listing_url=_url(state),
    )


def _state() -> dict[str, str]:
    """What the address asks for; without a word those who get work."""
    typed = "".join(each for each in request.args.get("q", "") if each.isprintable()).strip()[:MAX_TYPED]
    state = {"q": typed, "active": request.args.get("active", "yes")}
    if state["active"] not in (*ACTIVE, "all"):
        raise Invalid.field("active", "Who must be yes, no or all.")
    for name in ("skill", "zone"):
        value = request.args.get(name, "")
        if value and not (value.isascii() and value.isdigit() and len(value) < 10):
            raise Invalid.field(name, f"{HEADINGS[name]} must be a number.")
        state[name] = value
    return {name: value for name, value in state.items() if value}


def _filter(state: Mapping[str, str]) -> TechnicianFilter:
    return TechnicianFilter(
        typed=state.get("q", ""),
        active={"yes": True, "no": False}.get(state["active"]),
        skill=int(state["skill"]) if "skill" in state else None,
        zone=int(state["zone"]) if "zone" in state else None,
    )


def _choices(by: Principal) -> dict[str, dict[str, str]]:
    """Values and words of each filter."""
    return {
        "active": dict(ACTIVE),
        "skill": {str(each.id): each.name for each in list_skills(by)},
        "zone": {str(each.number): each.name for each in zone_map(by).zones},
    }


def _url(state: Mapping[str, str | None]) -> str:
    kept: dict[str, Any] = {
        name: value for name, value in state.items() if value and (name, value) != ("active", "yes")
    }
    return url_for("workforce.technicians", **kept)


def _chips(state: Mapping[str, str], choices: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    chips: list[dict[str, str]] = []
    if "q" in state:
        chips.append({"label": "Search", "value": state["q"], "url": _url({**state, "q": None})})
    for name, heading in HEADINGS.items():
        if name in state and state[name] != "all":
            words = choices[name].get(state[name], "unknown")
            away = "all" if name == "active" else None
            chips.append({"label": heading, "value": words, "url": _url({**state, name: away})})
    return chips


def _menus(state: Mapping[str, str], choices: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """What can still be asked for."""
    return [
        {
            "label": heading,
            "options": [(words, _url({**state, name: value})) for value, words in choices[name].items()],
        }
        for name, heading in HEADINGS.items()
        if state.get(name, "all") == "all" and choices[name]
    ]


def find_in_shell(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Technicians for what was typed into the search box."""
    found = browse_technicians(by, TechnicianFilter(typed=typed), size=limit)
    return [
        SearchHit(
            title=each.name,
            detail=" · ".join(part for part in (each.phone, each.email, "" if each.active else "left") if part),
            url=url_for("workforce.technician", number=each.number),
            kind="Technicians",
            icon="user",
        )
        for each in found.items
    ]
