"""Forms of the fleet."""

from typing import Any

from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.web.forms import Form

MAX_MILES = 5_000_000


class VehicleForm(Form):
    """The facts of a vehicle."""

    name = StringField("Name", validators=[InputRequired("Give the vehicle a name, such as Van 3."), Length(max=80)])
    plate = StringField("Plate", validators=[InputRequired("Enter the plate, such as ABC 1234."), Length(max=20)])
    vin = StringField(
        "VIN", description="17 characters; spaces do not matter. It has no I, O or Q.", validators=[Length(max=40)]
    )
    make = StringField("Make", validators=[Length(max=60)])
    model = StringField("Model", validators=[Length(max=60)])
    year = IntegerField("Year", validators=[Optional(), NumberRange(1900, 2200, "Enter a year such as 2022.")])
    mileage = IntegerField(
        "Mileage",
        description="What the odometer shows.",
        default=0,
        validators=[InputRequired("Enter what the odometer shows."), NumberRange(0, MAX_MILES)],
    )
    technician_id: Any = SelectField("Driven by", choices=[])
    location_id: Any = SelectField(
        "Carries the stock of", description="Goes with whoever drives it: their parts on the van.", choices=[]
    )
    active = BooleanField("In use", default=True)
    version = HiddenField()


class MileageForm(Form):
    """What the odometer shows."""

    mileage = IntegerField(
        "Mileage", validators=[InputRequired("Enter what the odometer shows."), NumberRange(0, MAX_MILES)]
    )


class PaperForm(Form):
    """A paper of a vehicle."""

    kind = StringField("Paper", validators=[InputRequired("Say what paper it is, such as Insurance."), Length(max=40)])
    reference = StringField("Number or reference", validators=[Length(max=80)])
    expires_on = DateField("Good until", validators=[Optional()])


class ServiceForm(Form):
    """Work that comes again."""

    name = StringField("Work", validators=[InputRequired("Say what is done, such as Oil change."), Length(max=80)])
    every_miles = IntegerField("Every", validators=[Optional(), NumberRange(1, 500_000)])
    every_days = IntegerField("Or every", validators=[Optional(), NumberRange(1, 3_650)])
    done_at_mileage = IntegerField("Last done at", validators=[Optional(), NumberRange(0, MAX_MILES)])
    done_on = DateField("Last done on", validators=[Optional()])
