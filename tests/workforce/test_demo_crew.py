"""The demo's crew: who the samples of K name, and enough around them to look at."""

from collections import Counter

from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.jobs import system_of
from dashboard.demo import crew
from dashboard.workforce.queries.days import technicians_on
from dashboard.workforce.queries.technicians import my_technician, show_technician
from dashboard.workforce.queries.zones import zone_map
from tests.conftest import Merchants


def test_the_crew_is_who_the_samples_name(app: Flask, merchants: Merchants) -> None:
    user = accounts.create_user(
        SYSTEM, merchants.tenant, username="technician", password="correct horse", role="technician", name="Tess"
    )
    by = system_of(merchants.tenant.id)
    crew.fill(by)
    mike = show_technician(by, 1)
    assert (mike.name, mike.pay_type, mike.base_pay) == ("Mike Johnson", "hourly", 2500)
    tess = my_technician(accounts.principal_of_user(user, merchants.tenant))
    assert tess is not None
    assert (tess.number, crew.LINKED) == (3, 3)
    today = technicians_on(by, clock.now().date())
    assert len(today) == 12
    assert all(each.start and each.van_id for each in today)
    assert Counter(bool(each.expired) for each in today)[True] == 1
    assert zone_map(by).at("33601", None)


def test_a_business_without_the_demos_people_gets_the_crew_too(merchants: Merchants) -> None:
    by = system_of(merchants.other_tenant.id)
    crew.fill(by)
    assert show_technician(by, 3).user_id is None
