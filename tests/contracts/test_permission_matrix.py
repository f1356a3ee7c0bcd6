"""Who may do what: every route tried by everybody, against the right that the route table states.

The actors are all roles, all scopes, all ways in which a credential can be no good, and other tenants. A cell is one
request; people get another session after each that may have ended theirs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import Rule

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.accounts.roles import (
    KEY_SCOPES,
    READ_SCOPES,
    ROLES,
    SANDBOX_READ,
    SANDBOX_WRITE,
    SELF,
    read_write_scopes,
)
from dashboard.accounts.service import oauth, sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from dashboard.web import credentials
from dashboard.web.api import PUBLIC, ApiBlueprint
from dashboard.web.registry import registry_of
from tests.conftest import PASSWORD, Merchants

OPERATOR = "operator"
NOWHERE = Client("203.0.113.1", "matrix")
_UNUSED = {"int": "999999999", "uuid": "5989db7e-2ade-4aa2-aad8-b6b111c401eb"}


@dataclass(frozen=True)
class Actor:
    """Who calls: how the credential is made, and which rights it stands for (None: it is no good)."""

    name: str
    credential: Callable[[], str]
    scopes: frozenset[str] | None


Note = Callable[[str, object], None]


def routes_of(app: Flask, *, api: bool) -> list[tuple[str, str, str]]:
    """Method, path filled in with things that do not exist, and right, of every route of one face."""
    rights = registry_of(app).rights
    found: list[tuple[str, str, str]] = []
    for rule in app.url_map.iter_rules():
        of_api = isinstance(app.blueprints.get(rule.endpoint.rpartition(".")[0]), ApiBlueprint)
        if of_api is api and rule.endpoint != "static":
            methods = sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})
            found.extend((method, filled(rule), rights[f"{method} {rule.rule}"]) for method in methods)
    return sorted(found)


def filled(rule: Rule) -> str:
    return re.sub(r"<(?:([a-z]+)[^:<>]*:)?([^<>]+)>", lambda part: _UNUSED.get(part[1], "nothing-like-it"), rule.rule)


def key_of(tenant: Tenant, scopes: frozenset[str]) -> Callable[[], str]:
    secret = accounts.create_key(SYSTEM, tenant, name="cell", scopes=scopes).secret
    return lambda: secret


def broken(tenant: Tenant, **values: object) -> Callable[[], str]:
    made = accounts.create_key(SYSTEM, tenant, name="cell")
    with atomic(SYSTEM) as session:
        key = session.get_one(ApiKey, made.key.id)
        for name, value in values.items():
            setattr(key, name, value)
    return lambda: made.secret


def person(tenant: Tenant | None, role: str, name: str = "") -> User:
    return accounts.create_user(SYSTEM, tenant, username=name or role, password=PASSWORD, role=role)


def token_of(user: User, tenant: Tenant | None) -> Callable[[], str]:
    def make() -> str:
        opened = sessions.open_session(user, "api", NOWHERE)
        return sessions.issue_tokens(opened, user, tenant).access

    return make


def stale_token(tenant: Tenant, moment: datetime) -> Callable[[], str]:
    user = person(tenant, "owner", "late")
    with clock.frozen(moment):
        made = token_of(user, tenant)()
    return lambda: made


def signed_out_token(tenant: Tenant) -> Callable[[], str]:
    user = person(tenant, "owner", "gone")
    made = token_of(user, tenant)()
    sessions.end_all(SYSTEM, user.id)
    return lambda: made


def platform_token(tenant: Tenant, scope: str) -> Callable[[], str]:
    """What the client credentials grant gives a client that holds `scope` alone."""
    client = accounts.create_client(SYSTEM, tenant, name=scope, scopes=frozenset({scope})).client
    made = oauth.issue_token(client, scope)
    return lambda: made


def programs(merchants: Merchants) -> list[Actor]:
    """Everybody who may come to the JSON face."""
    tenant, other = merchants.tenant, merchants.other_tenant
    twin = accounts.create_sandbox(SYSTEM, tenant)
    read_write = read_write_scopes(None)
    past = clock.now() - timedelta(seconds=1)
    actors = [
        Actor("nobody", lambda: "", None),
        Actor("bad key", lambda: "sk_live_" + "x" * 32, None),
        Actor("bad token", lambda: "eyJhbGciOiJub25lIn0.e30.", None),
        Actor("revoked key", broken(tenant, revoked_at=past), None),
        Actor("expired key", broken(tenant, expires_at=past), None),
        Actor("expired token", stale_token(tenant, clock.now() - timedelta(minutes=16)), None),
        Actor("signed-out token", signed_out_token(tenant), None),
        Actor("read-only key", key_of(tenant, READ_SCOPES), READ_SCOPES),
        Actor("read-write key", key_of(tenant, read_write), read_write),
        Actor("other tenant's key", key_of(other, read_write), read_write),
        Actor("sandbox key", key_of(twin, read_write), read_write | {SANDBOX_READ, SANDBOX_WRITE}),
        Actor("sandbox's read-only key", key_of(twin, READ_SCOPES), READ_SCOPES | {SANDBOX_READ}),
    ]
    actors += [
        Actor(f"platform with {scope}", platform_token(tenant, scope), frozenset({scope}))
        for scope in sorted(KEY_SCOPES)
    ]
    actors += [
        Actor(f"key with {scope}", key_of(tenant, frozenset({scope})), frozenset({scope}))
        for scope in sorted(KEY_SCOPES)
    ]
    for role, scopes in ROLES.items():
        actors.append(Actor(f"{role}'s token", token_of(person(tenant, role), tenant), scopes | {SELF}))
    boss = person(None, "admin", "root")
    actors.append(Actor("operator's token", token_of(boss, None), frozenset({"catalog:read", OPERATOR, SELF})))
    return actors


def test_every_endpoint_by_every_credential(busy: Flask, merchants: Merchants, note: Note) -> None:
    cells = 0
    wrong: list[str] = []
    actors = programs(merchants)
    routes = routes_of(busy, api=True)
    for actor in actors:
        secret, spent = "", True
        for method, path, right in routes:
            if spent:
                credentials.forget_all()
                secret = actor.credential()
                db.session.remove()
            spent = method != "GET"
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            status = busy.test_client().open(path, method=method, json={}, headers=headers).status_code
            if actor.scopes is None and (right != PUBLIC or secret):
                # Who asks for a token shows a client's secret: a key in its place is no credential at all.
                fits = status == 401 or (path, status) == ("/v1/oauth/token", 400)
            elif right == PUBLIC or right in (actor.scopes or ()):
                fits = status not in (401, 403, 405, 429) and status < 500
            else:
                fits = status == 403
            cells += 1
            if not fits:
                wrong.append(f"{actor.name}: {method} {path} needs {right}, answers {status}")
    assert wrong == []
    note("cells", cells)
    assert cells == len(actors) * len(routes) > 1_000


def visiting(app: Flask, user: User | None) -> FlaskClient:
    """A browser with a session that has just begun, of somebody or of nobody."""
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["csrf_token"] = "matrix"
        if user is not None:
            opened = sessions.open_session(user, "page", NOWHERE)
            cookie["_user_id"], cookie["_fresh"] = str(opened.id), True
    db.session.remove()
    return browser


def test_every_page_by_everybody(busy: Flask, merchants: Merchants, note: Note) -> None:
    everybody: list[tuple[str, User | None, frozenset[str]]] = [("stranger", None, frozenset())]
    for role, scopes in ROLES.items():
        everybody.append((role, person(merchants.tenant, role), scopes | {SELF}))
    everybody.append(("operator", person(None, "admin", "root"), frozenset({"catalog:read", OPERATOR, SELF})))
    cells = 0
    wrong: list[str] = []
    routes = routes_of(busy, api=False)
    token = URLSafeTimedSerializer(str(busy.secret_key), salt="wtf-csrf-token").dumps("matrix")
    for name, user, scopes in everybody:
        browser, spent = busy.test_client(), True
        for method, path, right in routes:
            if spent:
                browser = visiting(busy, user)
            spent = method != "GET"
            answer = browser.open(path, method=method, headers={"X-CSRFToken": token})
            to_sign_in = answer.status_code == 401 or "/sign-in" in answer.headers.get("Location", "")
            if right == PUBLIC:
                fits = answer.status_code not in (401, 403) and answer.status_code != 500
            elif user is None:
                fits = to_sign_in
            elif right in scopes:
                fits = answer.status_code not in (401, 403, 405) and answer.status_code < 500
            else:
                fits = answer.status_code == 403
            cells += 1
            if not fits:
                wrong.append(f"{name}: {method} {path} needs {right}, answers {answer.status_code}")
    assert wrong == []
    note("cells", cells)
    assert cells == len(everybody) * len(routes) > 300
