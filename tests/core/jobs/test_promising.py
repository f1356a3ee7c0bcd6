"""What a command promises: kept with it, handed out after it, seen by whom it concerns."""

from datetime import timedelta

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.core import clock, jobs
from dashboard.core.context import NOBODY, SYSTEM, ActorKind, Principal
from dashboard.core.db import atomic
from dashboard.core.errors import NotAllowed
from dashboard.core.jobs import Task, WorkState, hand, registry
from dashboard.core.jobs.models import WorkerHeartbeat
from tests.core.jobs.samples import NOON, Seen, count_work, in_threads, look, merchant, seeing


def test_nothing_is_handed_out_before_its_commit(app: Flask, settings: Settings) -> None:
    jobs.connect(settings)
    before = hand.queued()
    jobs.job("test.see")(seeing([]))
    with atomic(SYSTEM):
        jobs.enqueue(SYSTEM, "test.see", {})
        assert hand.queued() == before
    assert hand.queued() == before + 1


def test_nothing_is_handed_out_or_kept_after_a_rollback(app: Flask, settings: Settings) -> None:
    jobs.connect(settings)
    before = hand.queued()
    jobs.job("test.see")(seeing([]))
    with pytest.raises(ZeroDivisionError), atomic(SYSTEM):
        raise ZeroDivisionError(jobs.enqueue(SYSTEM, "test.see", {}))
    with atomic(SYSTEM):
        pass
    assert hand.queued() == before
    assert count_work() == 0


def test_a_command_succeeds_while_the_queue_is_out_of_reach(app: Flask, settings: Settings) -> None:
    seen: Seen = []
    jobs.job("test.see")(seeing(seen))
    jobs.connect(settings.overridden(redis_url="redis://127.0.0.1:1/0"))
    with clock.frozen(NOON) as move:
        work = jobs.enqueue(SYSTEM, "test.see", {})
        assert jobs.sweep() == []
        move(timedelta(seconds=6))
        assert jobs.sweep() == [work.id]


def test_work_runs_with_its_arguments_and_keeps_its_result(app: Flask) -> None:
    @jobs.job("test.double")
    def double(task: Task) -> dict[str, object]:
        return {"doubled": task.args["number"] * 2, "asked_by": task.asked_by}

    work = jobs.enqueue(merchant(1), "test.double", {"number": 21})
    assert jobs.run_due() == 1
    done = look(work.id)
    assert (done.state, done.attempts, done.tenant_id) == (WorkState.DONE, 1, 1)
    assert done.result == {"doubled": 42, "asked_by": "user:7"}
    assert done.started_at is not None
    assert done.ended_at is not None
    assert done.lease_until is None


def test_delayed_work_waits_for_its_time(app: Flask) -> None:
    seen: Seen = []
    jobs.job("test.see")(seeing(seen))
    with clock.frozen(NOON) as move:
        work = jobs.enqueue(SYSTEM, "test.see", {"n": 1}, run_at=NOON + timedelta(minutes=5))
        assert jobs.sweep() == []
        assert jobs.run_one(work.id) is False
        move(timedelta(minutes=5))
        assert jobs.sweep() == [work.id]
        assert jobs.run_one(work.id) is True
    assert seen == [{"n": 1}]


def test_a_unique_key_gives_the_live_work_of_the_same_tenant(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    first = jobs.enqueue(merchant(1), "test.see", {"n": 1}, unique_key="sync")
    assert jobs.enqueue(merchant(1), "test.see", {"n": 2}, unique_key="sync").id == first.id
    other = jobs.enqueue(merchant(2), "test.see", {"n": 3}, unique_key="sync")
    assert other.id != first.id
    assert other.tenant_id == 2
    jobs.run_due()
    assert jobs.enqueue(merchant(1), "test.see", {"n": 4}, unique_key="sync").id != first.id


def test_racing_commands_with_one_unique_key_promise_one_piece_of_work(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    ids = in_threads(app, 4, lambda: jobs.enqueue(merchant(1), "test.see", {}, unique_key="sync").id)
    assert len(set(ids)) == 1
    assert count_work() == 1


def test_only_the_operator_asks_for_a_job_of_the_installation(app: Flask) -> None:
    jobs.job("test.reference", installation=True)(seeing([]))
    with pytest.raises(NotAllowed):
        jobs.enqueue(merchant(1), "test.reference", {})
    owner = Principal(ActorKind.USER, 1, "Olga", 1, operator=True)
    assert jobs.enqueue(owner, "test.reference", {}).tenant_id is None


def test_a_job_of_a_tenant_acts_for_that_tenant_alone(app: Flask) -> None:
    acting: list[Principal] = []

    @jobs.job("test.who")
    def who(task: Task) -> None:
        acting.append(task.by)

    jobs.enqueue(merchant(2), "test.who", {})
    jobs.enqueue(SYSTEM, "test.who", {})
    jobs.run_due()
    assert [(by.tenant_id, by.operator) for by in acting] == [(2, False), (None, True)]


def test_a_kind_is_registered_once_and_an_unknown_one_is_refused(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    with pytest.raises(ValueError, match="registered twice"):
        jobs.job("test.see")(seeing([]))
    with pytest.raises(LookupError, match="no_such"):
        jobs.enqueue(SYSTEM, "test.no_such", {})


def test_a_worker_leaves_work_whose_job_it_does_not_know(app: Flask) -> None:
    jobs.job("test.new")(seeing([]))
    work = jobs.enqueue(SYSTEM, "test.new", {})
    del registry.registered["test.new"]
    assert jobs.run_one(work.id) is False
    assert look(work.id).attempts == 0


def test_tenants_see_their_own_work_and_the_operator_that_of_the_installation(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    ids = {by: jobs.enqueue(by, "test.see", {}).id for by in (merchant(1), merchant(2), SYSTEM)}
    for by, own in ids.items():
        assert [work.id for work in jobs.recent(by)] == [own]
        assert [other for other in ids.values() if jobs.find(by, other) is not None] == [own]
    assert jobs.recent(NOBODY) == []
    owner = Principal(ActorKind.USER, 1, "Olga", 1, operator=True)
    assert {work.id for work in jobs.recent(owner)} == {ids[merchant(1)], ids[SYSTEM]}
    assert jobs.recent(SYSTEM, "test.other") == []


def test_health_tells_how_long_work_waits_and_whether_a_worker_lives(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    with clock.frozen(NOON) as move:
        assert jobs.health() == jobs.Health(oldest_due=None, worker_seen=None)
        assert not jobs.health().worker_alive
        jobs.enqueue(SYSTEM, "test.see", {})
        with atomic(SYSTEM) as session:
            session.add(WorkerHeartbeat(name="here:1", started_at=NOON, seen_at=NOON))
        move(timedelta(seconds=20))
        assert jobs.health() == jobs.Health(timedelta(seconds=20), timedelta(seconds=20))
        assert jobs.health().worker_alive
        move(timedelta(seconds=20))
        assert not jobs.health().worker_alive
