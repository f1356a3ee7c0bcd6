"""Forms of the stockroom: products, places, suppliers, purchase orders, transfers, stocktakes."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.inventory.service.adjust import REASONS
from dashboard.inventory.service.transfers import LOSSES
from dashboard.web.forms import Form


def options(pairs: Iterable[tuple[str, str]]) -> Any:
    """Choices of a select, from values and their words. The library's types know this form of them not yet."""
    return dict(pairs)


LINES_HINT = "One a line: SKU or barcode, pieces, and what one costs. A scanner writes a line with each scan."
SENT_HINT = "One a line: SKU or barcode and pieces, or the IMEI or serial number of a unit. A scanner writes a line with each scan."  # noqa: E501 - a sentence of the page
KIND_WORDS = {
    "counted": "Counted",
    "serialised": "Units with serial numbers",
    "unique": "One of a kind",
    "service": "Service",
}
PLACE_WORDS = {"warehouse": "Warehouse", "shop": "Shop", "van": "Van"}


class ProductForm(Form):
    """A product; which fields are shown depends on its kind."""

    name = StringField("Name", validators=[InputRequired("Say what it is called."), Length(max=200)])
    sku = StringField("SKU", validators=[Length(max=80)])
    price = StringField("Price", validators=[InputRequired("Say what it sells for; 0 where that varies.")])
    cost = StringField("Cost", validators=[Length(max=20)])
    barcode = StringField("Barcode", validators=[Length(max=40)])
    manufacturer = StringField("Maker", validators=[Length(max=80)])
    model = StringField("Model", validators=[Length(max=120)])
    storage = StringField("Storage", validators=[Length(max=20)])
    grade = StringField("Grade", validators=[Length(max=12)])
    warranty = StringField("Warranty", validators=[Length(max=80)])
    description = TextAreaField("Description", validators=[Length(max=5000)])
    tax_class: Any = SelectField("Tax", choices=options([("standard", "Taxed"), ("exempt", "Exempt")]))
    min_stock = IntegerField("Minimum", validators=[Optional(), NumberRange(0, 1_000_000)])
    reorder_quantity = IntegerField("Reorder", validators=[Optional(), NumberRange(1, 1_000_000)])
    supplier: Any = SelectField("Supplier", choices=[], validate_choice=False)  # services are asked for none
    auto_reorder = BooleanField("Reorder by itself when it falls below the minimum")
    version = HiddenField()


class PriceForm(Form):
    """A price that is edited in place, and the version of the product that was seen."""

    value = StringField(validators=[Length(max=20)])
    version = HiddenField()


class CategoryForm(Form):
    """A category of products and what is asked of them."""

    name = StringField("Name", validators=[InputRequired("Name the category."), Length(max=80)])
    attributes = TextAreaField(
        "Attributes", description="One a line, with its unit in brackets: Voltage (V).", validators=[Length(max=4000)]
    )


class TemplateForm(Form):
    """How SKUs are made."""

    sku_template = StringField("Template", validators=[Length(max=120)])


class AdjustForm(Form):
    """A correction of how many pieces there are at a place."""

    place: Any = SelectField("Place", choices=[])
    reason: Any = SelectField("What happened", choices=options((key, reason.label) for key, reason in REASONS.items()))
    quantity = IntegerField("Pieces", validators=[InputRequired("Say how many."), NumberRange(1, 1_000_000)])
    note = StringField("Note", validators=[Length(max=150)])


class PlaceForm(Form):
    """A place."""

    name = StringField("Name", validators=[InputRequired("Name the place."), Length(max=80)])
    kind: Any = SelectField("Kind", choices=options(PLACE_WORDS.items()))
    code = StringField(
        "Code", description="For other programs; made of the name if left empty.", validators=[Length(max=40)]
    )


class SupplierForm(Form):
    """A supplier."""

    name = StringField("Name", validators=[InputRequired("Say who sells to you."), Length(max=160)])
    email = StringField("E-mail", validators=[Length(max=254)])
    phone = StringField("Phone", validators=[Length(max=40)])
    lead_days = IntegerField("A delivery takes", validators=[InputRequired(), NumberRange(0, 365)])
    notes = TextAreaField("Notes", validators=[Length(max=2000)])
    archived = BooleanField("Not in use any more")


class PurchaseForm(Form):
    """A purchase order."""

    supplier: Any = SelectField("Supplier", choices=[])
    place: Any = SelectField("Delivered to", choices=[])
    expected_on = DateField("Expected on", validators=[Optional()])
    lines = TextAreaField("What to buy", description=LINES_HINT, validators=[Length(max=60_000)])
    notes = TextAreaField("Notes", validators=[Length(max=2000)])


class ReceiveForm(Form):
    """What came of a purchase order; its lines have inputs of their own."""

    scan = StringField("Scan", validators=[Length(max=80)])
    allow_over = BooleanField("More came than was ordered")


class TransferForm(Form):
    """A transfer."""

    from_place: Any = SelectField("From", choices=[])
    to_place: Any = SelectField("To", choices=[])
    lines = TextAreaField("What is sent", description=SENT_HINT, validators=[Length(max=60_000)])
    notes = StringField("Note", validators=[Length(max=500)])


class ArriveForm(Form):
    """What came of a transfer; its lines have inputs of their own."""

    scan = StringField("Scan", validators=[Length(max=80)])


class LossForm(Form):
    """Ends a transfer of which the rest will not come."""

    reason: Any = SelectField("What happened", choices=options((key, loss.label) for key, loss in LOSSES.items()))
    note = StringField("Note", validators=[Length(max=150)])


class StocktakeForm(Form):
    """A new stocktake."""

    place: Any = SelectField("Place", choices=[])


class CountForm(Form):
    """One scan of a count: a code, or a number of pieces before it (`9*CAP-355`)."""

    scanned = StringField("Barcode, SKU, IMEI or serial number", validators=[Length(max=100)])


class PostForm(Form):
    """Ends a stocktake; what nobody counted stays, or counts as none."""

    missing_is_none = BooleanField("What nobody counted is not there")
    units_aside = BooleanField("Set units aside that nobody scanned: they are missing")
