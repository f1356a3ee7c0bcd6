"""A business is closed by its owner, kept after all, or erased to the last row."""

import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select, update
from sqlalchemy.orm import Session

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant, User
from dashboard.accounts.service import closing
from dashboard.config import Settings
from dashboard.core import clock, jobs
from dashboard.core.belongings import belongings, tenant_folder
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import Base, CommandSession, atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed
from dashboard.core.events import Event
from dashboard.core.mail import MailMessage
from dashboard.core.tenancy import tenant_tables
from tests.accounts.one_of_each import add_one_of_each, rows_of_each
from tests.conftest import Api, Merchants, inputs, sign_in
from tests.core.tenancy.conftest import add_devices

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = "https://example.test/leaving"


class Killed(BaseException):
    """Stands for the death of a process: nothing in the program catches it."""


def close(by: Principal) -> datetime:
    return accounts.close_business(by, "FIRST", page=PAGE)


def tenant_codes() -> list[str]:
    found = list(reads(SYSTEM).scalars(select(Tenant.business_code).order_by(Tenant.business_code)))
    db.session.rollback()
    return found


def work_through(moment: datetime) -> None:
    """Let a worker find at `moment` what is to be closed, and do it."""
    with clock.frozen(moment):
        jobs.sweep()
        jobs.run_due()


def mails() -> list[str]:
    found = list(reads(SYSTEM).scalars(select(MailMessage.recipient).order_by(MailMessage.id)))
    db.session.rollback()
    return found


@pytest.fixture
def full(merchants: Merchants) -> tuple[int, int, int]:
    """Ids of the first business, its sandbox and the second, each with rows in every table."""
    add_devices("iPhone 1")
    twin = accounts.create_sandbox(SYSTEM, merchants.tenant)
    ids = (merchants.tenant.id, twin.id, merchants.other_tenant.id)
    for tenant_id in ids:
        add_one_of_each(tenant_id)
        assert min(rows_of_each(tenant_id).values()) > 0
    return ids


def test_whatever_refers_to_something_of_tenants_is_erased_with_it(app: Flask) -> None:
    found = {each.name for each in belongings()} | {"tenant"}
    strays = [
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in found and table.name not in found
    ]
    assert strays == []
    assert {"api_key", "device_proposal", "refresh_token", "event", "work"} <= found
    assert not {"device", "signing_key", "catalog_import"} & found


def test_only_the_owner_closes_and_only_by_typing_the_code(merchants: Merchants) -> None:
    with pytest.raises(NotAllowed):
        close(merchants.bob)
    with pytest.raises(Invalid, match="FIRST"):
        accounts.close_business(merchants.alice, "SECOND", page=PAGE)
    with clock.frozen(NOON):
        assert accounts.close_business(merchants.alice, " first ", page=PAGE) == NOON + 30 * DAY
        with pytest.raises(Conflict):
            close(merchants.alice)
    with pytest.raises(NotAllowed):
        accounts.keep_business(merchants.bob)


def test_the_operator_sees_who_is_closing(client: FlaskClient, merchants: Merchants) -> None:
    close(merchants.alice)
    db.session.remove()
    sign_in(client, "operator")
    assert client.get("/operator/tenants").get_data(as_text=True).count("Closing") == 1


def test_the_only_operators_business_cannot_be_closed(merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.id == merchants.operator.actor_id).values(active=False))
        session.execute(update(User).where(User.id == merchants.alice.actor_id).values(is_operator=True))
    by = replace(merchants.alice, operator=True)
    with pytest.raises(Conflict, match="operator"):
        close(by)
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.id == merchants.operator.actor_id).values(active=True))
    assert close(by)


def test_at_the_date_every_row_and_file_goes_and_nobody_elses(app: Flask, full: tuple[int, int, int]) -> None:
    first, twin, other = full
    settings: Settings = app.extensions["settings"]
    kept_file = tenant_folder(settings.instance_path, other) / "paper.pdf"
    for tenant_id in full:
        folder = tenant_folder(settings.instance_path, tenant_id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "paper.pdf").write_bytes(b"paper")
    operators_events = select(Event).where(Event.tenant_id.is_(None), Event.name == "tenant.erased")
    before, of_other = rows_of_each(first), rows_of_each(other)
    alice = reads(SYSTEM).scalars(select(User).where(User.username == "alice")).one()
    with clock.frozen(NOON):
        close(accounts.principal_of_user(alice, accounts.find_tenant("FIRST")))
    work_through(NOON + 30 * DAY - timedelta(seconds=1))
    assert tenant_codes() == ["FIRST", "FIRST-SANDBOX", "SECOND"]
    assert jobs.recent(SYSTEM, closing.ERASE_JOB) == []
    work_through(NOON + 30 * DAY + timedelta(hours=1))
    assert tenant_codes() == ["SECOND"]
    for tenant_id in (first, twin):
        assert set(rows_of_each(tenant_id).values()) == {0}
        assert not tenant_folder(settings.instance_path, tenant_id).exists()
    assert rows_of_each(other) == of_other
    assert kept_file.read_bytes() == b"paper"
    left = reads(SYSTEM).scalars(operators_events).one()
    assert left.data["business_code"] == "FIRST"
    assert set(left.data["rows"]) == {each.name for each in belongings()}
    assert left.data["rows"]["user_account"] == before["user_account"] + 1  # and the one of the sandbox
    assert accounts.create_tenant(SYSTEM, business_code="FIRST", name="Another").id > max(full)


def test_a_business_that_is_kept_lives_on_although_its_erasure_was_promised(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        close(merchants.alice)
        move(30 * DAY)
        assert closing.ask_for_due_erasures(SYSTEM) == 1
        with atomic(SYSTEM) as session:
            session.execute(update(Tenant).values(delete_after=None))
        jobs.run_due()
    assert tenant_codes() == ["FIRST", "SECOND"]


def test_once_the_time_is_over_the_business_can_no_longer_be_kept(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        close(merchants.alice)
        move(30 * DAY)
        with pytest.raises(Conflict):
            accounts.keep_business(merchants.alice)


@contextmanager
def killed_at(pattern: str) -> Generator[None]:
    """Die at the first statement that looks like `pattern`."""

    def die(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        if re.match(pattern, statement):
            raise Killed

    event.listen(db.engine, "before_cursor_execute", die)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", die)


@pytest.mark.parametrize("table", ["idempotency_key", "user_account", "tenant"])
def test_an_erasure_that_is_killed_goes_on_and_counts_each_row_once(
    full: tuple[int, int, int], merchants: Merchants, table: str
) -> None:
    together = {name: rows + rows_of_each(full[1])[name] for name, rows in rows_of_each(full[0]).items()}
    with clock.frozen(NOON):
        close(merchants.alice)
    together["event"] += 1
    together["work"] += 1  # the reminder
    with killed_at(rf"DELETE FROM {table} WHERE"), clock.frozen(NOON + 31 * DAY) as move:
        closing.ask_for_due_erasures(SYSTEM)
        with pytest.raises(Killed):
            jobs.run_due()
        db.session.rollback()
        move(timedelta(minutes=5))
    assert "FIRST" in tenant_codes()
    with clock.frozen(NOON + 32 * DAY):
        jobs.run_due()
    assert tenant_codes() == ["SECOND"]
    left = reads(SYSTEM).scalars(select(Event).where(Event.name == "tenant.erased")).one()
    assert left.data["rows"] == together


def test_whoever_comes_while_the_business_is_erased_is_not_let_in(
    full: tuple[int, int, int], merchants: Merchants, client: FlaskClient
) -> None:
    sign_in(client, "alice")
    with clock.frozen(NOON):
        close(merchants.alice)
    with killed_at(r"DELETE FROM user_account WHERE"), clock.frozen(NOON + 31 * DAY):
        closing.ask_for_due_erasures(SYSTEM)
        with pytest.raises(Killed):
            jobs.run_due()
    assert set(reads(SYSTEM).scalars(select(Tenant.suspended_at.is_(None)).where(Tenant.id.in_(full[:2])))) == {False}
    db.session.remove()
    assert client.get("/profile").status_code == 303


def test_the_owner_is_mailed_at_once_and_three_days_before_and_no_more_once_it_is_kept(merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.id == merchants.alice.actor_id).values(email="alice@example.com"))
    with clock.frozen(NOON) as move:
        close(merchants.alice)
        assert mails() == ["alice@example.com"]
        move(27 * DAY - timedelta(minutes=1))
        jobs.run_due()
        assert len(mails()) == 1
        move(timedelta(minutes=1))
        jobs.run_due()
        jobs.run_due()
        assert mails() == ["alice@example.com"] * 2
        body = reads(SYSTEM).scalars(select(MailMessage.body).order_by(MailMessage.id.desc())).first()
        assert body is not None
        assert PAGE in body
        assert "1 April 2026" in body
        accounts.keep_business(merchants.alice)
        close(merchants.alice)
        accounts.keep_business(merchants.alice)
        assert len(mails()) == 3
        move(27 * DAY)
        jobs.run_due()
    assert len(mails()) == 3


def typed(client: FlaskClient, code: str) -> tuple[int, str]:
    shown = client.get("/settings/business/leaving").get_data(as_text=True)
    kept = {name: value for name, value in inputs(shown).items() if name in ("csrf_token", "idempotency_key")}
    answer = client.post("/settings/business/leaving", data={**kept, "business_code": code})
    db.session.remove()
    return answer.status_code, answer.get_data(as_text=True)


def test_the_owner_closes_on_the_page_everybody_sees_the_date_and_the_owner_keeps_it(
    client: FlaskClient, merchants: Merchants, api: Api, app: Flask
) -> None:
    accounts.create_sandbox(SYSTEM, merchants.tenant)
    sign_in(client, "alice")
    status, page = typed(client, "FRIST")
    assert status == 422
    assert 'value="FRIST"' in page
    assert typed(client, "first")[0] == 303
    browser = app.test_client()
    sign_in(browser, "bob")
    assert api.get("/api/catalog/stats").status_code == 200
    strangers = browser.get("/profile").get_data(as_text=True)
    assert "this business and all its data will be erased" in strangers
    assert "Keep the business" not in strangers
    shown = client.get("/").get_data(as_text=True)
    assert "Keep the business" in shown
    token = inputs(shown)["csrf_token"]
    client.post("/sandbox/enter", data={"csrf_token": token})
    assert "will be erased" in client.get("/sandbox").get_data(as_text=True)
    client.post("/sandbox/leave", data={"csrf_token": token})
    assert browser.post("/settings/business/keep", data={"csrf_token": token}).status_code in (400, 403)
    assert client.post("/settings/business/keep", data={"csrf_token": token}).status_code == 303
    assert "all its data will be erased" not in client.get("/").get_data(as_text=True)
    assert "all its data will be erased" not in browser.get("/profile").get_data(as_text=True)
    names = set(reads(SYSTEM).scalars(select(Event.name).where(Event.tenant_id == merchants.tenant.id)))
    assert {"tenant.closing", "tenant.kept"} <= names


def test_an_administrator_finds_no_way_to_close(client: FlaskClient, merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "bob").values(role="admin"))
    sign_in(client, "bob")
    assert client.get("/settings/business/leaving").status_code == 403
    assert "/settings/business/leaving" not in client.get("/settings/business").get_data(as_text=True)


def test_whoever_gave_the_password_long_ago_gives_it_again_before_closing(
    client: FlaskClient, merchants: Merchants
) -> None:
    sign_in(client, "alice")
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        answer = client.get("/settings/business/leaving")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/confirm")


@pytest.mark.postgres
def test_an_ordinary_role_of_the_database_can_erase(full: tuple[int, int, int], merchants: Merchants) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security")
    role = f"tradecounter_plain_{uuid.uuid4().hex[:8]}"
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} NOSUPERUSER NOBYPASSRLS")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")

    def bind(_session: Session, _opened: object, connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL ROLE {role}")

    with clock.frozen(NOON):
        close(merchants.alice)
    event.listen(CommandSession, "after_begin", bind)
    try:
        work_through(NOON + 31 * DAY)
    finally:
        event.remove(CommandSession, "after_begin", bind)
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
    assert tenant_codes() == ["SECOND"]
    assert {count for tenant_id in full[:2] for count in rows_of_each(tenant_id).values()} == {0}
    left = reads(SYSTEM).scalars(select(Event).where(Event.name == "tenant.erased")).one()
    assert tenant_tables() <= set(left.data["rows"])  # deleted by us: a cascade would pass the walls uncounted


def test_files_of_a_business_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    assert tenant_folder(tmp_path, 7) == tmp_path / "tenants" / "7"
