"""The demo's hours and vans: something of each kind to look at, and nothing in the way of the samples."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from dashboard.core import clock
from dashboard.core.db import reads
from dashboard.core.jobs import system_of
from dashboard.demo import crew, timesheets
from dashboard.workforce.models import TimeEntry
from dashboard.workforce.queries.fleet import fleet_alerts, list_vehicles
from dashboard.workforce.queries.forgotten import forgotten
from dashboard.workforce.queries.hours import open_entries
from dashboard.workforce.queries.weeks import week_overview
from dashboard.workforce.week import Week
from tests.conftest import Merchants


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 18, 15, tzinfo=UTC),  # a Wednesday
        datetime(2026, 11, 2, 7, tzinfo=UTC),  # a Monday before work, clocks were put back the day before
        datetime(2026, 3, 8, 20, tzinfo=UTC),  # a Sunday, clocks were put forward in the morning
    ],
)
def test_there_is_something_of_each_kind(merchants: Merchants, moment: datetime) -> None:
    by = system_of(merchants.tenant.id)
    with clock.frozen(moment):
        crew.fill(by)
        timesheets.fill(by)
        last = week_overview(by, Week.of(moment.date()).moved(-1))
        assert len(last) == 12
        assert {"submitted"} <= {each.status for each in last} <= {"submitted", None}
        assert {each.status for each in week_overview(by, Week.of(moment.date()).moved(-2))} == {"approved"}
        assert any(each.overtime for each in last)
        assert len(forgotten(by)) == 1
        assert crew.LINKED not in {each.technician for each in open_entries(by)}
        assert max(reads(by).scalars(select(TimeEntry.clock_in))) <= moment
        vehicles = list_vehicles(by)
        assert len(vehicles) == 12
        assert not any(each.warnings for each in vehicles)
        assert {each.is_overdue for each in fleet_alerts(by)} == {True, False}
