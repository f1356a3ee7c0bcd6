"""The event log: written with the command, or not at all."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.catalog.models import Category
from dashboard.core import clock, events
from dashboard.core.context import SYSTEM
from dashboard.core.db import CommandDoomed, atomic, reads
from dashboard.core.events import Event, Happened
from tests.conftest import Merchants

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAME = "test.happened"


class OnPurpose(Exception):
    """What a command or a subscriber of these tests fails with."""


def refuse(_: Happened) -> None:
    raise OnPurpose


def logged() -> list[Event]:
    return list(reads(SYSTEM).scalars(select(Event).where(Event.name.like("test.%")).order_by(Event.id)))


@pytest.fixture(autouse=True)
def _no_subscribers_are_left() -> Iterator[None]:
    before = {name: list(listeners) for name, listeners in events._subscribers.items()}  # pyright: ignore[reportPrivateUsage]
    yield
    events._subscribers.clear()  # pyright: ignore[reportPrivateUsage]
    events._subscribers.update(before)  # pyright: ignore[reportPrivateUsage]


def test_an_event_says_what_happened_to_what_by_whom_for_whom_and_when(merchants: Merchants) -> None:
    with clock.frozen(NOON), atomic(merchants.alice):
        events.record(merchants.alice, NAME, "device:17", {"field": "ram_gb", "to": [1, None, "ü"]})
    (event,) = logged()
    assert (event.name, event.subject, event.actor) == (NAME, "device:17", merchants.alice.label)
    assert event.tenant_id == merchants.tenant.id
    assert event.data == {"field": "ram_gb", "to": [1, None, "ü"]}
    assert event.at == NOON


def test_an_event_of_the_installation_belongs_to_no_tenant(app: Flask) -> None:
    events.record(SYSTEM, NAME, "catalogue")
    assert [(event.tenant_id, event.actor, event.data) for event in logged()] == [(None, "system", {})]


def test_an_event_of_a_failed_command_did_not_happen(app: Flask) -> None:
    def fail() -> None:
        with atomic(SYSTEM):
            events.record(SYSTEM, NAME, "device:1")
            raise OnPurpose

    with pytest.raises(OnPurpose):
        fail()
    assert logged() == []


def test_subscribers_are_told_in_the_transaction_of_the_event(app: Flask) -> None:
    told: list[Happened] = []

    def also_write(happened: Happened) -> None:
        told.append(happened)
        with atomic(happened.by) as session:
            session.add(Category(name="told", slug="told", search_name="told"))

    events.on(NAME, also_write)
    events.on(NAME, also_write)  # twice is once
    with atomic(SYSTEM):
        events.record(SYSTEM, NAME, "device:1", {"a": 1})
        events.record(SYSTEM, "test.another", "device:2")
    assert [(each.name, each.subject, each.data, each.by) for each in told] == [(NAME, "device:1", {"a": 1}, SYSTEM)]
    assert reads(SYSTEM).scalars(select(Category.name)).all() == ["told"]


def test_a_failing_subscriber_undoes_the_event_and_the_command(app: Flask) -> None:
    def command() -> None:
        with atomic(SYSTEM) as session:
            session.add(Category(name="x", slug="x", search_name="x"))
            events.record(SYSTEM, NAME, "device:1")

    events.on(NAME, refuse)
    with pytest.raises(OnPurpose):
        command()
    assert logged() == []
    assert reads(SYSTEM).scalars(select(Category.name)).all() == []


def test_a_failing_subscriber_dooms_the_command_even_if_it_is_swallowed(app: Flask) -> None:
    def command() -> None:
        with atomic(SYSTEM), suppress(OnPurpose):
            events.record(SYSTEM, NAME, "device:1")

    events.on(NAME, refuse)
    with pytest.raises(CommandDoomed):
        command()
    assert logged() == []
