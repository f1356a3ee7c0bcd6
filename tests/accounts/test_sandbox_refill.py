"""A sandbox is emptied of what domains keep there and filled anew; nobody else's rows are touched."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Tenant
from dashboard.accounts.service import sandbox_refill
from dashboard.catalog.models import Device, DeviceProposal
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import NotAllowed
from dashboard.core.events import Event
from dashboard.core.idempotency import IdempotencyKey
from dashboard.core.jobs import system_of
from dashboard.web.registry import registry_of
from tests.conftest import Api, Merchants, inputs, sign_in
from tests.core.tenancy.conftest import add_devices, proposal

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Fill = Callable[[str, Callable[[Principal], None]], None]


@pytest.fixture
def twin(merchants: Merchants) -> Principal:
    """Whoever is in the sandbox of alice's business, where there is a proposal, as there is in both live ones."""
    (device_id,) = add_devices("iPhone 1")
    sandbox = accounts.create_sandbox(SYSTEM, merchants.tenant)
    by = system_of(sandbox.id)
    for each in (by, merchants.alice, merchants.charlie):
        with atomic(each) as session:
            session.add(proposal(device_id))
    return Principal(merchants.alice.kind, merchants.alice.actor_id, "Alice", sandbox.id, sandbox=True)


@pytest.fixture(autouse=True)
def no_fillers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domains fill nothing by themselves here."""
    monkeypatch.setattr(registry_of(app), "sandbox_fillers", {})


@pytest.fixture
def fill(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Registers a domain's filler in this application for one test."""
    fillers = registry_of(app).sandbox_fillers

    def register(name: str, filler: Callable[[Principal], None]) -> None:
        monkeypatch.setitem(fillers, name, filler)

    return register


def write_proposal(by: Principal) -> None:
    """What a domain might put into a sandbox."""
    with atomic(by) as session:
        device_id = session.scalars(select(Device.id)).one()
        session.add(proposal(device_id))


def proposals(by: Principal) -> int:
    count = reads(by).scalar(select(func.count()).select_from(DeviceProposal)) or 0
    db.session.rollback()
    return count


def refilled(by: Principal) -> jobs.Work:
    work = sandbox_refill.latest_refill(by)
    assert work is not None
    return work


def test_a_refill_takes_what_domains_keep_and_leaves_the_rest(merchants: Merchants, twin: Principal) -> None:
    assert twin.tenant_id is not None
    with atomic(SYSTEM) as session:
        sandbox = session.get_one(Tenant, twin.tenant_id)
        sandbox.tax_rate_bps = 725
    accounts.create_key(SYSTEM, sandbox, name="kept")
    accounts.ask_for_refill(twin)
    accounts.ask_for_refill(twin)
    jobs.run_due()
    assert [proposals(by) for by in (twin, merchants.alice, merchants.charlie)] == [0, 1, 1]
    assert refilled(twin).result == {"erased": 1, "filled": []}
    kept = reads(SYSTEM).scalars(select(ApiKey.name).where(ApiKey.tenant_id == twin.tenant_id)).all()
    assert kept == ["kept"]
    assert reads(SYSTEM).get_one(Tenant, twin.tenant_id).tax_rate_bps == 725
    asked = select(Event.id).where(Event.name == "sandbox.refill_asked", Event.tenant_id == twin.tenant_id)
    assert len(reads(SYSTEM).scalars(asked).all()) == 1


def test_each_domain_fills_the_emptied_sandbox_once_in_its_time(twin: Principal, fill: Fill) -> None:
    seen: list[tuple[str, int, datetime]] = []

    def filler(by: Principal) -> None:
        assert by.sandbox
        seen.append(("catalog", proposals_in(by), clock.now()))
        write_proposal(by)

    def proposals_in(by: Principal) -> int:
        return reads(by).scalar(select(func.count()).select_from(DeviceProposal)) or 0

    fill("catalog", filler)
    with clock.frozen(NOON):
        accounts.move_clock(twin, 3_600)
        accounts.ask_for_refill(twin)
        jobs.run_due()
    assert seen == [("catalog", 0, NOON + HOUR)]
    assert proposals(twin) == 1
    assert refilled(twin).result == {"erased": 1, "filled": ["catalog"]}


def test_a_refill_that_fails_half_way_goes_on_without_erasing_or_filling_twice(twin: Principal, fill: Fill) -> None:
    calls: list[str] = []

    def breaks_once(by: Principal) -> None:
        write_proposal(by)
        calls.append("second")
        if calls.count("second") == 1:
            raise OSError("the light went out")

    def first(by: Principal) -> None:
        calls.append("first")
        write_proposal(by)

    fill("first", first)
    fill("second", breaks_once)
    with clock.frozen(NOON) as move:
        accounts.ask_for_refill(twin)
        jobs.run_due()
        assert proposals(twin) == 1
        move(timedelta(minutes=1))
        jobs.run_due()
    assert calls == ["first", "second", "second"]
    assert proposals(twin) == 2
    assert refilled(twin).result == {"erased": 1, "filled": ["first", "second"]}


def test_a_live_business_is_never_emptied(merchants: Merchants, twin: Principal, fill: Fill) -> None:
    fill("catalog", write_proposal)
    with pytest.raises(NotAllowed):
        accounts.ask_for_refill(merchants.alice)
    jobs.enqueue(merchants.alice, sandbox_refill.JOB, {})
    jobs.run_due()
    assert refilled(merchants.alice).state == "failed"
    assert proposals(merchants.alice) == 1


def test_a_program_that_starts_anew_gets_no_answers_from_before(
    merchants: Merchants, twin: Principal, client: FlaskClient
) -> None:
    with atomic(SYSTEM) as session:
        for owner, tenant_id in ((f"tenant:{twin.tenant_id}", twin.tenant_id), ("session:1", twin.tenant_id)):
            session.add(
                IdempotencyKey(
                    tenant_id=tenant_id, owner=owner, route="POST /", key="k", digest="d", headers={},
                    created_at=clock.now(), expires_at=clock.now() + HOUR,
                )
            )  # fmt: skip
    accounts.ask_for_refill(twin)
    jobs.run_due()
    assert list(reads(SYSTEM).scalars(select(IdempotencyKey.owner))) == ["session:1"]


def test_the_button_on_the_page_fills_it_and_says_how_it_stands(
    client: FlaskClient, merchants: Merchants, twin: Principal
) -> None:
    sign_in(client, "alice")
    token = inputs(client.get("/profile").get_data(as_text=True))["csrf_token"]
    client.post("/sandbox/refill", data={"csrf_token": token})
    assert proposals(merchants.alice) == 1
    client.post("/sandbox/enter", data={"csrf_token": token})
    assert "Fill it anew" in client.get("/sandbox").get_data(as_text=True)
    assert client.post("/sandbox/refill", data={"csrf_token": token}).status_code == 303
    assert "Waiting" in client.get("/sandbox").get_data(as_text=True)
    db.session.remove()
    jobs.run_due()
    db.session.remove()
    assert "Filled anew on" in client.get("/sandbox").get_data(as_text=True)
    assert proposals(twin) == 0
    assert proposals(merchants.alice) == 1


@pytest.mark.parametrize(
    ("zone", "night"),
    [("UTC", datetime(2026, 3, 2, 3, 30, tzinfo=UTC)), ("America/New_York", datetime(2026, 3, 2, 8, 30, tzinfo=UTC))],
)
def test_it_is_refilled_once_a_night_where_the_business_wants_it(
    merchants: Merchants, twin: Principal, zone: str, night: datetime
) -> None:
    def nightly(moment: datetime) -> int:
        """How many refills of the sandbox were begun by the end of this hour."""
        with clock.frozen(moment):
            jobs.sweep()
            jobs.run_due()
        return len(jobs.recent(system_of(twin.tenant_id), sandbox_refill.JOB))

    accounts.change_settings(merchants.alice, {"time_zone": zone})
    assert nightly(night - timedelta(days=1)) == 0
    accounts.change_settings(merchants.alice, {"sandbox_nightly": True})
    hours = [nightly(night + n * HOUR) for n in range(-2, 26)]
    assert hours == [0, 0] + [1] * 24 + [2, 2]
    with clock.frozen(night + timedelta(days=1, minutes=10)):
        jobs.enqueue(SYSTEM, "accounts.refill_sandboxes", {})  # a second look in the same night
        jobs.run_due()
    assert len(jobs.recent(system_of(twin.tenant_id), sandbox_refill.JOB)) == 2


def test_moving_the_clock_on_the_page_makes_waiting_work_of_the_sandbox_run(
    client: FlaskClient, api: Api, merchants: Merchants, twin: Principal
) -> None:
    later = clock.now() + timedelta(minutes=30)
    work = jobs.enqueue(twin, sandbox_refill.JOB, {}, run_at=later)
    live = jobs.enqueue(merchants.alice, sandbox_refill.JOB, {}, run_at=later)
    sign_in(client, "alice")
    token = inputs(client.get("/profile").get_data(as_text=True))["csrf_token"]
    client.post("/sandbox/enter", data={"csrf_token": token})
    db.session.remove()
    jobs.run_due()
    assert jobs.find(system_of(twin.tenant_id), work.id).state == "waiting"  # pyright: ignore[reportOptionalMemberAccess]
    client.post("/sandbox/clock", data={"csrf_token": token, "seconds": "3600"})
    db.session.remove()
    jobs.run_due()
    assert jobs.find(system_of(twin.tenant_id), work.id).state == "done"  # pyright: ignore[reportOptionalMemberAccess]
    assert jobs.find(merchants.alice, live.id).state == "waiting"  # pyright: ignore[reportOptionalMemberAccess]
