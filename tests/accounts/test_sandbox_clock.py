"""A sandbox's clock, moved by a program: what waits there sees the time pass, and live data never does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.accounts.roles import ALL_SCOPES, READ_SCOPES
from dashboard.accounts.service import oauth
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM, ActorKind, Principal
from dashboard.core.db import db, reads
from dashboard.core.errors import Invalid, NotAllowed
from dashboard.core.events import Event
from dashboard.core.jobs import system_of
from tests.conftest import Api, Merchants
from tests.inventory.shop import open_shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY, YEAR = 3_600, 86_400, 86_400 * 366
CLOCK = "/api/sandbox/clock"


@pytest.fixture
def twin(merchants: Merchants) -> Tenant:
    made = accounts.create_sandbox(SYSTEM, merchants.tenant)
    db.session.expunge_all()
    return made


@pytest.fixture
def inside(twin: Tenant) -> Principal:
    """A person in the sandbox."""
    return Principal(ActorKind.USER, 1, "Alice", twin.id, ALL_SCOPES, sandbox=True)


@pytest.fixture
def program(client: FlaskClient, twin: Tenant) -> Api:
    """A program with a read-write key of the sandbox."""
    return Api(client, accounts.create_key(SYSTEM, twin, name="test").secret)


def shown(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    db.session.remove()
    return answer.get_json()["data"]


def ahead(twin: Tenant) -> int:
    found = reads(SYSTEM).scalars(select(Tenant.clock_offset_s).where(Tenant.id == twin.id)).one()
    db.session.remove()
    return found


def test_it_is_seen_moved_by_seconds_moved_to_a_moment_and_set_back(program: Api) -> None:
    with clock.frozen(NOON):
        true = {"now": "2026-03-02T12:00:00Z", "true_time": "2026-03-02T12:00:00Z", "ahead_s": 0}
        assert shown(program.get(CLOCK)) == true
        moved = {"now": "2026-03-02T13:00:00Z", "true_time": "2026-03-02T12:00:00Z", "ahead_s": HOUR}
        assert shown(program.post(CLOCK, json={"seconds": HOUR})) == moved
        assert shown(program.get(CLOCK)) == moved
        assert shown(program.post(CLOCK, json={"seconds": HOUR}))["ahead_s"] == 2 * HOUR
        to = shown(program.post(CLOCK, json={"to": "2026-03-03T14:00:00+02:00"}))
        assert (to["now"], to["ahead_s"]) == ("2026-03-03T12:00:00Z", DAY)
        assert shown(program.call("DELETE", CLOCK)) == true
        assert shown(program.call("DELETE", CLOCK)) == true
        assert shown(program.get(CLOCK)) == true


def test_part_of_a_second_is_waited_out(program: Api) -> None:
    with clock.frozen(NOON + timedelta(milliseconds=400)):
        to = shown(program.post(CLOCK, json={"to": "2026-03-02T12:00:10Z"}))
    assert (to["ahead_s"], to["now"]) == (10, "2026-03-02T12:00:10Z")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "seconds"),
        ({"seconds": HOUR, "to": "2026-03-03T12:00:00Z"}, "seconds"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": -HOUR}, "seconds"),
        ({"seconds": 1.5}, "seconds"),
        ({"seconds": YEAR}, "seconds"),
        ({"seconds": 2**31}, "seconds"),
        ({"to": "2026-03-02T13:00:00Z"}, "to"),  # where it is already
        ({"to": "2026-03-02T12:30:00Z"}, "to"),
        ({"to": "2027-03-04T12:00:00Z"}, "to"),
        ({"to": "9999-12-31T23:59:59Z"}, "to"),
        ({"to": "2026-03-03T12:00:00"}, "to"),
        ({"to": "tomorrow"}, "to"),
    ],
)
def test_a_move_that_is_none_is_refused_and_moves_nothing(
    program: Api, twin: Tenant, body: dict[str, Any], field: str
) -> None:
    with clock.frozen(NOON):
        shown(program.post(CLOCK, json={"seconds": HOUR}))
        answer = program.post(CLOCK, json=body)
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, field), answer.get_json()
    assert ahead(twin) == HOUR


def test_what_is_sent_twice_moves_it_once(program: Api, twin: Tenant) -> None:
    headers = {"Idempotency-Key": "one hour"}
    first = program.post(CLOCK, json={"seconds": HOUR}, headers=headers)
    again = program.post(CLOCK, json={"seconds": HOUR}, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    assert ahead(twin) == HOUR


def test_only_a_credential_of_a_sandbox_moves_it(api: Api, twin: Tenant, client: FlaskClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = api.call(method, CLOCK, json={"seconds": HOUR})
        assert answer.status_code == 403
        assert "sandbox:" in answer.get_json()["error"]["message"]
    for scopes, status in ((READ_SCOPES, 403), (frozenset({"orders:write"}), 200)):
        key = Api(client, accounts.create_key(SYSTEM, twin, name="few", scopes=scopes).secret)
        assert key.get(CLOCK).status_code == 200
        assert key.post(CLOCK, json={"seconds": 1}).status_code == status
    assert ahead(twin) == 1


def test_live_data_has_no_clock_to_move(merchants: Merchants) -> None:
    for move in (
        lambda: accounts.move_clock(merchants.alice, HOUR),
        lambda: accounts.move_clock_to(merchants.alice, clock.now() + timedelta(hours=1)),
        lambda: accounts.reset_clock(merchants.alice),
    ):
        with pytest.raises(NotAllowed):
            move()


def test_two_moves_add_up_whatever_each_knew_of_the_other(inside: Principal, twin: Tenant) -> None:
    assert (inside.clock_offset_s, accounts.move_clock(inside, HOUR), accounts.move_clock(inside, HOUR)) == (
        0,
        HOUR,
        2 * HOUR,
    )
    with pytest.raises(Invalid):
        accounts.move_clock(inside, YEAR - HOUR)
    told = select(Event.data).where(Event.name == "tenant.clock_moved").order_by(Event.id)
    assert [each["ahead_s"] for each in reads(SYSTEM).scalars(told)] == [[0, HOUR], [HOUR, 2 * HOUR]]


# What waits for the time


def test_a_hold_lapses(program: Api, inside: Principal) -> None:
    shop = open_shop(inside)
    shop.add_units(1)
    db.session.remove()
    wanted = {"buyer_id": shop.buyer.public_id, "line_items": [{"inventory_id": "inv_1", "price": 54_900}]}
    placed = program.post("/api/v1/orders", json=wanted)
    assert placed.status_code == 201, placed.get_json()
    assert program.post("/api/v1/orders", json=wanted).status_code == 409
    until = placed.get_json()["line_items"][0]["reserved_until"]
    program.post(CLOCK, json={"to": until})
    late = program.post(f"/api/v1/orders/{placed.get_json()['id']}/confirm")
    assert late.status_code == 409, late.get_json()
    assert program.post("/api/v1/orders", json=wanted).status_code == 201


def test_a_token_lapses_and_a_new_one_lasts_as_long_as_ever(client: FlaskClient, program: Api, twin: Tenant) -> None:
    platform = accounts.create_client(SYSTEM, twin, name="platform", scopes=frozenset({"catalog:read"})).client
    db.session.expunge_all()

    def platform_with_token() -> Api:
        made = oauth.issue_token(platform, "catalog:read")
        db.session.remove()
        return Api(client, made)

    with clock.frozen(NOON):
        first = platform_with_token()
        program.post(CLOCK, json={"seconds": HOUR - 1})
        assert first.get(CLOCK).status_code == 200
        program.post(CLOCK, json={"seconds": 1})
        assert first.get(CLOCK).status_code == 401
        second = platform_with_token()
        assert second.get(CLOCK).status_code == 200
        program.post(CLOCK, json={"seconds": HOUR - 1})
        assert second.get(CLOCK).status_code == 200
        program.post(CLOCK, json={"seconds": 1})
        assert second.get(CLOCK).status_code == 401


def test_a_token_made_ahead_lasts_no_longer_once_the_clock_is_set_back(
    client: FlaskClient, program: Api, twin: Tenant
) -> None:
    platform = accounts.create_client(SYSTEM, twin, name="platform", scopes=frozenset({"catalog:read"})).client
    db.session.expunge_all()
    with clock.frozen(NOON) as move:
        program.post(CLOCK, json={"seconds": DAY})
        made = Api(client, oauth.issue_token(platform, "catalog:read"))
        db.session.remove()
        program.call("DELETE", CLOCK)
        assert made.get(CLOCK).status_code == 200
        move(timedelta(hours=1))
        assert made.get(CLOCK).status_code == 401


def test_waiting_work_runs(program: Api, twin: Tenant) -> None:
    by = system_of(twin.id)
    work = jobs.enqueue(by, "accounts.refill_sandbox", {}, run_at=clock.now() + timedelta(minutes=30))
    db.session.remove()
    jobs.run_due()
    assert jobs.find(by, work.id).state == "waiting"  # pyright: ignore[reportOptionalMemberAccess]
    shown(program.post(CLOCK, json={"seconds": HOUR}))
    jobs.run_due()
    assert jobs.find(by, work.id).state == "done"  # pyright: ignore[reportOptionalMemberAccess]


def test_the_next_request_knows_of_it_at_once(program: Api) -> None:
    """A process trusts a credential for two seconds after checking it: not one of a sandbox, whose clock may move."""
    with clock.frozen(NOON):
        for moved in range(1, 4):
            assert shown(program.get(CLOCK))["ahead_s"] == HOUR * (moved - 1)
            program.post(CLOCK, json={"seconds": HOUR})
            assert shown(program.get(CLOCK))["ahead_s"] == HOUR * moved
