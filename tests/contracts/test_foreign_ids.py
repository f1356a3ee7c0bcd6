"""Another tenant's id answers like one that nobody has: status, words, where one is led, and nothing changed.

The routes come from the route table. A new one with an id in its path fails here until `THEIRS` says how another
tenant comes to have such a thing, or `EVERYBODYS` why there is no such thing as another tenant's.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.routing import Rule

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ExternalIdentity, User
from dashboard.accounts.service import sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core import clock, jobs, mail
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.mail import MailMessage
from dashboard.web import credentials
from dashboard.web.api import ApiBlueprint
from dashboard.web.registry import registry_of
from tests.conftest import PASSWORD, Merchants, forget_limits, sign_in, token_at

NOBODYS = {"int": "987654321", "uuid": "5989db7e-2ade-4aa2-aad8-b6b111c401eb"}
"""Ids that nobody has, by the converter of the rule; any other is `nobodys`."""

EVERYBODYS = {
    "slug": "the device catalogue is everybody's",
    "field": "the name of a column",
    "filename": "files of the installation",
    "provider": "Google, Apple or Microsoft",
    "token": "whoever has it was mailed it",
    "business_code": "told to everybody who signs in",
    "import_id": "the operator's, of the shared catalogue",
}
SHOWN_TO_ALL = {"/branding/<uuid:tenant_id>/logo": "a logo stands on the sign-in page"}


@dataclass(frozen=True)
class Route:
    """A method of a rule with exactly one id in its path, and the right that it needs."""

    method: str
    rule: str
    needs: str
    parameter: str
    converter: str
    api: bool

    def at(self, value: str) -> str:
        return re.sub(r"<[^>]*>", value, self.rule)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


_numbers = count(1)


def owner(merchants: Merchants) -> User:
    return reads(SYSTEM).scalars(select(User).where(User.id == merchants.charlie.actor_id)).one()


def a_key(merchants: Merchants) -> str:
    return str(accounts.create_key(SYSTEM, merchants.other_tenant, name="theirs").key.id)


def a_client(merchants: Merchants) -> str:
    made = accounts.create_client(SYSTEM, merchants.other_tenant, name="theirs", scopes=frozenset({"catalog:read"}))
    return str(made.client.id)


def a_person(merchants: Merchants) -> str:
    """Numbers count in each tenant: so many people join that hers is one which the other tenant has not reached."""
    people = [
        accounts.create_user(
            SYSTEM, merchants.other_tenant, username=f"person{next(_numbers)}", password=PASSWORD, role="viewer"
        )
        for _ in range(5)
    ]
    return str(people[-1].number)


def a_role(merchants: Merchants) -> str:
    name = f"role{next(_numbers)}"
    accounts.save_role(merchants.charlie, name, frozenset({"catalog:read"}))
    return name


def an_invitation(merchants: Merchants) -> str:
    made = accounts.invite(merchants.charlie, f"guest{next(_numbers)}@second.example", "viewer", lambda token: token)
    return str(made.id)


def a_session(merchants: Merchants) -> str:
    return str(sessions.open_session(owner(merchants), "api", Client("203.0.113.1", "theirs")).id)


def an_identity(merchants: Merchants) -> str:
    with atomic(SYSTEM) as session:
        made = ExternalIdentity(
            user_id=merchants.charlie.actor_id, provider="google", issuer="https://accounts.google.com",
            subject=f"subject {next(_numbers)}", linked_at=clock.now(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return str(made.id)


def a_mail(merchants: Merchants) -> str:
    mail.send(SYSTEM, to="charlie@second.example", subject="Theirs", body="x", tenant_id=merchants.other_tenant.id)
    newest = select(MailMessage.id).order_by(MailMessage.id.desc()).limit(1)
    found = reads(SYSTEM).scalar(newest)
    with atomic(SYSTEM) as session:  # it could not be sent, so that sending it again is possible
        session.execute(update(MailMessage).where(MailMessage.id == found).values(failed_at=clock.now(), tries=1))
    return str(found)


def an_export(merchants: Merchants) -> str:
    accounts.ask_for_export(merchants.charlie)
    db.session.remove()
    jobs.run_due()
    found = accounts.latest_export(merchants.charlie)
    assert found is not None
    return str(found.work_id)


def a_tenant(merchants: Merchants) -> str:
    return str(merchants.other_tenant.id)


def a_proposal(_: Merchants) -> str:
    return "1"


THEIRS: dict[str, Callable[[Merchants], str]] = {
    "key_id": a_key,
    "client_id": a_client,
    "number": a_person,
    "name": a_role,
    "invitation_id": an_invitation,
    "session_id": a_session,
    "identity_id": an_identity,
    "mail_id": a_mail,
    "work_id": an_export,
    "tenant_id": a_tenant,
    "proposal_id": a_proposal,
}
"""How another tenant comes to have what a parameter names; its id."""

SAME_FOR_ITS_OWNER = {
    "POST /settings/outbox/<int(max=9007199254740991):mail_id>/send": "without a mail server nothing is sent; with one "
    "tests/accounts/test_mail_pages.py shows it",
}
"""Routes whose answer to the owner does not show, in this place, that the thing is there."""

NEEDS_MORE: dict[str, dict[str, str]] = {}
"""Bodies of routes that look at the body before the id: without a good one they would refuse both for the body."""


def routes_with_an_id(app: Flask) -> list[Route]:
    rights = registry_of(app).rights
    found: list[Route] = []
    for rule in app.url_map.iter_rules():
        ids = arguments_of(rule) - set(EVERYBODYS)
        assert len(ids) <= 1, f"{rule.rule} has several ids: say here how they go together"
        for parameter in ids:
            found += [
                Route(
                    method, rule.rule, rights[f"{method} {rule.rule}"], parameter, converter_of(rule), is_api(app, rule)
                )
                for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})
            ]
    return [route for route in sorted(found, key=str) if route.rule not in SHOWN_TO_ALL]


def arguments_of(rule: Rule) -> set[str]:
    return cast("set[str]", rule.arguments)  # pyright: ignore[reportUnknownMemberType]


def converter_of(rule: Rule) -> str:
    found = re.search(r"<([a-z]+)[^:<>]*:", rule.rule)
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

    def __init__(self, app: Flask, by: Principal, business_code: str) -> None:
        self._app = app
        self._browser: FlaskClient = app.test_client()
        sign_in(self._browser, by.name.lower(), business_code)
        self._csrf = token_at(self._browser, "/profile")
        user = reads(SYSTEM).scalars(select(User).where(User.id == by.actor_id)).one()
        tenant = accounts.find_tenant(business_code)
        opened = sessions.open_session(user, "api", Client("203.0.113.1", "a program"))
        self._token = sessions.issue_tokens(opened, user, tenant).access
        db.session.remove()

    def ask(self, route: Route, value: str) -> Answer:
        db.session.remove()
        forget_limits(self._app)
        credentials.forget_all()
        body = NEEDS_MORE.get(str(route), {})
        if route.api:
            headers = {"Authorization": f"Bearer {self._token}"}
            got = self._app.test_client().open(route.at(value), method=route.method, json=body, headers=headers)
            said: tuple[str, ...] = ()
        else:
            data = {"csrf_token": self._csrf, "idempotency_key": uuid.uuid4().hex, **body}
            data = data if route.method == "POST" else None
            got = self._browser.open(route.at(value), method=route.method, data=data)
            with self._browser.session_transaction() as cookie:
                said = tuple(text for _, text in cookie.pop("_flashes", []))
        text = got.get_data().decode(errors="replace")
        got.close()
        for pattern in _NEW_EACH_TIME:
            text = re.sub(pattern, "", text)
        known = re.compile(
            rf"(?<=/){re.escape(value)}\b"
        )  # as a part of an address: bare, small numbers are everywhere
        return Answer(
            got.status_code,
            known.sub("…", got.headers.get("Location", "")),
            known.sub("…", text),
            tuple(known.sub("…", each) for each in said),
        )


@pytest.fixture
def callers(app: Flask, merchants: Merchants) -> tuple[Caller, Caller]:
    """Alice, who owns the one business, and charlie, who owns the other."""
    return Caller(app, merchants.alice, "FIRST"), Caller(app, merchants.charlie, "SECOND")


def test_another_tenants_id_answers_like_one_that_nobody_has(
    app: Flask, merchants: Merchants, callers: tuple[Caller, Caller], record_property: Callable[[str, object], None]
) -> None:
    alice, charlie = callers
    routes = routes_with_an_id(app)
    told_apart: list[str] = []
    proves_nothing: list[str] = []
    for route in routes:
        nobodys = NOBODYS.get(route.converter, "nobodys")
        theirs = THEIRS[route.parameter](merchants)
        unknown, foreign = alice.ask(route, nobodys), alice.ask(route, theirs)
        if foreign != unknown:
            told_apart.append(f"{route}: {unknown} for nobody's, {foreign} for another tenant's")
        shows = route.needs in merchants.charlie.scopes and str(route) not in SAME_FOR_ITS_OWNER
        if shows and charlie.ask(route, theirs) == charlie.ask(route, nobodys):
            proves_nothing.append(f"{route}: its owner is told the same of {theirs}")
    record_property("cells", 2 * len(routes))
    assert told_apart == []
    assert proves_nothing == []
    assert len(routes) > 20


def test_every_id_in_a_path_is_known_here(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule not in SHOWN_TO_ALL]
    parameters = {name for rule in rules for name in arguments_of(rule)}
    assert parameters <= set(THEIRS) | set(EVERYBODYS)
    assert not set(THEIRS) & set(EVERYBODYS)
