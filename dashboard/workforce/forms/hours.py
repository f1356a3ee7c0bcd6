"""Forms of working hours."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.core.errors import Invalid
from dashboard.web.forms import Form
from dashboard.workforce.local_time import exact_instant


class EntryForm(Form):
    """When work began and ended, by the tenant's clock to the second, and why that is put right."""

    clock_in = StringField("Began", validators=[InputRequired("Say when work began."), Length(max=30)])
    clock_out = StringField("Ended", validators=[Length(max=30)])
    break_minutes = IntegerField(
        "Breaks in all", validators=[Optional(), NumberRange(0, 24 * 60, "Breaks are 0 to 1,440 minutes.")]
    )
    reason = StringField(
        "Why",
        description="Kept with the hours, beside what stood there before.",
        validators=[InputRequired("Say why: it is kept with the hours."), Length(max=240)],
    )
    version = HiddenField()


class NewEntryForm(EntryForm):
    """Hours that nobody clocked."""

    technician: Any = SelectField("Technician", choices=[])


def typed(moment: datetime | None, time_zone: str) -> str:
    """An instant as the form shows it; empty for None."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%dT%H:%M:%S}"


def read_moment(text: str | None, time_zone: str, field: str, present: datetime | None = None) -> datetime | None:
    """What was typed, as an instant; None for nothing. What was not touched stays `present`, to the very second.

    Raises Invalid for `field`.
    """
    text = (text or "").strip()
    if not text:
        return None
    if present is not None and text in (typed(present, time_zone), typed(present, time_zone).removesuffix(":00")):
        return present
    try:
        told = datetime.fromisoformat(text)
        if not 1990 <= told.year < 2900:
            raise ValueError(text)
    except ValueError as error:
        raise Invalid.field(field, "Enter a day and a time, such as 2026-03-02T08:00.") from error
    return told if told.tzinfo is not None else exact_instant(told, time_zone, field)
