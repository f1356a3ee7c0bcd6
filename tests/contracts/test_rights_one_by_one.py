"""Each right by itself: a role with that right alone opens what needs it, a role with all others does not.

The matrix of built-in roles cannot show this, as most of them hold many rights: a route that asks for the wrong one
of two which go together would pass there.
"""

from dataclasses import dataclass

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Role, User, UserSession
from dashboard.accounts.roles import ALL_SCOPES, OWNERSHIP, STAFF_SCOPES
from dashboard.accounts.service import sessions
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from dashboard.web import credentials
from tests.conftest import Merchants
from tests.contracts.test_permission_matrix import NOWHERE, Note, person, routes_of, token_of


@dataclass(frozen=True)
class Cell:
    """One request of somebody with these rights."""

    method: str
    path: str
    needs: str
    held: frozenset[str]

    @property
    def opens(self) -> bool:
        return self.needs in self.held

    def __str__(self) -> str:
        return f"{self.method} {self.path} needs {self.needs}, held {len(self.held)}"


def pairs(app: Flask, *, api: bool) -> list[Cell]:
    """For each route whose right a role can give: that right alone, and all rights but that one."""
    return [
        Cell(method, path, needs, held)
        for method, path, needs in routes_of(app, api=api)
        if needs in ALL_SCOPES
        for held in (frozenset({needs}), ALL_SCOPES - {needs})
    ]


def people_with(merchants: Merchants, rights: set[frozenset[str]]) -> dict[frozenset[str], User]:
    """A person for each set of rights, by a role of their own."""
    found: dict[frozenset[str], User] = {}
    for number, held in enumerate(sorted(rights, key=sorted)):
        name = f"role {number}"
        with atomic(merchants.alice) as session:
            session.add(Role(tenant_id=merchants.tenant.id, name=name, scopes=sorted(held), created_at=clock.now()))
        user = person(merchants.tenant, "viewer", f"person{number}")
        with atomic(SYSTEM) as session:
            session.execute(update(User).where(User.id == user.id).values(role=name))
        found[held] = user
    return found


def visit(app: Flask, opened: UserSession, method: str, path: str) -> int:
    """The status of a page for whoever has this session."""
    token = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps("matrix")
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["csrf_token"], cookie["_user_id"], cookie["_fresh"] = "matrix", str(opened.id), True
    db.session.remove()
    return browser.open(path, method=method, headers={"X-CSRFToken": token}).status_code


def fits(status: int, *, opens: bool) -> bool:
    return status not in (401, 403, 405) and status < 500 if opens else status == 403


def test_each_right_alone_opens_its_pages_and_all_others_do_not(busy: Flask, merchants: Merchants, note: Note) -> None:
    cells = pairs(busy, api=False)
    people = people_with(merchants, {cell.held for cell in cells})
    wrong: list[str] = []
    for cell in cells:
        opened = sessions.open_session(people[cell.held], "page", NOWHERE)
        status = visit(busy, opened, cell.method, cell.path)
        if not fits(status, opens=cell.opens):
            wrong.append(f"{cell}: {status}")
    note("cells", len(cells))
    assert wrong == []
    assert len(cells) > 50


def test_each_right_alone_opens_its_endpoints_and_all_others_do_not(
    busy: Flask, merchants: Merchants, note: Note
) -> None:
    cells = pairs(busy, api=True)
    people = people_with(merchants, {cell.held for cell in cells})
    wrong: list[str] = []
    for cell in cells:
        credentials.forget_all()
        headers = {"Authorization": f"Bearer {token_of(people[cell.held], merchants.tenant)()}"}
        db.session.remove()
        status = busy.test_client().open(cell.path, method=cell.method, json={}, headers=headers).status_code
        if not fits(status, opens=cell.opens):
            wrong.append(f"{cell}: {status}")
    note("cells", len(cells))
    assert wrong == []
    assert len(cells) >= 10


def test_in_the_sandbox_nobody_manages_people_keys_or_settings(busy: Flask, merchants: Merchants, note: Note) -> None:
    """The owner, who may do everything in the live business, has gone to its sandbox."""
    accounts.create_sandbox(SYSTEM, merchants.tenant)
    boss = person(merchants.tenant, "owner", "boss")
    wrong: list[str] = []
    routes = [route for route in routes_of(busy, api=False) if route[2] in {*STAFF_SCOPES, OWNERSHIP}]
    for method, path, needs in routes:
        opened = sessions.open_session(boss, "page", NOWHERE)
        with atomic(SYSTEM) as session:
            session.execute(update(UserSession).where(UserSession.id == opened.id).values(in_sandbox=True))
        status = visit(busy, opened, method, path)
        if status != 403:
            wrong.append(f"{method} {path} needs {needs}: {status}")
    note("cells", len(routes))
    assert wrong == []
    assert len(routes) > 20
