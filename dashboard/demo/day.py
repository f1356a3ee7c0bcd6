"""The jobs of the demo's merchant: the documented one, two weeks that are done, and a busy day today."""

import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.jobs import system_of
from dashboard.demo.crew import CREW, LINKED
from dashboard.dispatch.models import Job
from dashboard.dispatch.places import of_zip
from dashboard.dispatch.queries import details
from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.service import papers, parts, sla, workflow
from dashboard.dispatch.service.checks import Point, set_checklist, tick
from dashboard.dispatch.service.jobs import JobFacts, WantedSkill, assign, create_job, update_job
from dashboard.dispatch.service.sla import PolicyFacts
from dashboard.inventory.models import Product

DOCUMENTED = 42
"""The number of the job that the samples name."""

DOCUMENTED_FACTS = JobFacts(
    "AC Repair - Smith Residence",
    "Unit not cooling, thermostat reads 85F",
    "high",
    customer_name="John Smith",
    customer_phone="(813) 555-0142",
    service_address="123 Oak St",
    service_city="Tampa",
    service_state="FL",
    service_zip="33601",
    latitude=27.9477,
    longitude=-82.4584,
    scheduled_start=datetime(2026, 3, 28, 9, tzinfo=UTC),
    scheduled_end=datetime(2026, 3, 28, 11, tzinfo=UTC),
    skills=(WantedSkill("HVAC", 2),),
)

WORK = {
    "HVAC": (("AC not cooling", 90, 24_000), ("Annual service", 60, 14_900), ("Thermostat swap", 60, 18_500),
             ("Heat pump check", 90, 21_000), ("Filter change", 30, 7_900), ("No cooling", 90, 26_000)),
    "Electrical": (("Panel upgrade", 180, 145_000), ("EV charger install", 150, 98_000), ("Breaker trips", 60, 19_500),
                   ("Ceiling fan wiring", 60, 16_000)),
    "Plumbing": (("Water heater leak", 120, 42_000), ("Slow drain", 60, 15_500), ("Water heater", 150, 128_000),
                 ("Leak under the sink", 60, 17_500)),
    "Refrigeration": (("Ice machine", 90, 31_000), ("Walk-in cooler warm", 120, 55_000),
                      ("Compressor check", 60, 22_500)),
}  # fmt: skip
"""What there is to do by the skill it needs: title, minutes, value in cents."""

PEOPLE = (
    "Hart", "Dorsey", "Nguyen", "Alvarez", "Whitaker", "Brennan", "Okafor", "Lindqvist", "Rossi", "Patel", "Sandoval",
    "Mercer", "Kowalski", "Bauer", "Fontaine", "Ibrahim", "Castillo", "Greer", "Novak", "Tanaka",
)  # fmt: skip
STREETS = ("Oak St", "Bay Ave", "Palm Dr", "Lake Rd", "Pine St", "Elm St", "Ash Ln", "Bayshore Blvd", "Cypress Ct")
ZIPS = (
    "33602", "33603", "33604", "33605", "33606", "33607", "33609", "33611", "33612", "33614", "33615", "33617", "33618",
    "33619", "33624", "33629", "33634", "33510", "33511", "33578",
)  # fmt: skip
CHECKLIST = (Point("Power off before opening"), Point("Photo of the unit", required=False), Point("Clean up"))
POLICIES = (
    PolicyFacts("Emergency", 60, 240, priority="urgent"),
    PolicyFacts("Quick", 180, 1_440, priority="high"),
    PolicyFacts("Standard", 1_440, 4_320),
)
PAST = 41
DISPATCHER = "Dario Dispatcher"


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the jobs are made: whose, in which zone, by which chance."""

    by: Principal
    zone: ZoneInfo
    chance: random.Random

    def at(self, day: date, minute: int) -> datetime:
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone).astimezone(UTC)


def load(report: Callable[[str, int, int], None], *, seed: int) -> None:
    """Write the jobs of the first merchant, unless it has some."""
    tenant = accounts.find_tenant("MYCOMPANY")
    assert tenant is not None
    by = system_of(tenant.id)
    if reads(by).scalar(select(Job.id).limit(1)) is not None:
        return
    report("the jobs", 0, 1)
    fill(by, seed=seed)
    report("the jobs", 1, 1)


def fill(by: Principal, *, seed: int = 42) -> None:
    """Write a merchant's jobs as one command. The crew is there already."""
    time_zone = reads(by).scalars(select(Tenant.time_zone).where(Tenant.id == by.tenant_id)).one()
    stage = _Stage(replace(by, name=DISPATCHER, time_zone=time_zone), ZoneInfo(time_zone), random.Random(seed))
    today = clock.now().astimezone(stage.zone).date()
    with atomic(by):
        for number in range(PAST):
            _past(stage, today - timedelta(days=14 - number * 11 // PAST), number)
        documented = create_job(stage.by, DOCUMENTED_FACTS)
        assert documented.number == DOCUMENTED
        assign(stage.by, documented.number, LINKED)
        set_checklist(stage.by, documented.number, [Point("Photo of the unit", required=False)])
        for policy in POLICIES:
            sla.create_policy(stage.by, policy)
        for number in range(12):
            _past(stage, today - timedelta(days=3 - number // 4), number)
        _today(stage, today)


def _facts(stage: _Stage, skill: str, start: datetime | None, priority: str = "normal") -> JobFacts:
    chance = stage.chance
    title, minutes, value = chance.choice(WORK[skill])
    name, code = chance.choice(PEOPLE), chance.choice(ZIPS)
    middle = of_zip(code) or (27.95, -82.46)
    return JobFacts(
        f"{title} - {name}",
        priority=priority,
        customer_name=name,
        customer_phone=f"(813) 555-0{chance.randint(100, 199)}",
        service_address=f"{chance.randint(1, 999)} {chance.choice(STREETS)}",
        service_city="Tampa",
        service_state="FL",
        service_zip=code,
        latitude=round(middle[0] + chance.uniform(-0.012, 0.012), 5),
        longitude=round(middle[1] + chance.uniform(-0.012, 0.012), 5),
        scheduled_start=start,
        scheduled_end=None if start is None else start + timedelta(minutes=minutes),
        arrive_from=start,
        arrive_until=None if start is None else start + timedelta(hours=1),
        duration_minutes=minutes,
        value=value,
        skills=(WantedSkill(skill, chance.randint(1, 2)),),
    )


def _skill_of(stage: _Stage, technician: int) -> str:
    return stage.chance.choice(list(CREW[technician - 1].skills))


@contextmanager
def _as_at(moment: datetime) -> Generator[None]:
    """Do something as it was done at a moment that is over."""
    with clock.ahead_by(int((moment - clock.true_now()).total_seconds())):
        yield


def _past(stage: _Stage, day: date, number: int) -> None:
    """A job that is over: done as a rule, a few cancelled, a few late."""
    chance, technician = stage.chance, number % len(CREW) + 1
    start = stage.at(day, 8 * 60 + (number // len(CREW)) * 120 % 480 + chance.randint(0, 5) * 10)
    with _as_at(start - timedelta(hours=chance.randint(3, 40))):
        job = create_job(stage.by, _facts(stage, _skill_of(stage, technician), start, _priority(chance)))
        assign(stage.by, job.number, technician)
        if number % 13 == 7:
            workflow.cancel(stage.by, job.number, "Customer called it off")
            return
    late = timedelta(minutes=chance.choice((-8, -3, 0, 4, 9, 15, 75)))
    _go(stage, job, technician, "completed", start + late)
    if chance.random() < 0.7:
        update_job(stage.by, job.number, {"rating": chance.choice((3, 4, 5, 5, 5))})


def _priority(chance: random.Random) -> str:
    return chance.choice(("low", "normal", "normal", "normal", "high", "urgent"))


def _go(stage: _Stage, job: JobRow, technician: int, status: str, arrived: datetime) -> None:
    """Let the job come as far as `status`, its technician there at `arrived`."""
    person = replace(stage.by, name=CREW[technician - 1].name)
    ends = arrived + timedelta(minutes=job.duration_minutes)
    moments = {
        "acknowledged": arrived - timedelta(minutes=55),
        "en_route": arrived - timedelta(minutes=22),
        "on_site": arrived,
        "in_progress": arrived + timedelta(minutes=4),
        "completed": ends,
    }
    for each, moment in moments.items():
        with _as_at(min(moment, clock.true_now())):
            workflow.change_status(person, job.number, each, at_point=job.point if each == "on_site" else None)
        if each == status:
            return


def _today(stage: _Stage, today: date) -> None:
    now = clock.now()
    for technician, member in enumerate(CREW, 1):
        minute = member.hours[0] + stage.chance.choice((0, 0, 15, 30))
        for place in range(4):
            if minute > member.hours[1] - 60 or (place == 3 and technician % 3):
                break
            start = stage.at(today, minute)
            facts = _facts(stage, _skill_of(stage, technician), start, _priority(stage.chance))
            with _as_at(min(start - timedelta(minutes=stage.chance.randint(60, 900)), now)):
                job = create_job(stage.by, facts)
                if (technician + place) % 5 == 0:
                    set_checklist(stage.by, job.number, CHECKLIST)
                assign(stage.by, job.number, technician)
            _as_far_as_now(stage, job, technician, start, now)
            minute += job.duration_minutes + stage.chance.choice((20, 30, 45, 60))
    _unassigned(stage, today, now)
    _with_parts(stage)


def _as_far_as_now(stage: _Stage, job: JobRow, technician: int, start: datetime, now: datetime) -> None:
    """What is over is done, what has begun is on site or in work, what is near is on the way or acknowledged."""
    arrived = start + timedelta(minutes=stage.chance.choice((-5, 0, 3, 8)))
    ends = arrived + timedelta(minutes=job.duration_minutes)
    if ends <= now:
        _tick_all(stage, job, technician)
        _go(stage, job, technician, "completed", arrived)
    elif arrived <= now:
        _go(stage, job, technician, stage.chance.choice(("on_site", "in_progress")), arrived)
    elif start - now < timedelta(minutes=20):
        _go(stage, job, technician, "en_route", arrived)
    elif start - now < timedelta(hours=3):
        _go(stage, job, technician, "acknowledged", arrived)


def _tick_all(stage: _Stage, job: JobRow, technician: int) -> None:
    person = replace(stage.by, name=CREW[technician - 1].name)
    for check in details.checks_of(stage.by, job.id):
        tick(person, job.number, check.id, done=True)


def _unassigned(stage: _Stage, today: date, now: datetime) -> None:
    """What came in and nobody has been given."""
    waiting = (
        ("HVAC", "urgent", 38), ("Electrical", "high", 95), ("HVAC", "urgent", 20), ("HVAC", "normal", 180),
        ("Refrigeration", "normal", 240), ("Plumbing", "low", 600),
    )  # fmt: skip
    for place, (skill, priority, ago) in enumerate(waiting):
        start = None if place % 2 else stage.at(today, 13 * 60 + place * 30)
        with _as_at(now - timedelta(minutes=ago)):
            create_job(stage.by, _facts(stage, skill, start, priority))


def _with_parts(stage: _Stage) -> None:
    """Some jobs of today need what vans carry."""
    product = reads(stage.by).scalar(select(Product.number).where(Product.sku == "CON-2P-40A"))
    statement = select(Job.number).where(Job.status.in_(("dispatched", "acknowledged")), Job.number > DOCUMENTED)
    for number in reads(stage.by).scalars(statement.order_by(Job.number).limit(4)).all():
        if product is not None:
            parts.set_parts(stage.by, number, {product: 1})
        papers.add_note(stage.by, number, "Gate code 4417. Dog in the yard: ring first.")
