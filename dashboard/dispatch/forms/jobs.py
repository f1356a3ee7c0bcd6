"""Forms of a job and of an SLA policy, and how what was typed is read."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.accounts.forms.settings import Ticks, options
from dashboard.core.errors import Invalid
from dashboard.customers.forms import amount_text, read_amount
from dashboard.dispatch.queries.details import PartRow
from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.service import JobFacts, Point, PolicyFacts, WantedSkill
from dashboard.dispatch.service.series import Recurrence
from dashboard.web.forms import Form

_LOCAL = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
_LINKED = re.compile(r"(?P<name>.*?)\s*#(?P<number>\d{1,15})")
_SKILL = re.compile(r"(?P<name>.+?)(?:\s+(?P<level>[1-5]))?")
_PART = re.compile(r"(?P<sku>\S+)(?:\s+[x×]?\s*(?P<quantity>\d{1,5}))?")
OPTIONAL = "(optional)"
"""Ends a point of the checklist that may be left out."""

PRIORITIES = (("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent"))
_TEXTS = (
    "title", "description", "priority", "customer_phone", "service_address", "service_city", "service_state",
    "service_zip", "locked", "duration_minutes",
)  # fmt: skip
_MOMENTS = ("scheduled_start", "scheduled_end", "arrive_from", "arrive_until")


def _moment(label: str, hint: str = "") -> DateTimeLocalField:
    return DateTimeLocalField(label, format=_LOCAL, description=hint, validators=[Optional()])


class JobForm(Form):
    """A job. `customer` is a name, or one with the number of a record behind it (`Jane Doe #3`)."""

    title = StringField("What is to be done", validators=[InputRequired("Say what is to be done."), Length(max=160)])
    description = TextAreaField("Details", validators=[Length(max=10_000)])
    priority = SelectField("Priority", choices=options(PRIORITIES), default="normal")
    customer = StringField("Customer", description="Choose a record, or type a name.", validators=[Length(max=200)])
    customer_phone = TelField("Phone", validators=[Length(max=40)])
    service_address = StringField("Street and number", validators=[Length(max=160)])
    service_city = StringField("City", validators=[Length(max=80)])
    service_state = StringField("State", validators=[Length(max=40)])
    service_zip = StringField("ZIP code", description="Finds the place on the map.", validators=[Length(max=20)])
    point = StringField("Coordinates", description="Such as 27.9506, -82.4572.", validators=[Length(max=60)])
    scheduled_start = _moment("Starts")
    scheduled_end = _moment("Ends", "Empty: after the duration.")
    arrive_from = _moment("Customer expects us from")
    arrive_until = _moment("Until")
    duration_minutes = IntegerField(
        "Takes", validators=[Optional(), NumberRange(1, 10_080, "A job takes 1 to 10,080 minutes.")]
    )
    value = StringField("Value", validators=[Length(max=20)])
    skills = StringField("Skills", description="With the least level, such as HVAC 3, Electrical.")
    crew: Any = Ticks("Who goes along", coerce=int)
    parts = TextAreaField("Parts", description="One a line: SKU and how many, such as CAP-455-MFD 2.")
    checklist = TextAreaField(
        "Checklist", description="One point a line. End it with (optional) where it may be left out."
    )
    locked = BooleanField("Stays where it is when routes are planned")
    every = IntegerField("Again every", default=1, validators=[Optional(), NumberRange(1, 366, "1 to 366.")])
    unit = SelectField(
        "Unit", choices=options([("", "Never"), ("day", "Days"), ("week", "Weeks"), ("month", "Months")]), default=""
    )
    until = DateField("Last on", validators=[Optional()])
    version = HiddenField()

    def facts(self, currency: str) -> dict[str, Any]:
        """The facts of the job by name. Raises Invalid."""
        found: dict[str, Any] = {name: self[name].data for name in _TEXTS}
        found |= {name: self[name].data for name in _MOMENTS}
        number, name = read_customer(self.customer.data or "")
        latitude, longitude = read_point(self.point.data or "")
        typed = (self.value.data or "").strip()
        return {
            **{key: "" if value is None and key not in _MOMENTS else value for key, value in found.items()},
            "duration_minutes": self.duration_minutes.data,
            "description": self.description.data or "",
            "customer": number,
            "customer_name": name,
            "latitude": latitude,
            "longitude": longitude,
            "value": read_amount(typed, currency, "value") if typed else None,
            "skills": read_skills(self.skills.data or ""),
            "crew": list(self.crew.data or ()),
        }

    def points(self) -> list[Point]:
        """The points of the checklist."""
        lines = [" ".join(line.split()) for line in (self.checklist.data or "").splitlines()]
        bare = [(line.removesuffix(OPTIONAL).strip(), line.endswith(OPTIONAL)) for line in lines]
        return [Point(text, not optional) for text, optional in bare if text]

    def recurrence(self) -> Recurrence | None:
        """How the job comes again."""
        return Recurrence(self.every.data or 1, self.unit.data, self.until.data) if self.unit.data else None


def new_facts(form: JobForm, currency: str) -> JobFacts:
    """The job as it was typed. Raises Invalid."""
    return JobFacts(**form.facts(currency))


def shown(
    job: JobRow, parts: Sequence[PartRow], points: Sequence[Point], *, time_zone: str, currency: str
) -> dict[str, Any]:
    """A job as its form shows it."""
    zone = ZoneInfo(time_zone)

    def local(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment.astimezone(zone).replace(tzinfo=None)

    linked = f"{job.customer_name} #{job.customer_number}" if job.customer_number else job.customer_name
    return {
        **{name: getattr(job, name) for name in _TEXTS},
        **{name: local(getattr(job, name)) for name in _MOMENTS},
        "customer": linked,
        "point": "" if job.point is None else f"{job.point[0]}, {job.point[1]}",
        "value": amount_text(job.value, currency),
        "skills": ", ".join(f"{skill.name} {skill.level}" for skill in job.skills),
        "crew": [person.number for person in job.crew],
        "parts": "\n".join(f"{part.sku} {part.quantity}" for part in parts if part.serial is None),
        "checklist": "\n".join(point.text + ("" if point.required else f" {OPTIONAL}") for point in points),
        "version": str(job.version),
    }


def read_customer(typed: str) -> tuple[int | None, str]:
    """`Jane Doe #3` is record 3; what has no number is a name."""
    typed = " ".join(typed.split())
    found = _LINKED.fullmatch(typed)
    return (int(found["number"]), found["name"]) if found else (None, typed)


def read_point(typed: str) -> tuple[float | None, float | None]:
    """`27.9506, -82.4572`; nothing is no point. Raises Invalid."""
    if not typed.strip():
        return None, None
    try:
        latitude, longitude = (float(part) for part in typed.split(","))
    except ValueError as error:
        raise Invalid.field("point", "Coordinates are latitude and longitude, such as 27.9506, -82.4572.") from error
    return latitude, longitude


def read_skills(typed: str) -> list[WantedSkill]:
    """`HVAC 3, Electrical`."""
    found = [_SKILL.fullmatch(" ".join(part.split())) for part in typed.split(",")]
    return [WantedSkill(each["name"], int(each["level"] or 1)) for each in found if each is not None]


def read_parts(typed: str, numbers: Mapping[str, int]) -> dict[int, int]:
    """Pieces by the product's number; `numbers` are those of known SKUs in lower case. Raises Invalid."""
    wanted: dict[int, int] = {}
    for line in typed.splitlines():
        if not line.strip():
            continue
        found = _PART.fullmatch(" ".join(line.split()))
        if found is None:
            raise Invalid.field("parts", f"'{line.strip()[:60]}' is no part: write the SKU, then how many.")
        number = numbers.get(found["sku"].lower())
        if number is None:
            raise Invalid.field("parts", f"There is no part with the SKU '{found['sku'][:60]}'.")
        wanted[number] = wanted.get(number, 0) + int(found["quantity"] or 1)
    return wanted


def skus_in(typed: str) -> list[str]:
    """The SKUs that were typed, in lower case."""
    return [line.split()[0].lower() for line in typed.splitlines() if line.split()]


class PolicyForm(Form):
    """An SLA policy; times are hours and minutes, such as 4 h or 90 min, typed as minutes."""

    name = StringField("Name", validators=[InputRequired("Give the policy a name."), Length(max=80)])
    priority = SelectField("For priority", choices=options([("", "Every priority"), *PRIORITIES]), default="")
    customer = StringField("For customer", description="Empty: every customer.", validators=[Length(max=200)])
    response_minutes = IntegerField(
        "Somebody is there within", validators=[InputRequired("Say within how many minutes somebody is there.")]
    )
    resolution_minutes = IntegerField(
        "It is done within", validators=[InputRequired("Say within how many minutes it is done.")]
    )
    active = BooleanField("In force", default=True)
    version = HiddenField()

    def facts(self) -> PolicyFacts:
        """The policy as it was typed. Raises Invalid for a customer that is no record."""
        number, name = read_customer(self.customer.data or "")
        if name and number is None:
            raise Invalid.field("customer", "Choose a customer of the list: their number stands behind the name.")
        return PolicyFacts(
            self.name.data or "",
            self.response_minutes.data or 0,
            self.resolution_minutes.data or 0,
            self.priority.data or None,
            number,
            bool(self.active.data),
        )
