"""One device while it is being put together, and the catalogue of them."""

from dataclasses import dataclass, field
from typing import TypeAlias

from tools.build_catalogue.names import norm

Strings: TypeAlias = dict[str, str]


@dataclass
class Device:
    """One device while it is being put together; ``sources`` maps a field to the key of its source."""

    make: str
    name: str
    category: str = ""
    models: list[str] = field(default_factory=list[str])
    codenames: list[str] = field(default_factory=list[str])
    release_date: str = ""
    gtin: str = ""
    image_url: str = ""
    specs: Strings = field(default_factory=dict[str, str])
    sources: Strings = field(default_factory=dict[str, str])


Catalogue: TypeAlias = dict[tuple[str, str], Device]


def entry(catalogue: Catalogue, make: str, name: str, source: str) -> Device:
    """Return the device of that make and name, adding it, first named by ``source``, when it is new."""
    device = catalogue.setdefault((make, norm(name)), Device(make, name))
    device.sources.setdefault("name", source)
    return device


def set_spec(device: Device, label: str, value: str, source: str) -> None:
    """Set one display spec and who said it; an empty value changes nothing."""
    if value:
        device.specs[label] = value
        device.sources[f"specs.{label}"] = source
