"""The tables typed in by hand, laid over what the packages say."""

from tools.build_catalogue.device import Catalogue, Device, entry, set_spec
from tools.build_catalogue.names import DATA, Row, read_table

TYPED = "typed"
# "8 GB" and "8 GB, 12 GB" of two sources do not stand side by side.
EXCLUSIVE = [("RAM", "RAM options"), ("Storage", "Storage options"), ("Display Size", "Display Size options")]
DEVICE_COLUMNS = {"make", "name", "category", "release_date", "model_numbers", "gtin", "image_url"}


def add_typed(catalogue: Catalogue) -> None:
    """Lay the typed tables over the catalogue: their cells win; a column that is no field is a display spec."""
    for path in sorted((DATA / "typed").glob("*.csv")):
        if path.name == "refused.csv":
            continue
        for row in read_table(path):
            device = entry(catalogue, row["make"], row["name"], TYPED)
            device.name = row["name"]
            device.category = row["category"]
            overlay(device, row)


def overlay(device: Device, row: Row) -> None:
    """Lay the filled cells of one typed row over a device."""
    if row["model_numbers"]:
        device.models = row["model_numbers"].split(", ")
        device.sources["model_numbers"] = TYPED
    for column in ("release_date", "gtin", "image_url"):
        if row.get(column):
            setattr(device, column, row[column])
            device.sources[column] = TYPED
    for pair in EXCLUSIVE:
        if any(row.get(label) for label in pair):
            for label in pair:
                device.specs.pop(label, None)
                device.sources.pop(f"specs.{label}", None)
    for label in sorted(row.keys() - DEVICE_COLUMNS):
        set_spec(device, label, row[label], TYPED)
