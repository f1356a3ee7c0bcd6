"""Forms of an import: the file, and what its columns are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wtforms
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, FieldList, FormField, SelectField, StringField
from wtforms.validators import Length

from dashboard.catalog.models import CatalogImport
from dashboard.catalog.normalise import clean_text
from dashboard.catalog.service.imports import ImportPlan, plan_of
from dashboard.catalog.sources import PRESETS, Preset, find_preset, suggest_mapping
from dashboard.core.errors import Invalid
from dashboard.web.forms import Form

LABELLED = ("spec", "name_suffix")
"""Targets that stand under a label."""

TARGETS: Any = {
    "": "Leave out",
    "name": "Name",
    "make": "Make",
    "model_numbers": "Model numbers",
    "category": "Category",
    "release_date": "Release date",
    "gtin": "GTIN (EAN, UPC)",
    "image_url": "Image address",
    "price": "Price that says its currency",
    "price:USD": "Price in USD",
    "price:EUR": "Price in EUR",
    "price:GBP": "Price in GBP",
    "spec": "Spec",
    "name_suffix": "Spec, also part of the name",
}
CONDITIONS: Any = {
    "new": "New",
    "used-a": "Used, grade A",
    "used-b": "Used, grade B",
    "used-c": "Used, grade C",
    "used-d": "Used, grade D",
}


class UploadForm(Form):
    """The file of an import."""

    file = FileField("File", validators=[FileRequired("Choose a file.")])


class ColumnForm(wtforms.Form):
    """What one column of the file becomes."""

    target = SelectField("Becomes", choices=TARGETS, validate_choice=False)
    spec_label = StringField("Label")


class PlanForm(Form):
    """What becomes of the columns, and what all rows share."""

    columns = FieldList(FormField(ColumnForm), max_entries=1_000)
    source_name = StringField("Source", validators=[Length(max=120)])
    licence = StringField("Licence", validators=[Length(max=60)])
    make = StringField("Make of all rows", validators=[Length(max=80)])
    category = StringField("Category of all rows", validators=[Length(max=60)])
    make_from_name = BooleanField("The name begins with the make")
    condition = SelectField("Prices are of devices that are", choices=CONDITIONS)
    overwrite = BooleanField("Replace what other sources said")

    def plan(self, run: CatalogImport, *, dry_run: bool) -> ImportPlan:
        """What the form asks for. Raises Invalid where it was made for another file."""
        entries: list[Any] = list(self.columns.entries)
        if len(entries) != len(run.columns):
            raise Invalid("This form does not fit the file. Reload the page.")
        mapping = {
            column: _target(entry.target.data or "", entry.spec_label.data or "")
            for column, entry in zip(run.columns, entries, strict=True)
        }
        return ImportPlan(
            mapping,
            self.source_name.data or "",
            self.licence.data or "",
            make=self.make.data or "",
            category=self.category.data or "",
            make_from_name=bool(self.make_from_name.data),
            condition=self.condition.data or "new",
            overwrite=bool(self.overwrite.data),
            dry_run=dry_run,
        )


def plan_form(run: CatalogImport, preset_key: str | None) -> PlanForm:
    """The form of a draft, filled with what was chosen before, or with what `preset_key` or the columns suggest."""
    begun = bool(run.defaults)
    preset = PRESETS.get(preset_key or "") or (None if preset_key or begun else find_preset(run.columns))
    values = plan_of(run)
    values["source_name"] = run.source_name or (preset.label if preset else Path(run.filename).stem)
    if preset is not None:
        shared = {"make": preset.make, "category": preset.category, "make_from_name": preset.make_from_name}
        mapping = {column: preset.mapping.get(column, "") for column in run.columns}
        values |= {**shared, "mapping": mapping}
    elif preset_key:
        values["mapping"] = suggest_mapping(run.columns)
    columns = [_choice(column, values["mapping"].get(column, "")) for column in run.columns]
    return PlanForm(data={**values, "columns": columns})


def fitting_presets(columns: Sequence[str]) -> list[Preset]:
    """Presets whose columns are all in the file."""
    return [preset for preset in PRESETS.values() if preset.fits(columns)]


def _choice(column: str, target: str) -> dict[str, str]:
    kind, _, label = target.partition(":")
    if kind in LABELLED:
        return {"target": kind, "spec_label": label}
    return {"target": target, "spec_label": clean_text(column.replace("_", " "))}


def _target(chosen: str, label: str) -> str:
    return f"{chosen}:{clean_text(label)[:100]}" if chosen in LABELLED else chosen
