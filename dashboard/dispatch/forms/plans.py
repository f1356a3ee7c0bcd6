"""Forms of plans and roads."""

from decimal import Decimal, InvalidOperation

from wtforms import DateField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from dashboard.core.errors import FieldError, Invalid
from dashboard.dispatch.service.roads import RoadFacts
from dashboard.web.forms import Form

HOURS = range(24)


class PlanForm(Form):
    """The day to plan."""

    date = DateField("Day", validators=[InputRequired("Choose the day to plan.")])


class RoadForm(Form):
    """How long roads are, how fast each hour is, and which services are asked instead."""

    factor_percent = IntegerField(
        "Road against straight line",
        validators=[InputRequired("Say how much longer roads are."), NumberRange(100, 300, "Between 100 and 300 %.")],
    )
    tiles_url = StringField("Address of map tiles", validators=[Length(max=300)])

    def facts(self, typed: list[str]) -> RoadFacts:
        """What was typed. Raises Invalid that names every wrong hour."""
        speeds: list[Decimal] = []
        wrong: list[FieldError] = []
        for hour, text in enumerate(typed):
            try:
                speeds.append(Decimal(text.strip()))
            except InvalidOperation:
                message = f"Enter miles an hour from {hour:02}:00 on, such as 28."
                wrong.append(FieldError(f"speed-{hour}", message))
        if wrong:
            raise Invalid(wrong[0].message, fields=tuple(wrong))
        return RoadFacts(self.factor_percent.data or 0, tuple(speeds), (self.tiles_url.data or "").strip() or None)
