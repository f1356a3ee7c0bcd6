"""What is done to an order after it was placed. Each form has a prefix of its own: they stand on one page."""

from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.accounts.forms.settings import options
from dashboard.customers.service import COUNTRIES
from dashboard.web.forms import Form

_METHODS = options(
    [("card", "Card"), ("cash", "Cash"), ("transfer", "Bank transfer"), ("check", "Check"), ("other", "Other")]
)
_WAYS = options([("in", "Payment"), ("out", "Refund")])
_OUTCOMES = options([("restock", "Back on the shelf"), ("repair", "To be repaired"), ("scrap", "Scrap")])
_COUNTRIES = options([("", "Everywhere"), *sorted(COUNTRIES.items(), key=lambda pair: pair[1])])


class ExtendForm(Form):
    """Letting a hold last longer, once."""

    minutes = IntegerField("Minutes more", default=15, validators=[InputRequired("Enter a number of minutes.")])
    reason = StringField("Why", validators=[InputRequired("Say why the hold should last longer."), Length(max=200)])


class CancelForm(Form):
    """Calling an order off."""

    reason = StringField("Why", validators=[Length(max=200)])


class ShipForm(Form):
    """A parcel. How many pieces of each line go into it is read beside the form: `pieces-<line id>`."""

    carrier = StringField("Carrier", validators=[Length(max=60)])
    tracking_number = StringField("Tracking number", validators=[Length(max=80)])


class PaymentForm(Form):
    """Money that came in or went back."""

    way = SelectField("What", choices=_WAYS, default="in")
    amount = StringField("Amount", validators=[InputRequired("Enter an amount, such as 49.90."), Length(max=20)])
    method = SelectField("By", choices=_METHODS, default="card")
    reference = StringField("Reference", validators=[Length(max=80)])


class ReturnForm(Form):
    """Pieces that came back."""

    line = SelectField("What came back", coerce=int, validate_choice=False)
    quantity = IntegerField("Pieces", default=1, validators=[InputRequired("Enter a number of pieces.")])
    outcome = SelectField("What becomes of it", choices=_OUTCOMES, default="restock")
    reason = StringField("Why it came back", validators=[InputRequired("Say why it comes back."), Length(max=200)])
    refund = StringField(
        "Refund",
        description="Comes off what is due; money goes back as far as more was paid.",
        validators=[InputRequired("Enter an amount; 0 for none."), Length(max=20)],
    )
    method = SelectField("Refund by", choices=_METHODS, default="card")


class RateForm(Form):
    """A step of the shipping rates."""

    name = StringField("Name", validators=[InputRequired("Name the rate, such as Ground."), Length(max=60)])
    country = SelectField("To", choices=_COUNTRIES, default="")
    from_subtotal = StringField("From an order value of", default="0", validators=[InputRequired(), Length(max=20)])
    amount = StringField("Costs", validators=[InputRequired("Enter what it costs; 0 is free."), Length(max=20)])


class PriceForm(Form):
    """What one customer pays for a product."""

    product = StringField("SKU", validators=[InputRequired("Enter the product's SKU."), Length(max=80)])
    price = StringField("Price", validators=[InputRequired("Enter a price."), Length(max=20)])
