"""Commands: one transaction each, nested or not; nothing is written outside of one."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, StatementError

from dashboard.accounts.models import Tenant
from dashboard.catalog.models import Category
from dashboard.core.context import NOBODY, SYSTEM
from dashboard.core.db import (
    CommandDoomed,
    CommandSession,
    WriteOutsideCommand,
    WrongTenant,
    after_commit,
    atomic,
    db,
    reads,
    table_of,
)
from tests.conftest import FULL, Merchants

_categories = table_of(Category)


def category(name: str) -> Category:
    return Category(name=name, slug=name, search_name=name)


def committed() -> set[str]:
    """Names of the categories as another connection sees them."""
    with db.engine.connect() as other:
        return set(other.scalars(select(_categories.c.name)))


class Refusal(Exception):
    """What a command of these tests fails with."""


def test_a_command_is_committed_when_its_block_ends(app: Flask) -> None:
    with atomic(SYSTEM) as session:
        session.add(category("tablets"))
        session.flush()
        assert committed() == set()
    assert committed() == {"tablets"}


def test_a_nested_command_is_committed_with_the_outer_one_and_not_before(app: Flask) -> None:
    with atomic(SYSTEM) as session:
        session.add(category("outer"))
        with atomic(SYSTEM) as inner:
            assert inner is session
            inner.add(category("inner"))
        assert committed() == set()
    assert committed() == {"outer", "inner"}


def test_a_failure_undoes_the_command_with_all_that_is_nested_in_it(app: Flask) -> None:
    def fail() -> None:
        with atomic(SYSTEM) as session:
            session.add(category("outer"))
            with atomic(SYSTEM) as inner:
                inner.add(category("inner"))
            raise Refusal

    with pytest.raises(Refusal):
        fail()
    assert committed() == set()


def test_a_failed_inner_command_dooms_the_outer_even_if_its_failure_is_swallowed(app: Flask) -> None:
    def swallow() -> None:
        with atomic(SYSTEM) as session:
            session.add(category("outer"))
            try:
                with atomic(SYSTEM):
                    raise Refusal
            except Refusal:
                pass

    with pytest.raises(CommandDoomed):
        swallow()
    assert committed() == set()


def test_a_doomed_command_does_not_doom_the_next(app: Flask) -> None:
    test_a_failed_inner_command_dooms_the_outer_even_if_its_failure_is_swallowed(app)
    with atomic(SYSTEM) as session:
        session.add(category("next"))
    assert committed() == {"next"}


def test_a_row_that_breaks_a_constraint_undoes_the_whole_command(app: Flask) -> None:
    def twice() -> None:
        with atomic(SYSTEM) as session:
            session.add(category("first"))
            session.flush()
            session.add(category("first"))

    with pytest.raises(DBAPIError):
        twice()
    assert committed() == set()


def test_actions_run_after_the_commit_of_the_outermost_command_in_their_order(app: Flask) -> None:
    seen: list[tuple[str, set[str]]] = []
    with atomic(SYSTEM) as session:
        session.add(category("a"))
        after_commit(SYSTEM, lambda: seen.append(("first", committed())))
        with atomic(SYSTEM) as inner:
            inner.add(category("b"))
            after_commit(SYSTEM, lambda: seen.append(("second", committed())))
        assert seen == []
    assert seen == [("first", {"a", "b"}), ("second", {"a", "b"})]


def test_an_action_after_the_commit_may_begin_a_command_of_its_own(app: Flask) -> None:
    def follow_up() -> None:
        with atomic(SYSTEM) as session:
            session.add(category("later"))

    with atomic(SYSTEM):
        after_commit(SYSTEM, follow_up)
    assert committed() == {"later"}


def test_actions_of_a_failed_command_never_run(app: Flask) -> None:
    seen: list[str] = []

    def fail() -> None:
        with atomic(SYSTEM):
            after_commit(SYSTEM, lambda: seen.append("ran"))
            raise Refusal

    with pytest.raises(Refusal):
        fail()
    with atomic(SYSTEM):
        pass
    assert seen == []


def test_an_action_after_the_commit_needs_a_command(app: Flask) -> None:
    with pytest.raises(WriteOutsideCommand):
        after_commit(SYSTEM, lambda: None)


WRITES: dict[str, Callable[[CommandSession], object]] = {
    "an added row, flushed": lambda session: (session.add(category("x")), session.flush()),
    "an added row, committed": lambda session: (session.add(category("x")), session.commit()),
    "an added row, flushed by a query": lambda session: (session.add(category("x")), session.scalar(select(Category))),
    "an insert of a model": lambda session: session.execute(insert(Category).values(name="x", slug="x")),
    "an insert into a table": lambda session: session.execute(insert(_categories).values(name="x", slug="x")),
    "many rows into a table": lambda session: session.execute(insert(_categories), [{"name": "x"}, {"name": "y"}]),
    "an update of a model": lambda session: session.execute(update(Category).values(name="x")),
    "an update of a table": lambda session: session.execute(update(_categories).values(name="x")),
    "a deletion by model": lambda session: session.execute(delete(Category)),
    "a deletion by table": lambda session: session.execute(delete(_categories)),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_writing_outside_a_command_is_refused(app: Flask, write: Callable[[CommandSession], object]) -> None:
    session = reads(SYSTEM)
    with pytest.raises(WriteOutsideCommand):
        write(session)
    session.rollback()
    assert committed() == set()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO category (name, slug, search_name) VALUES ('x', 'x', 'x')",
        "DELETE FROM category",
        "DROP TABLE category",
    ],
)
def test_the_database_itself_refuses_to_write_in_a_read(app: Flask, statement: str) -> None:
    session = reads(SYSTEM)
    with pytest.raises(DBAPIError, match=r"read-?only"):
        session.connection().exec_driver_sql(statement)
    session.rollback()
    with atomic(SYSTEM) as command:  # the connection goes back to the pool fit for a command
        command.add(category("after"))
    assert committed() == {"after"}


def test_a_read_after_a_command_sees_what_it_wrote(app: Flask) -> None:
    assert reads(SYSTEM).scalars(select(Category.name)).all() == []
    with atomic(SYSTEM) as session:
        session.add(category("new"))
    assert reads(SYSTEM).scalars(select(Category.name)).all() == ["new"]


def test_one_command_works_for_one_tenant(merchants: Merchants) -> None:
    with pytest.raises(WrongTenant), atomic(merchants.alice), atomic(merchants.charlie):
        pass


def test_a_command_of_the_system_is_not_continued_for_a_tenant(merchants: Merchants) -> None:
    with pytest.raises(WrongTenant), atomic(SYSTEM):
        reads(merchants.alice)


def test_what_was_read_for_one_actor_stays_readable_when_another_acts(merchants: Merchants) -> None:
    found = reads(SYSTEM).scalars(select(Tenant).order_by(Tenant.id)).first()
    assert found is not None
    reads(merchants.charlie).scalar(select(Tenant.id))
    assert found.business_code == "FIRST"


def test_a_time_without_a_zone_is_refused(app: Flask) -> None:
    naive = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(StatementError, match="naive"), atomic(SYSTEM) as session:
        session.add(Tenant(business_code="NAIVE", name="n", created_at=naive))


def test_times_come_back_in_utc_whatever_zone_they_were_given_in(app: Flask) -> None:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=-5)))
    with atomic(SYSTEM) as session:
        session.add(Tenant(business_code="ZONED", name="z", created_at=moment))
    read = reads(NOBODY).scalar(select(Tenant.created_at))
    assert read == datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.prove
def test_commands_of_several_threads_wait_for_each_other_and_none_is_lost(app: Flask) -> None:
    threads, each = (8, 250) if FULL else (2, 100)
    with atomic(SYSTEM) as session:
        session.add(Tenant(business_code="COUNTED", name="c", created_at=datetime.now(UTC), requests_per_minute=1))
    failures: list[Exception] = []

    def count() -> None:
        try:
            with app.app_context():
                for _ in range(each):
                    with atomic(SYSTEM) as session:
                        # A read first: a transaction that only then wants to write is what SQLite refuses at once.
                        session.scalar(select(Tenant.requests_per_minute))
                        session.execute(update(Tenant).values(requests_per_minute=Tenant.requests_per_minute + 1))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    running = [threading.Thread(target=count) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failures == []
    assert reads(NOBODY).scalar(select(Tenant.requests_per_minute)) == 1 + threads * each
