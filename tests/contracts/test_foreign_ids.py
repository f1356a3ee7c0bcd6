"""Another tenant's id answers like one that nobody has: status, words, where one is led, and nothing changed.

The routes come from the route table. A new one with an id in its path fails here until `foreign_things.KINDS` says how
another tenant comes to have such a thing, or `EVERYBODYS` why there is no such thing as another tenant's.

Where a path has two ids, the second is a thing of the first (an address of a customer). Three ways lead astray: another
tenant's first with its own second, another tenant's first with a second of ours, and ours with another tenant's second.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.accounts.service import sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, db, reads
from dashboard.web import credentials
from dashboard.web.api import ApiBlueprint
from dashboard.web.registry import registry_of
from tests.conftest import Merchants, forget_limits, sign_in, token_at
from tests.contracts.foreign_things import (
    FIRST_NUMBER,
    KINDS,
    Business,
    Kind,
    first_business,
    kinds_of,
    other_business,
)

NOBODYS = {"int": "987654321"}
"""Ids that nobody has, by the converter of the rule; any other is `nobodys`."""

EVERYBODYS = {
    "slug": "the device catalogue is everybody's",
    "field": "the name of a column",
    "filename": "files of the installation",
    "provider": "Google, Apple or Microsoft",
    "token": "whoever has it was mailed it",
    "business_code": "told to everybody who signs in",
    "week": "a week of the calendar",
    "import_id": "the operator's, of the shared catalogue",
    "key": "a job's customer follows it by its key, tests/dispatch/test_technician_pages.py",
    "code": "a parcel's buyer follows it without signing in: the link holds a key, tests/orders/test_tracking.py",
}
SHOWN_TO_ALL = {
    "/branding/<uuid:tenant_id>/logo": "a logo stands on the sign-in page",
    "/branding/<uuid:tenant_id>/colour.css": "so does the colour",
}
FILLED = {"field": "grade"}
"""What stands beside an id in a path."""


@dataclass(frozen=True)
class Route:
    """A method of a rule with ids in its path, in their order, and the right that it needs."""

    method: str
    rule: str
    needs: str
    parameters: tuple[str, ...]
    api: bool

    def at(self, ids: Mapping[str, str]) -> str:
        return re.sub(r"<(?:[^<>]*:)?([^<>:]+)>", lambda part: {**FILLED, **ids}[part[1]], self.rule)

    def nobodys(self, kind: Kind) -> tuple[str, ...]:
        """As many ids as there are parameters, which nobody has."""
        usual = [NOBODYS.get(converter_of(self.rule, name), "nobodys") for name in self.parameters]
        given = kind.nobodys or ("",) * len(usual)
        return tuple(special or each for special, each in zip(given, usual, strict=True))

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


SAME_FOR_ITS_OWNER = {
    "GET /orders/new/<draft_id>/offers": "what is on the shelf; the draft is not looked at, its id only handed back",
    "POST /settings/outbox/<int(max=9007199254740991):mail_id>/send": "without a mail server nothing is sent; with one "
    "tests/accounts/test_mail_pages.py shows it",
}
"""Routes whose answer to the owner does not show, in this place, that the thing is there."""

NEEDS_MORE: dict[str, dict[str, Any]] = {
    "PATCH /v1/inventory/<path:sku>": {"quantity": 3},
    "POST /orders/new/<draft_id>/lines/<int:line_id>": {"do": "remove"},
    "POST /orders/new/<draft_id>/quick-add": {"name": "Ann Other"},
    "POST /stocktakes/<int:stocktake_id>/again": {"product": "1"},
    "PATCH /api/v1/time-tracking/entries/<int:entry_id>": {"reason": "x"},
    "PATCH /api/v1/admin/dispatch/<int:job_id>/assign": {"technician_id": 1},
    "PATCH /api/v1/admin/dispatch/<int:job_id>/status": {"status": "cancelled"},
    "PATCH /api/v1/tech/dispatch/my-jobs/<int:job_id>/status": {"status": "acknowledged"},
}
"""Bodies of routes that look at the body before the id: without a good one they would refuse both for the body."""


def routes_with_an_id(app: Flask) -> list[Route]:
    rights = registry_of(app).rights
    found = [
        Route(method, rule.rule, rights[f"{method} {rule.rule}"], ids, is_api(app, rule))
        for rule in app.url_map.iter_rules()
        if (ids := ids_of(rule)) and rule.rule not in SHOWN_TO_ALL
        for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=str)


def ids_of(rule: Rule) -> tuple[str, ...]:
    """The parameters of a rule that name what somebody may own, as they stand in the path."""
    known = cast("set[str]", rule.arguments) - set(EVERYBODYS)  # pyright: ignore[reportUnknownMemberType]
    return tuple(name for name in re.findall(r"<(?:[^<>]*:)?([^<>:]+)>", rule.rule) if name in known)


def converter_of(rule: str, parameter: str) -> str:
    found = re.search(rf"<([a-z]+)[^:<>]*:{parameter}>", rule)
    return "" if found is None else found[1]


def is_api(app: Flask, rule: Rule) -> bool:
    return isinstance(app.blueprints.get(rule.endpoint.rpartition(".")[0]), ApiBlueprint)


@dataclass(frozen=True)
class Answer:
    """What can be told apart from outside: the id itself and what is new with every answer are struck out."""

    status: int
    location: str
    body: str
    said: tuple[str, ...]


_NEW_EACH_TIME = (
    r'name="(?:csrf_token|idempotency_key)"[^>]*value="[^"]*"',
    r'value="[^"]*"[^>]*name="(?:csrf_token|idempotency_key)"',
    r'(?:content|data-[a-z-]+)="[^"]{40,}"',
    r"\breq_[0-9a-zA-Z]+",
)


class Caller:
    """Somebody with a browser in which they are signed in, and with a token."""

    def __init__(self, app: Flask, of: Business) -> None:
        self._app = app
        self._browser: FlaskClient = app.test_client()
        sign_in(self._browser, of.by.name.lower(), of.tenant.business_code)
        self._csrf = token_at(self._browser, "/profile")
        user = reads(SYSTEM).scalars(select(User).where(User.id == of.by.actor_id)).one()
        tenant = accounts.find_tenant(of.tenant.business_code)
        opened = sessions.open_session(user, "api", Client("203.0.113.1", "a program"))
        self._token = sessions.issue_tokens(opened, user, tenant).access
        db.session.remove()

    def ask(self, route: Route, values: tuple[str, ...]) -> Answer:
        db.session.remove()
        forget_limits(self._app)
        credentials.forget_all()
        path, body = route.at(dict(zip(route.parameters, values, strict=True))), NEEDS_MORE.get(str(route), {})
        if route.api:
            headers = {"Authorization": f"Bearer {self._token}"}
            got = self._app.test_client().open(path, method=route.method, json=body, headers=headers)
            said: tuple[str, ...] = ()
        else:
            data = {"csrf_token": self._csrf, "idempotency_key": uuid.uuid4().hex, **body}
            got = self._browser.open(path, method=route.method, data=data if route.method == "POST" else None)
            with self._browser.session_transaction() as cookie:
                said = tuple(text for _, text in cookie.pop("_flashes", []))
        text = got.get_data().decode(errors="replace")
        got.close()
        for pattern in _NEW_EACH_TIME:
            text = re.sub(pattern, "", text)
        return Answer(
            got.status_code,
            without(values, got.headers.get("Location", "")),
            without(values, text),
            tuple(without(values, each) for each in said),
        )


def without(values: tuple[str, ...], text: str) -> str:
    """The text without the ids: small numbers are everywhere, so they are struck out as a part of an address only."""
    for value in values:
        small = value.isdigit() and int(value) < FIRST_NUMBER
        text = re.sub(rf"{'(?<=/)' if small else ''}\b{re.escape(value)}\b", "…", text)
    return text


@dataclass(frozen=True)
class Attempt:
    """Ids of which at least one is another tenant's, and those that nobody has in its place."""

    tried: tuple[str, ...]
    unknown: tuple[str, ...]


def attempts(mine: tuple[str, ...], theirs: tuple[str, ...], nobodys: tuple[str, ...]) -> list[Attempt]:
    """Every way to mix in another tenant's ids, for one id and for two that go together."""
    if len(theirs) == 1:
        return [Attempt(theirs, nobodys)]
    return [
        Attempt(theirs, nobodys),
        Attempt((theirs[0], mine[1]), (nobodys[0], mine[1])),
        Attempt((mine[0], theirs[1]), (mine[0], nobodys[1])),
    ]


OF_EVERY_REQUEST = {"user_session"}
"""Tables in which even a refused request leaves its trace."""


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """All that the two businesses have, by table."""
    tables = [table for table in Base.metadata.sorted_tables if "tenant_id" in table.c]
    db.session.remove()
    with db.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables
            if table.name not in OF_EVERY_REQUEST
        }


@dataclass(frozen=True)
class Case:
    """A route, what it names of another tenant's, of ours where a second id goes with it, and of nobody's."""

    route: Route
    theirs: tuple[str, ...]
    mine: tuple[str, ...]
    nobodys: tuple[str, ...]


@pytest.fixture
def businesses(merchants: Merchants) -> tuple[Business, Business]:
    """Alice's and charlie's."""
    return first_business(merchants), other_business(merchants)


@pytest.fixture
def cases(app: Flask, businesses: tuple[Business, Business]) -> list[Case]:
    """All that is tried, each with a thing of its own."""
    ours, others = businesses
    return [
        Case(route, kind.made(others), kind.made(ours) if len(kind.parameters) > 1 else (), route.nobodys(kind))
        for route in routes_with_an_id(app)
        for kind in kinds_of(route.rule, route.parameters)
    ]


def test_another_tenants_id_answers_like_one_that_nobody_has(
    app: Flask,
    businesses: tuple[Business, Business],
    cases: list[Case],
    record_property: Callable[[str, object], None],
) -> None:
    alice, charlie = (Caller(app, each) for each in businesses)
    before, cells = rows(), 0
    told_apart: list[str] = []
    for case in cases:
        for attempt in attempts(case.mine, case.theirs, case.nobodys):
            cells += 2
            unknown, foreign = alice.ask(case.route, attempt.unknown), alice.ask(case.route, attempt.tried)
            if foreign != unknown:
                told_apart.append(f"{case.route} {attempt}: {unknown} for nobody's, {foreign} for another tenant's")
    after = rows()
    assert told_apart == []
    assert {name for name, found in after.items() if found != before[name]} == set()
    proves_nothing: list[str] = []
    for case in cases:
        if case.route.needs not in businesses[1].by.scopes or str(case.route) in SAME_FOR_ITS_OWNER:
            continue
        # Of two ids the last alone is unknown: otherwise the first would show the difference by itself.
        if charlie.ask(case.route, (*case.theirs[:-1], case.nobodys[-1])) == charlie.ask(case.route, case.theirs):
            proves_nothing.append(f"{case.route}: its owner is told the same of {case.theirs}")
    record_property("cells", cells)
    assert proves_nothing == []
    assert cells > 200


def test_every_id_in_a_path_is_known_here(app: Flask) -> None:
    routes = routes_with_an_id(app)
    assert [str(route) for route in routes if not kinds_of(route.rule, route.parameters)] == []
    assert {str(route) for route in routes} >= set(NEEDS_MORE) | set(SAME_FOR_ITS_OWNER)
    kept = {name for kind in KINDS for name in kind.parameters}
    assert kept == {name for route in routes for name in route.parameters}
    assert not kept & set(EVERYBODYS)
