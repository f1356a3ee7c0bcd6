"""Forms of a business's settings and of one's own account."""

from collections.abc import Iterable
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FileField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.accounts.models.tenants import PLANS
from dashboard.accounts.service.installation import LEAST_LIMIT, MOST_LIMIT
from dashboard.accounts.service.keys import DIALECTS
from dashboard.web.forms import Form

DIALECT_NAMES = {
    "": "Whatever the path documents",
    "techfleet": "Device catalogue and merchant (Techfleet)",
    "techparts": "Parts store (TechParts)",
    "syncauction": "Auction sync (SyncAuction)",
    "tradekitt": "Field service (TradeKitt)",
    "autosync": "Auto shop (AutoSync)",
}
assert set(DIALECT_NAMES) == {"", *DIALECTS}


def options(named: Iterable[tuple[str, str]]) -> Any:
    """Choices of a list, from values and what they are called. The library's types know this form of them not yet."""
    return dict(named)


class Ticks(SelectMultipleField):
    """Several of a list, each a checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ConfirmForm(Form):
    """The password once more, before something dangerous."""

    password = PasswordField("Password", validators=[InputRequired("Enter your password."), Length(max=256)])


class BusinessForm(Form):
    """How a business looks and what it counts in."""

    name = StringField("Name", validators=[InputRequired("A business has a name."), Length(max=120)])
    display_name = StringField("Short name", validators=[Length(max=80)])
    primary_color = StringField("Colour", validators=[Length(max=7)])
    logo = FileField("Logo")
    remove_logo = BooleanField("Remove the logo")
    time_zone = SelectField("Time zone")
    currency = SelectField("Currency")
    tax_percent = StringField("Tax rate", validators=[InputRequired("Enter 0 where no tax is due."), Length(max=8)])
    tax_rounding = SelectField(
        "Tax is rounded", choices=options([("half_even", "Half to even"), ("truncate", "Down, to the cent")])
    )
    device_hold_minutes = IntegerField("Device orders", validators=[InputRequired(), NumberRange(1, 43_200)])
    parts_hold_minutes = IntegerField("Parts orders", validators=[InputRequired(), NumberRange(1, 43_200)])
    draft_hold_minutes = IntegerField("Orders being entered", validators=[InputRequired(), NumberRange(1, 43_200)])
    mfa_roles = Ticks("Roles that must use a second factor")
    sandbox_nightly = BooleanField("Refill the sandbox every night")


class CloseForm(Form):
    """The business code, typed to show that one means it."""

    business_code = StringField("Business code", validators=[InputRequired("Type the business code."), Length(max=40)])


class PlanForm(Form):
    """A tenant's plan, for the operator."""

    plan = SelectField("Plan", choices=options((name, name.capitalize()) for name in PLANS))
    requests_per_minute = IntegerField("API limit", validators=[Optional(), NumberRange(LEAST_LIMIT, MOST_LIMIT)])
    suspended = BooleanField("Suspended")


class PersonForm(Form):
    """A colleague."""

    name = StringField("Name", validators=[InputRequired("Everybody has a name."), Length(max=120)])
    email = EmailField("E-mail", validators=[Length(max=254)])
    role = SelectField("Role")
    active = BooleanField("May sign in")


class RoleForm(Form):
    """A role of the business's own."""

    name = StringField("Name", validators=[InputRequired("Name the role."), Length(max=40)])
    scopes = Ticks("Rights")


class ProviderForm(Form):
    """A business's own client at an identity provider. Which fields are missing in error is said by the service."""

    client_id = StringField("Client id", validators=[InputRequired("Enter the client id."), Length(max=255)])
    client_secret = PasswordField("Client secret", validators=[Length(max=4000)])
    directory = StringField("Directory", validators=[Length(max=60)])


class ClientForm(Form):
    """A new OAuth client."""

    name = StringField("Name", validators=[InputRequired("Name the platform that will use it."), Length(max=120)])
    environment = SelectField("Acts on", choices=options([("live", "Live data"), ("sandbox", "The sandbox")]))
    scopes = Ticks("Rights")


class KeyForm(Form):
    """A new API key."""

    name = StringField("Name", validators=[InputRequired("Name the program that will use it."), Length(max=120)])
    environment = SelectField("Acts on", choices=options([("live", "Live data"), ("sandbox", "The sandbox")]))
    dialect = SelectField("Speaks", choices=options(DIALECT_NAMES.items()))
    access = SelectField(
        "May",
        choices=options([("read-only", "Read"), ("read-write", "Read and write"), ("chosen", "What is ticked below")]),
    )
    scopes = Ticks("Rights")
    expires_on = DateField("Ends on", validators=[Optional()])
