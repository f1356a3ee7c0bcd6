"""Forms of a technician: facts with the hours of the week, and absences."""

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    EmailField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TimeField,
)
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.core.errors import FieldError, Invalid
from dashboard.web.forms import Form
from dashboard.workforce.forms.reading import minutes_of, time_of
from dashboard.workforce.models import TechnicianShift
from dashboard.workforce.service import Shift
from dashboard.workforce.service.timetable import WEEKDAYS

TIMES = ("from", "until", "break_from", "break_until")
_TIME_WORDS = {"from": "from", "until": "until", "break_from": "break from", "break_until": "break until"}


def options(pairs: Iterable[tuple[str, str]]) -> Any:
    """Choices of a select, from values and their words."""
    return dict(pairs)


_LOCAL = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
"""How browsers send a moment of the wall clock."""


class Choice(SelectField):
    """One of a list; the service checks it, and says what to do."""

    def pre_validate(self, form: BaseForm) -> None:
        """Take what was sent."""


class Ticks(SelectMultipleField):
    """Several of a list, each a checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class TechnicianForm(Form):
    """The facts of a technician. A time field for each weekday and each of TIMES is added below."""

    name = StringField("Name", validators=[InputRequired("Say what the technician is called."), Length(max=160)])
    email = EmailField("E-mail", validators=[Length(max=254)])
    phone = TelField("Phone", validators=[Length(max=40)])
    active = BooleanField("Gets work", default=True, description="Whoever left keeps their history and gets no jobs.")
    user_id: Any = Choice("Signs in as", description="Who does the jobs on a phone under this name.")
    pay_type: Any = Choice("Paid by", choices=options([("hourly", "The hour"), ("salary", "The year")]))
    base_pay_cents = StringField("Base pay", default="0.00", validators=[Length(max=20)])
    start_from: Any = Choice("Sets out from", choices=options([("home", "Home"), ("location", "A place of ours")]))
    home_address = StringField("Home address", validators=[Length(max=240)])
    home_zip = StringField("Home ZIP code", validators=[Length(max=20)])
    home_point = StringField("Home coordinates", description="Such as 27.9506, -82.4572.", validators=[Length(max=60)])
    location_id: Any = Choice("Place")
    start_zip = StringField("ZIP code of that place", validators=[Length(max=20)])
    start_point = StringField("Its coordinates", description="Such as 27.9506, -82.4572.", validators=[Length(max=60)])
    van_id: Any = Choice("Van", description="The stock that goes with them.")
    zones: Any = Ticks("Zones", coerce=int)
    version = HiddenField()

    def times(self, weekday: int) -> list[Any]:
        """The four time fields of a weekday."""
        return [self[f"day{weekday}_{name}"] for name in TIMES]

    def shifts(self) -> tuple[Shift, ...]:
        """The hours that were typed. Raises Invalid beside the field of a day that has only one end."""
        found: list[Shift] = []
        wrong: list[FieldError] = []
        for weekday, day in enumerate(WEEKDAYS):
            begin, until, pause, resumed = (each.data for each in self.times(weekday))
            starts, ends = minutes_of(begin), minutes_of(until, at_end=True)
            if starts is None and ends is None and pause is None and resumed is None:
                continue
            if starts is None or ends is None:
                missing = "from" if starts is None else "until"
                wrong.append(FieldError(f"day{weekday}_{missing}", f"{day}: say when the shift begins and ends."))
                continue
            found.append(Shift(weekday, starts, ends, minutes_of(pause), minutes_of(resumed, at_end=True)))
        if wrong:
            raise Invalid(wrong[0].message, fields=tuple(wrong))
        return tuple(found)

    def show_shifts(self, shifts: Sequence[TechnicianShift | Shift]) -> None:
        """Begin with these hours."""
        for each in shifts:
            values = (each.starts, each.ends, each.break_from, each.break_until)
            for field, minutes in zip(self.times(each.weekday), values, strict=True):
                field.data = time_of(minutes)


for _weekday, _day in enumerate(WEEKDAYS):
    for _name in TIMES:
        setattr(
            TechnicianForm,
            f"day{_weekday}_{_name}",
            TimeField(f"{_day} {_TIME_WORDS[_name]}", validators=[Optional()]),
        )


class AbsenceForm(Form):
    """When a technician is away, by the wall clock of the business."""

    starts_at = DateTimeLocalField("From", format=_LOCAL, validators=[InputRequired("Say when they leave.")])
    ends_at = DateTimeLocalField("Until", format=_LOCAL, validators=[InputRequired("Say when they are back.")])
    reason = StringField("Reason", validators=[Length(max=120)])
