"""What each caller used: counted beside requests, added up over processes, shown to whoever manages keys."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, ApiUsage, Tenant
from dashboard.accounts.service import sessions
from dashboard.accounts.service.sessions import Client
from dashboard.accounts.service.usage import DayUsage
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM, ActorKind, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import NotAllowed
from dashboard.web.registry import LastUses, UsageCounts
from dashboard.web.usage import UsageMeter, meter_of
from tests.conftest import Api, Merchants, sign_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOON.date()
STATS = "/api/catalog/stats"


def rows() -> list[tuple[str, date, int, int, int]]:
    """Everything that is written down."""
    db.session.remove()
    statement = select(ApiUsage).order_by(ApiUsage.caller, ApiUsage.day)
    return [(row.caller, row.day, row.requests, row.limited, row.failed) for row in reads(SYSTEM).scalars(statement)]


def the_key() -> ApiKey:
    db.session.remove()
    return reads(SYSTEM).scalars(select(ApiKey)).one()


@pytest.fixture
def used(app: Flask) -> UsageMeter:
    """The meter of this process, without what other tests have left in it."""
    meter = meter_of(app)
    meter._counts.clear()  # pyright: ignore[reportPrivateUsage]
    meter._uses.clear()  # pyright: ignore[reportPrivateUsage]
    return meter


def test_a_keys_requests_are_counted_by_day_and_its_last_use_is_noted(app: Flask, api: Api, used: UsageMeter) -> None:
    with clock.frozen(NOON) as move:
        for _ in range(3):
            assert api.get(STATS).status_code == 200
        move(timedelta(days=1))
        assert api.get("/api/catalog/devices/no-such-device").status_code == 404
        used.flush()
    key = the_key()
    assert rows() == [
        (f"key:{key.id}", TODAY, 3, 0, 0),
        (f"key:{key.id}", TODAY + timedelta(days=1), 1, 0, 0),
    ]
    assert (key.last_used_at, key.last_used_from) == (NOON + timedelta(days=1), "127.0.0.1")


def test_what_a_limit_refused_and_what_failed_is_counted_apart(
    app: Flask, api: Api, merchants: Merchants, used: UsageMeter
) -> None:
    with atomic(SYSTEM) as session:
        session.get_one(Tenant, merchants.tenant.id).requests_per_minute = 2
    assert [api.get(STATS).status_code for _ in range(3)] == [200, 200, 429]
    by = Principal(ActorKind.KEY, the_key().id, "till", merchants.tenant.id)
    used.note(by, 500)
    used.note(by, 503)
    used.flush()
    assert [row[2:] for row in rows()] == [(5, 1, 2)]


def test_people_are_counted_together_for_their_tenant(app: Flask, merchants: Merchants, used: UsageMeter) -> None:
    for by in (merchants.alice, merchants.bob):
        user = accounts.person(by)
        opened = sessions.open_session(user, "api", Client("203.0.113.1", "test"))
        token = sessions.issue_tokens(opened, user, merchants.tenant).access
        db.session.remove()
        headers = {"Authorization": f"Bearer {token}"}
        assert app.test_client().get(STATS, headers=headers).status_code == 200
    used.flush()
    assert [(row[0], row[2]) for row in rows()] == [("people", 2)]


def test_pages_and_strangers_are_not_counted(client: FlaskClient, merchants: Merchants, used: UsageMeter) -> None:
    sign_in(client, "alice", "FIRST")
    assert client.get("/settings/usage").status_code == 200
    assert client.get(STATS).status_code == 401
    used.flush()
    assert rows() == []


def test_days_are_true_ones_also_where_a_sandbox_has_moved_its_clock(
    app: Flask, merchants: Merchants, used: UsageMeter
) -> None:
    twin = accounts.create_sandbox(SYSTEM, merchants.tenant)
    secret = accounts.create_key(SYSTEM, twin, name="test").secret
    with atomic(SYSTEM) as session:
        session.get_one(Tenant, twin.id).clock_offset_s = 3 * 86_400
    db.session.remove()
    with clock.frozen(NOON):
        assert Api(app.test_client(), secret).get(STATS).status_code == 200
        used.flush()
    assert [row[1] for row in rows()] == [TODAY]
    assert the_key().last_used_at == NOON


def test_counting_adds_no_statement_to_a_request(app: Flask, api: Api, used: UsageMeter) -> None:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        api.get(STATS)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert seen != []
    assert [text for text in seen if not text.lstrip().startswith("SELECT")] == []
    used.flush()
    assert [row[2] for row in rows()] == [1]


def test_several_processes_add_to_the_same_row(app: Flask, merchants: Merchants) -> None:
    by = [replace(merchants.alice, kind=ActorKind.KEY, actor_id=number) for number in range(1, 6)]
    meters = [UsageMeter(meter_of(app)._write, 0) for _ in range(4)]  # pyright: ignore[reportPrivateUsage]

    def work(meter: UsageMeter) -> None:
        for turn in range(25):
            for each in by if turn % 2 else reversed(by):
                meter.note(each, 429 if turn % 5 == 0 else 200)
            meter.flush()

    with clock.frozen(NOON), ThreadPoolExecutor(4) as pool:
        list(pool.map(work, meters))
    # The threads of the pool have the true clock: only the sums matter.
    assert sorted({row[0] for row in rows()}) == [f"key:{number}" for number in range(1, 6)]
    assert sum(row[2] for row in rows()) == 4 * 25 * 5
    assert sum(row[3] for row in rows()) == 4 * 5 * 5


def test_what_could_not_be_written_is_written_the_next_time(merchants: Merchants) -> None:
    written: list[tuple[int, ...]] = []
    down = [True]

    def write(counts: UsageCounts, _uses: LastUses) -> None:
        if down:
            raise OperationalError("insert", None, Exception("away"))
        written.extend(tuple(count) for count in counts.values())

    meter = UsageMeter(write, 0)
    meter.note(merchants.alice, 200)
    with pytest.raises(OperationalError):
        meter.flush()
    meter.note(merchants.alice, 429)
    down.clear()
    meter.flush()
    assert written == [(2, 1, 0)]
    meter.flush()
    assert len(written) == 1


def test_a_thread_writes_down_by_itself_and_the_end_writes_the_rest(merchants: Merchants) -> None:
    came, written = Event(), list[int]()

    def write(counts: UsageCounts, _uses: LastUses) -> None:
        written.extend(count[0] for count in counts.values())
        came.set()

    meter = UsageMeter(write, 1)
    meter.note(merchants.alice, 200)
    assert came.wait(10)
    meter.note(merchants.alice, 200)
    meter.stop()
    assert sum(written) == 2


def _serve_once(path: Path, by: Principal) -> None:
    def write(counts: UsageCounts, _uses: LastUses) -> None:
        path.write_text(str(sum(count[0] for count in counts.values())))

    meter = UsageMeter(write, 3600)
    for _ in range(7):
        meter.note(by, 200)


def test_a_process_that_a_server_forked_writes_down_what_it_has_when_it_ends(tmp_path: Path) -> None:
    by = Principal(ActorKind.KEY, 1, "till", 1)
    process = get_context("fork").Process(target=_serve_once, args=(tmp_path / "written", by))
    process.start()
    process.join(20)
    assert process.exitcode == 0
    assert (tmp_path / "written").read_text() == "7"


def test_what_was_counted_for_a_tenant_that_is_gone_holds_nothing_up(app: Flask, merchants: Merchants) -> None:
    accounts.write_usage({(merchants.tenant.id, "people", TODAY): (1, 0, 0), (999_999, "key:1", TODAY): (1, 0, 0)}, {})
    assert rows() == [("people", TODAY, 1, 0, 0)]


def test_an_older_use_does_not_overwrite_a_newer_one(app: Flask, api: Api) -> None:
    number = the_key().id
    for at, where in ((NOON, "203.0.113.2"), (NOON - timedelta(minutes=1), "203.0.113.9")):
        accounts.write_usage({}, {number: (at, where)})
    assert (the_key().last_used_at, the_key().last_used_from) == (NOON, "203.0.113.2")


# What is shown


def fill(tenant: Tenant, caller: str, day: date, *counts: int) -> None:
    accounts.write_usage({(tenant.id, caller, day): counts}, {})
    db.session.remove()


def test_thirty_days_are_shown_and_the_one_before_is_not(api: Api, merchants: Merchants) -> None:
    caller = f"key:{the_key().id}"
    for ago, requests in ((0, 5), (29, 7), (30, 1000)):
        fill(merchants.tenant, caller, TODAY - timedelta(days=ago), requests, 2, 1)
    fill(merchants.other_tenant, "people", TODAY, 9999, 0, 0)
    with clock.frozen(NOON):
        days = accounts.usage_by_day(merchants.alice)
        (key, people) = accounts.usage_by_caller(merchants.alice)
    assert len(days) == 30
    assert days[-1] == DayUsage(TODAY, 5, 2, 1)
    assert days[0] == DayUsage(TODAY - timedelta(days=29), 7, 2, 1)
    assert sum(day.requests for day in days) == 12
    assert (key.caller, key.today, key.requests, key.limited, key.failed) == (caller, 5, 12, 4, 2)
    assert (people.caller, people.requests) == ("people", 0)


def test_a_key_that_has_ended_stays_while_it_has_requests(api: Api, merchants: Merchants) -> None:
    number = the_key().id
    fill(merchants.tenant, f"key:{number}", TODAY, 1, 0, 0)
    accounts.revoke_key(SYSTEM, number)
    with clock.frozen(NOON):
        assert accounts.usage_by_caller(merchants.alice)[0].ended
    with clock.frozen(NOON + timedelta(days=31)):
        assert [each.caller for each in accounts.usage_by_caller(merchants.alice)] == ["people"]


def test_only_who_manages_keys_sees_it(merchants: Merchants) -> None:
    for read in (accounts.usage_by_caller, accounts.usage_by_day):
        with pytest.raises(NotAllowed):
            read(merchants.bob)


def test_the_page_says_what_is_allowed_and_what_was_used(client: FlaskClient, api: Api, merchants: Merchants) -> None:
    number = the_key().id
    fill(merchants.tenant, f"key:{number}", TODAY, 1234, 56, 7)
    with clock.frozen(NOON):
        sign_in(client, "alice", "FIRST")
        page = client.get("/settings/usage").get_data(as_text=True)
        alone = client.get("/settings/usage?caller=people").get_data(as_text=True)
    for said in ("1,234", "56", "Plan Enterprise", "1,000", "500", "300", "200", "5 requests a minute", "<rect"):
        assert said in page, said
    assert "No requests in 30 days" in alone


def test_a_caller_of_another_business_is_unknown(client: FlaskClient, merchants: Merchants) -> None:
    theirs = accounts.create_key(SYSTEM, merchants.other_tenant, name="theirs").key.id
    sign_in(client, "alice", "FIRST")
    assert client.get(f"/settings/usage?caller=key:{theirs}").status_code == 404
    assert "theirs" not in client.get("/settings/usage").get_data(as_text=True)


def test_a_tenants_own_limit_is_what_the_page_says(client: FlaskClient, merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.get_one(Tenant, merchants.tenant.id).requests_per_minute = 4321
    sign_in(client, "alice", "FIRST")
    page = client.get("/settings/usage").get_data(as_text=True)
    assert page.count("4,321") == 12


def test_days_are_forgotten_after_four_hundred(app: Flask, merchants: Merchants) -> None:
    for ago in (0, 400, 401):
        fill(merchants.tenant, "people", TODAY - timedelta(days=ago), 1, 0, 0)
    with clock.frozen(NOON):
        work = jobs.enqueue(SYSTEM, "accounts.prune_usage", {})
        jobs.run_one(work.id)
        found = jobs.find(SYSTEM, work.id)
    assert found is not None
    assert found.result == {"pruned": 1}
    assert [row[1] for row in rows()] == [TODAY - timedelta(days=400), TODAY]
