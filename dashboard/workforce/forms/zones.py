"""The form of a zone."""

from typing import Any

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from dashboard.web.forms import Form
from dashboard.workforce.forms.technicians import Ticks


class ZoneForm(Form):
    """A zone: its ZIP codes, its outline, and who serves it."""

    name = StringField("Name", validators=[InputRequired("Give the zone a name."), Length(max=80)])
    zips = TextAreaField(
        "ZIP codes",
        description="Five digits each, with commas, spaces or lines between; a range as 33601-33619.",
        validators=[Length(max=20_000)],
    )
    polygon = TextAreaField(
        "Outline",
        description="One corner a line, walking round the zone: 27.9506, -82.4572.",
        validators=[Length(max=12_000)],
    )
    technicians: Any = Ticks("Technicians", coerce=int)
    version = HiddenField()
