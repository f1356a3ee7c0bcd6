"""Forms of skills."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.web.forms import Form


class SkillForm(Form):
    """The name of a skill."""

    name = StringField("Name", validators=[InputRequired("Name the skill, such as HVAC."), Length(max=80)])


class LevelForm(Form):
    """A cell of the matrix, and what it said when it was opened."""

    value = StringField(
        "Level",
        description="1 (learning) to 5 (teaches it), then the last day that it counts: 4 2027-01-31. Empty takes the skill away.",  # noqa: E501 - a sentence of the page
        validators=[Length(max=40)],
    )
    version = HiddenField()
