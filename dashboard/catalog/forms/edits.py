"""Forms of the catalogue: editing a device, suggesting a correction, answering it."""

from typing import Any

from wtforms import Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length

from dashboard.catalog.normalise import FIELD_BY_KEY, SpecField
from dashboard.catalog.service import EDITABLE
from dashboard.core.errors import DomainError, Invalid
from dashboard.web.forms import Form

HINTS = {
    "name": "As the maker writes it, without the make's name where it is not part of it.",
    "model_numbers": "Separated by commas, such as A3089, A3290.",
    "gtin": "The digits under the barcode: 8, 12, 13 or 14 of them.",
    "image_url": "Begins with https://.",
    "release_date": "A day, a month or a year, such as 2024-09-20, Sep 2024 or 2024.",
}
YES_OR_NO: Any = {"": "Not known", "Yes": "Yes", "No": "No"}
_FIELDS: Any = EDITABLE


def hint(name: str) -> str:
    """How to write the field `name`: its unit and an example."""
    return HINTS[name] if name in HINTS else _spec_hint(FIELD_BY_KEY[name])


def _spec_hint(spec: SpecField) -> str:
    bare = spec.unit and not any(character.isalpha() for character in spec.example)
    return f"In {spec.unit}, for example {spec.example}." if bare else f"For example {spec.example}."


def _field(name: str) -> Any:
    if name in FIELD_BY_KEY and FIELD_BY_KEY[name].kind == "flag":
        # The service says what it thinks of other words.
        return SelectField(EDITABLE[name], choices=YES_OR_NO, validate_choice=False)
    return StringField(EDITABLE[name], description=hint(name), validators=[Length(max=2000)])


class _SeenForm(Form):
    """Carries what the editor saw: fingerprints of texts, by field."""

    seen = HiddenField()

    def read_seen(self) -> dict[str, str]:
        """Fingerprints by field; what cannot be read counts as not seen."""
        pairs = (pair.partition(":") for pair in (self.seen.data or "")[:4000].split())
        return {name: print_ for name, colon, print_ in pairs if colon}

    def show_seen(self, prints: dict[str, str]) -> None:
        """Send `prints` along with the form."""
        self.seen.data = " ".join(f"{name}:{print_}" for name, print_ in prints.items())


class DeviceForm(_SeenForm):
    """All fields of a device; one input for each of EDITABLE."""

    def field(self, name: str) -> Field:
        """The input of the field `name`."""
        return self[name]

    def typed(self) -> dict[str, str]:
        """What was typed, by field."""
        return {name: self[name].data or "" for name in EDITABLE if name in self._sent_names()}

    def _sent_names(self) -> set[str]:
        return {name for name in EDITABLE if self[name].raw_data}


for _name in EDITABLE:
    setattr(DeviceForm, _name, _field(_name))


class CellForm(Form):
    """One cell of a grid: its text, and the fingerprint of the text that stood there."""

    value = StringField(validators=[Length(max=2000)])
    version = HiddenField()


class ProposalForm(Form):
    """A correction that somebody suggests."""

    field = SelectField("What is wrong or missing", choices=_FIELDS)
    value = StringField("What it should say", validators=[InputRequired("Say what it should be."), Length(max=500)])
    reason = TextAreaField(
        "How you know",
        description="The maker’s page, or what the box says, helps the operator decide.",
        validators=[Length(max=1000)],
    )

    def refuse_value(self, error: DomainError) -> None:
        """Show a refusal of the suggested text beside it: the service names the device's field."""
        self.refuse(Invalid.field("value", error.message) if error.fields else error)


class DecisionForm(Form):
    """The operator's answer to a suggestion."""

    decision = HiddenField(validators=[AnyOf(("accept", "decline"), "Accept or decline the suggestion.")])
    answer = TextAreaField("Answer", validators=[Length(max=1000)])
