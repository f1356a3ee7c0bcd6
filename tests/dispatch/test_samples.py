"""K's samples of dispatch, as printed, asked of a fresh copy of the demo's day (K237 to K317, K566)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.core.jobs import system_of
from dashboard.demo import crew, day, stock
from tests.conftest import PASSWORD, Api
from tests.dispatch.conftest import SMITH
from tests.field import data, refusal

MARCH = datetime(2026, 3, 28, 13, tzinfo=UTC)
"""Nine in the morning in New York."""

JOBS, MINE = "/api/v1/admin/dispatch", "/api/v1/tech/dispatch"


@pytest.fixture
def programs(app: Flask) -> Any:
    """The programs of the demo's admin and of its technician, on the documented day."""
    tenant = accounts.create_tenant(
        SYSTEM, business_code="MYCOMPANY", name="My Company LLC", plan="enterprise", time_zone="America/New_York"
    )
    for name, role in (("admin", "admin"), ("technician", "technician")):
        accounts.create_user(SYSTEM, tenant, username=name, password=PASSWORD, role=role, name=name.title())
    number = str(tenant.public_id)
    with clock.frozen(MARCH):
        by = system_of(tenant.id)
        stock.fill(by)
        crew.fill(by)
        day.fill(by)
        db.session.remove()
        yield {name: _signed_in(app, name, number) for name in ("admin", "technician")}


def _signed_in(app: Flask, username: str, tenant: str) -> Api:
    client = app.test_client()
    headers = {"X-Tenant-Id": tenant}
    login = client.post("/api/v1/auth/login", json={"username": username, "password": PASSWORD}, headers=headers)
    return Api(client, data(login)["access_token"])


def test_creating_assigning_and_the_way_of_a_job(programs: dict[str, Api]) -> None:
    admin, technician = programs["admin"], programs["technician"]
    made = data(admin.post(JOBS, json=SMITH), 201)
    assert {name: made[name] for name in SMITH} == SMITH
    assigned = data(admin.call("PATCH", f"{JOBS}/42/assign", json={"technician_id": 3}))
    assert (assigned["id"], assigned["title"], assigned["technician_id"], assigned["status"]) == (
        42, "AC Repair - Smith Residence", 3, "dispatched",
    )  # fmt: skip
    mine = data(technician.get(f"{MINE}/my-jobs?date=2026-03-28"))
    assert 42 in [job["id"] for job in mine["items"]]
    assert data(technician.call("PATCH", f"{MINE}/my-jobs/42/acknowledge"))["status"] == "acknowledged"
    there = {"status": "on_site", "latitude": 27.9506, "longitude": -82.4572}
    assert data(technician.call("PATCH", f"{MINE}/my-jobs/42/status", json=there))["status"] == "on_site"
    where = {"latitude": 27.9506, "longitude": -82.4572, "speed": 35.5, "heading": 180}
    assert data(technician.post(f"{MINE}/location", json=where), 201)["technician_id"] == 3


def test_the_groups_that_are_named_alone(programs: dict[str, Api]) -> None:
    admin = programs["admin"]
    assert [policy["name"] for policy in data(admin.get("/api/v1/admin/sla"))["items"]] == [
        "Emergency", "Quick", "Standard",
    ]  # fmt: skip
    assert data(admin.get("/api/v1/admin/sla/violations"))["total"] > 0
    assert data(admin.get(JOBS))["total"] > 60


def test_the_documented_day_is_the_technicians_alone(programs: dict[str, Api]) -> None:
    refusal(programs["admin"].get(f"{MINE}/my-jobs?date=2026-03-28"), 404)
    assert data(programs["admin"].get(f"{JOBS}/42"))["customer_name"] == "John Smith"
