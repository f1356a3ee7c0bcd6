"""Forms of units. Money and percent are typed as people write them, and read by the service."""

from typing import Any

from wtforms import BooleanField, DateField, FileField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from dashboard.inventory.forms.stockroom import options
from dashboard.inventory.service.checks import BLACKLIST, LOCKS
from dashboard.web.forms import Form


class UnitForm(Form):
    """What can be corrected of a unit."""

    grade = SelectField("Grade", validate_choice=False)
    price = StringField("Price", [InputRequired("Give a price.")])
    battery_health = StringField("Battery health", description="Percent, such as 88.")
    place = SelectField("Place", validate_choice=False)
    color = StringField("Colour", [Length(max=40)])
    carrier = StringField("Carrier", [Length(max=40)])
    carrier_locked = BooleanField("Locked to this carrier")
    notes = TextAreaField("Notes", [Length(max=2000)])


class ChecksForm(Form):
    """What was checked on the device."""

    activation_lock = SelectField("Activation lock", choices=options(LOCKS.items()))
    blacklist = SelectField("Blacklist", choices=options(BLACKLIST.items()))
    erasure_standard = StringField("Erasure standard", [Length(max=60)], description="Such as NIST 800-88 Purge.")
    erasure_certificate = StringField("Certificate number", [Length(max=80)])
    erased_on = DateField("Erased on", [Optional()])


class ManifestForm(Form):
    """A delivery that is expected."""

    name = StringField("Delivery", [InputRequired("Give the delivery a name."), Length(max=120)])
    location_code = SelectField("Place", validate_choice=False)
    text = TextAreaField(
        "Expected numbers", description="One a line: IMEI or serial number, then SKU and cost where you have them."
    )
    file = FileField("Or a CSV file")


class UnitFileForm(Form):
    """A file of units."""

    file = FileField("File", [InputRequired("Choose a file.")])
    location_code = SelectField("Place of units that name none", validate_choice=False)
    make_products = BooleanField("Make the SKUs that are missing, at the price in the file")


def choose(field: Any, offered: list[tuple[str, str]]) -> None:
    """Offer these in a select, what is set now among them."""
    if field.data and field.data not in dict(offered):
        offered = [(field.data, field.data), *offered]
    field.choices = options(offered)
