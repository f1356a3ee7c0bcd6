"""Forms of a customer: facts, places, quick-add, merge."""

import re
from decimal import Decimal

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange

from dashboard.accounts.forms.settings import options
from dashboard.core.errors import Invalid
from dashboard.core.money import Money
from dashboard.customers.service import COUNTRIES
from dashboard.web.forms import Form

_AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,3})?")
_CHOICES = options([("", "Choose a country"), *sorted(COUNTRIES.items(), key=lambda pair: pair[1])])


def read_amount(text: str, currency: str, field: str) -> int:
    """What was typed (`1,599.99`) in minor units. Raises Invalid for `field`."""
    bare = text.strip().replace(",", "").lstrip("$€£").strip()
    if not _AMOUNT.fullmatch(bare):
        raise Invalid.field(field, "Enter an amount, such as 49.90.")
    try:
        return Money.from_decimal(Decimal(bare), currency).minor
    except ValueError as error:
        raise Invalid.field(field, str(error)) from error


def amount_text(minor: int | None, currency: str) -> str:
    """An amount as it is typed; empty for None."""
    return "" if minor is None else str(Money(minor, currency).to_decimal())


class CustomerForm(Form):
    """The facts of a customer."""

    name = StringField("Name", validators=[InputRequired("Say what the customer is called."), Length(max=160)])
    company = StringField("Company", validators=[Length(max=160)])
    email = EmailField("E-mail", validators=[Length(max=254)])
    phone = TelField("Phone", validators=[Length(max=40)])
    terms_days = IntegerField(
        "Terms",
        default=0,
        description="Days until a bill is due; 0 is at once.",
        validators=[InputRequired("Enter a number of days."), NumberRange(0, 365, "Terms are 0 to 365 days.")],
    )
    credit_limit = StringField("Credit limit", description="Empty is without a limit.", validators=[Length(max=20)])
    tax_exempt = BooleanField("Pays no tax")
    notes = TextAreaField("Notes", description="For the people of the business alone.", validators=[Length(max=10_000)])
    version = HiddenField()


class AddressForm(Form):
    """A place of a customer."""

    label = StringField("What it is", description="Such as Head office.", validators=[Length(max=60)])
    street = StringField("Street and number", validators=[Length(max=160)])
    street2 = StringField("Second line", validators=[Length(max=160)])
    city = StringField("City", validators=[Length(max=80)])
    state = StringField("State or province", validators=[Length(max=40)])
    zip = StringField("Postal code", validators=[Length(max=20)])
    country = SelectField("Country", choices=_CHOICES, default="US")
    ships = BooleanField("Parcels go here")
    bills = BooleanField("Bills go here")

    def parts(self) -> dict[str, str]:
        """What was typed, by the service's words."""
        names = ("label", "street", "street2", "city", "state", "zip", "country")
        return {name: self[name].data or "" for name in names}


class QuickForm(Form):
    """A customer in a hurry."""

    name = StringField("Name", validators=[InputRequired("Say what the customer is called."), Length(max=160)])
    email = EmailField("E-mail", validators=[Length(max=254)])
    phone = TelField("Phone", validators=[Length(max=40)])


class MergeForm(Form):
    """Which record goes into this one."""

    other = HiddenField(validators=[InputRequired("Choose the record that goes.")])
