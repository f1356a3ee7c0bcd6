"""The operator's page of jobs and health."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import NotAllowed
from dashboard.core.events import Event
from dashboard.core.jobs import Work, WorkState
from dashboard.core.jobs.models import FRESH, WorkerHeartbeat
from dashboard.core.jobs.registry import registered
from tests.conftest import Merchants, inputs, sign_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = "/operator/health"
KIND = "accounts.prune_usage"


@pytest.fixture
def otto(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """The operator, signed in."""
    sign_in(client, "operator")
    return client


def failed_work(tenant_id: int | None = None, kind: str = KIND, reason: str = "the printer is out of paper") -> int:
    """Work that was given up; its number."""
    db.session.remove()
    now = clock.now()
    work = Work(
        kind=kind, args={}, tenant_id=tenant_id, actor="system", state=WorkState.FAILED, run_at=now, max_attempts=1,
        attempts=1, saved={}, last_error=reason, created_at=now, ended_at=now,
    )  # fmt: skip
    with atomic(SYSTEM) as session:
        session.add(work)
    db.session.remove()
    return work.id


def beat(name: str, seen_at: datetime) -> None:
    with atomic(SYSTEM) as session:
        session.add(WorkerHeartbeat(name=name, started_at=seen_at - timedelta(hours=1), seen_at=seen_at))
    db.session.remove()


def retry(client: FlaskClient, number: int) -> str:
    """Press the button; the page after it."""
    shown = inputs(client.get(PAGE).get_data(as_text=True))
    kept = {name: shown[name] for name in ("csrf_token", "idempotency_key")}
    answer = client.post(f"{PAGE}/work/{number}/retry", data=kept)
    assert answer.status_code == 303
    return client.get(PAGE).get_data(as_text=True)


def state_of(number: int) -> str:
    db.session.remove()
    return reads(SYSTEM).scalars(select(Work.state).where(Work.id == number), execution_options=FRESH).one()


def test_without_a_worker_it_says_what_to_do(otto: FlaskClient) -> None:
    page = otto.get(PAGE).get_data(as_text=True)
    assert "No worker is running: start" in page
    assert "Not in order" in page
    assert "something needs looking after" in page
    assert "Nothing has failed" in page


def test_workers_stand_with_since_when_and_whether_they_live(otto: FlaskClient) -> None:
    beat("shop:17", clock.now())
    beat("shop:16", clock.now() - timedelta(minutes=5))
    page = otto.get(PAGE).get_data(as_text=True)
    assert page.index("shop:17") < page.index("Alive") < page.index("shop:16") < page.index("Silent")
    assert "everything is in order" in page


def test_it_says_what_the_installation_stands_on(otto: FlaskClient) -> None:
    page = otto.get(PAGE).get_data(as_text=True)
    kind = db.engine.dialect.name
    assert {"sqlite": "SQLite 3.", "postgresql": "PostgreSQL "}[kind] in page
    revision = reads(SYSTEM).connection().exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    assert f"<dd>{revision}</dd>" in page
    assert "it stays in the outbox" in page


def test_work_is_counted_by_kind_and_state_with_the_oldest_due(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        with atomic(SYSTEM):
            first = jobs.enqueue(SYSTEM, KIND, {}).id
            move(timedelta(hours=1))
            jobs.enqueue(SYSTEM, KIND, {})
            jobs.enqueue(SYSTEM, KIND, {}, run_at=clock.now() + timedelta(days=1))
        failed_work()
        failed_work(merchants.tenant.id)
        move(timedelta(minutes=1))
        (row,) = accounts.health(merchants.operator).kinds
        assert (row.kind, row.counts, row.oldest) == (KIND, {"waiting": 3, "failed": 2}, NOON)
        jobs.run_one(first)
        (row,) = accounts.health(merchants.operator).kinds
        # Its next run, of tomorrow, waits in its place.
        assert (row.counts, row.oldest) == ({"waiting": 3, "done": 1, "failed": 2}, NOON + timedelta(hours=1))


def test_work_for_later_is_not_due(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        jobs.enqueue(SYSTEM, KIND, {}, run_at=NOON + timedelta(hours=1))
        (row,) = accounts.health(merchants.operator).kinds
        assert (row.counts, row.oldest) == ({"waiting": 1}, None)
        move(timedelta(hours=2))
        assert accounts.health(merchants.operator).kinds[0].oldest == NOON + timedelta(hours=1)


def test_failed_work_of_all_tenants_stands_with_its_reason(otto: FlaskClient, merchants: Merchants) -> None:
    failed_work(merchants.other_tenant.id)
    failed_work(reason="<script>")
    page = otto.get(PAGE).get_data(as_text=True)
    assert "the printer is out of paper" in page
    assert "SECOND" in page
    assert "The installation" in page
    assert "&lt;script&gt;" in page


def test_failed_work_is_paged(merchants: Merchants) -> None:
    made = [failed_work() for _ in range(5)]
    jobs.enqueue(SYSTEM, KIND, {})
    first = accounts.failed_work(merchants.operator, size=2)
    second = accounts.failed_work(merchants.operator, after=first.after, size=2)
    third = accounts.failed_work(merchants.operator, after=second.after, size=2)
    assert [row.id for part in (first, second, third) for row in part.items] == made[::-1]
    assert third.after is None


def test_the_next_failed_ones_come_alone(otto: FlaskClient) -> None:
    for _ in range(26):
        failed_work()
    page = otto.get(PAGE).get_data(as_text=True)
    more = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    rest = otto.get(more, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert rest.count("<tr>") == 1
    assert "<html" not in rest


def test_failed_work_is_tried_again_once_and_it_is_in_the_trail(otto: FlaskClient, merchants: Merchants) -> None:
    number = failed_work(merchants.tenant.id)
    assert "waits to be tried again" in retry(otto, number)
    assert state_of(number) == "waiting"
    assert "nothing to try again" in retry(otto, number)
    db.session.remove()
    retried = reads(SYSTEM).execute(
        select(Event.tenant_id, Event.subject, Event.actor).where(Event.name == "work.retried"),
        execution_options={"every_tenant": True},
    ).all()  # fmt: skip
    assert retried == [(merchants.tenant.id, f"work:{number}", f"user:{merchants.operator.actor_id}")]


def test_a_double_click_tries_once(otto: FlaskClient) -> None:
    number = failed_work()
    shown = inputs(otto.get(PAGE).get_data(as_text=True))
    kept = {name: shown[name] for name in ("csrf_token", "idempotency_key")}
    answers = [otto.post(f"{PAGE}/work/{number}/retry", data=kept) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == [PAGE, PAGE]
    page = otto.get(PAGE).get_data(as_text=True)
    assert "nothing to try again" not in page
    assert page.count("waits to be tried again") >= 1


def test_work_of_a_kind_that_is_gone_is_not_tried_again(otto: FlaskClient) -> None:
    number = failed_work(kind="forgotten.job")
    assert "forgotten.job" not in registered
    assert "known to this release" in retry(otto, number)
    assert state_of(number) == "failed"


def test_unknown_work_is_nowhere(otto: FlaskClient) -> None:
    shown = inputs(otto.get(PAGE).get_data(as_text=True))
    data = {name: shown[name] for name in ("csrf_token", "idempotency_key")}
    assert otto.post(f"{PAGE}/work/999999/retry", data=data).status_code == 404


def test_nobody_else_sees_it_or_tries_again(client: FlaskClient, merchants: Merchants) -> None:
    number = failed_work(merchants.tenant.id)
    for ask in (accounts.health, accounts.failed_work):
        with pytest.raises(NotAllowed):
            ask(merchants.alice)
    with pytest.raises(NotAllowed):
        accounts.retry_work(merchants.alice, number)
    sign_in(client, "alice", "FIRST")
    assert client.get(PAGE).status_code == 403
    assert state_of(number) == "failed"


def test_an_operator_who_has_a_business_sees_all(client: FlaskClient, merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(is_operator=True))
    number = failed_work(merchants.other_tenant.id)
    sign_in(client, "alice", "FIRST")
    assert "the printer is out of paper" in client.get(PAGE).get_data(as_text=True)
    assert "waits to be tried again" in retry(client, number)


def test_the_number_of_statements_does_not_grow(app: Flask, otto: FlaskClient, merchants: Merchants) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert otto.get(PAGE).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    failed_work(merchants.tenant.id)
    few = statements()
    for number in range(20):
        failed_work(merchants.other_tenant.id if number % 2 else None, kind=f"kind.{number}")
        beat(f"worker:{number}", clock.now())
    assert statements() == few <= 12


def test_limits_that_are_off_are_said(app: Flask, otto: FlaskClient) -> None:
    limiter = app.extensions["rate_limiter"]
    limiter.enabled = False
    try:
        assert "RATE_LIMITS=off" in otto.get(PAGE).get_data(as_text=True)
    finally:
        limiter.enabled = True
