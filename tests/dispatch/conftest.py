"""A dispatcher's day to test with: technicians, jobs, a program that speaks K."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.accounts import service as accounts
from dashboard.accounts.roles import KEY_SCOPES
from dashboard.accounts.service import business
from dashboard.catalog.normalise import search_text
from dashboard.core import clock, numbers
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.service.jobs import JobFacts, assign, create_job
from dashboard.workforce.models import Skill, Technician, TechnicianSkill
from tests.conftest import PASSWORD, Api, Merchants, sign_in
from tests.field import data

MORNING = datetime(2026, 3, 28, 13, tzinfo=UTC)
"""Nine o'clock in New York."""

ZONE = "America/New_York"

SMITH: dict[str, Any] = {
    "title": "AC Repair - Smith Residence",
    "description": "Unit not cooling, thermostat reads 85F",
    "priority": "high",
    "customer_name": "John Smith",
    "service_address": "123 Oak St",
    "service_city": "Tampa",
    "service_state": "FL",
    "service_zip": "33601",
    "scheduled_start": "2026-03-28T09:00:00Z",
    "scheduled_end": "2026-03-28T11:00:00Z",
}
"""K240 to K250, as printed."""


def a_job(by: Principal, title: str = "Repair", *, at: datetime | None = MORNING, **facts: Any) -> JobRow:
    """A job of an hour at MORNING, or at `at`; nobody's. Other facts as JobFacts names them."""
    minutes = facts.pop("duration_minutes", 60)
    end = None if at is None else at + timedelta(minutes=minutes)
    timed = JobFacts(title, scheduled_start=at, scheduled_end=end, duration_minutes=minutes)
    return create_job(by, replace(timed, **facts))


def a_job_of(by: Principal, technician: Technician, title: str = "Repair", **facts: Any) -> JobRow:
    """A job that somebody has been given."""
    return assign(by, a_job(by, title, **facts).number, technician.number)


def a_technician(by: Principal, name: str, *, skills: dict[str, int] | None = None, **columns: Any) -> Technician:
    """A technician, and what they are good at. Written by hand: these tests are of jobs."""
    now = clock.now()
    with atomic(by) as session:
        person = Technician(
            number=numbers.take(by, "technician"),
            name=name,
            search_name=search_text(name),
            pay_type="hourly",
            base_pay=2500,
            created_at=now,
            updated_at=now,
            **columns,
        )
        session.add(person)
        session.flush()
        for skill, level in (skills or {}).items():
            row = TechnicianSkill(
                number=numbers.take(by, "technician_skill"), technician_id=person.id, skill_id=a_skill(by, skill).id,
                level=level,
            )  # fmt: skip
            session.add(row)
    return person


def a_skill(by: Principal, name: str) -> Skill:
    """A skill by its name, made where there is none."""
    with atomic(by) as session:
        found = next((each for each in reads(by).query(Skill) if each.name == name), None)
        if found is None:
            found = Skill(name=name, name_key=search_text(name))
            session.add(found)
    return found


@pytest.fixture
def dana(merchants: Merchants) -> Principal:
    """The dispatcher of the first business, who lives in New York."""
    business.change_settings(merchants.alice, {"time_zone": ZONE})
    db.session.expunge_all()
    tenant = accounts.find_tenant("FIRST")
    user = accounts.create_user(SYSTEM, tenant, username="dana", password=PASSWORD, role="dispatcher", name="Dana")
    assert tenant is not None
    principal = accounts.principal_of_user(user, tenant)
    db.session.expunge_all()
    return principal


@pytest.fixture
def mike(dana: Principal) -> Technician:
    """Technician 1, who signs in as `mike`."""
    return a_technician(dana, "Mike Johnson", user_id=_user("mike").actor_id)


@pytest.fixture
def tess(dana: Principal, mike: Technician) -> Technician:
    """Technician 2, who signs in as `tess`."""
    return a_technician(dana, "Tess Tran", user_id=_user("tess").actor_id)


def _user(name: str) -> Principal:
    tenant = accounts.find_tenant("FIRST")
    assert tenant is not None
    user = accounts.create_user(
        SYSTEM, tenant, username=name, password=PASSWORD, role="technician", name=name.title()
    )  # fmt: skip
    return accounts.principal_of_user(user, tenant)


def acting(technician: Technician) -> Principal:
    """Who a technician is when they act themselves."""
    assert technician.user_id is not None
    found = accounts.find_user(SYSTEM, technician.user_id)
    assert found is not None
    principal = accounts.principal_of_user(*found)
    db.session.expunge_all()
    return principal


@pytest.fixture
def field(client: FlaskClient, merchants: Merchants, dana: Principal) -> Api:
    """A program that speaks K and may do what keys can."""
    key = accounts.create_key(SYSTEM, merchants.tenant, name="field", dialect="tradekitt", scopes=KEY_SCOPES)
    return Api(client, key.secret)


def logged_in(app: Flask, username: str) -> Api:
    """A program of a person of the first business, with the token of K's login."""
    client = app.test_client()
    tenant = accounts.find_tenant("FIRST")
    assert tenant is not None
    answer = client.post(
        "/api/v1/auth/login",
        json={"username": username, "password": PASSWORD},
        headers={"X-Tenant-Id": str(tenant.public_id)},
    )
    return Api(client, data(answer)["access_token"])


def browser_of(app: Flask, username: str) -> FlaskClient:
    """A browser in which a person of the first business has signed in."""
    client = app.test_client()
    sign_in(client, username, "FIRST")
    return client
