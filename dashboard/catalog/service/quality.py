"""How complete a device's record is: the published formula behind `data_quality_score` (F50)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SPECS_WEIGHT = 40
FIELD_WEIGHTS = {"image_url": 15, "model_numbers": 15, "gtin": 15, "pricing": 15}

CORE_SPECS = ("display_size_in", "ram_gb", "storage_gb", "battery_mah", "chipset", "weight_g", "os", "has_5g")
_WITHOUT_RADIO = tuple(key for key in CORE_SPECS if key != "has_5g")
_PLUGGED_IN = ("ram_gb", "storage_gb", "chipset", "weight_g", "os")
EXPECTED_SPECS: dict[str, tuple[str, ...]] = {
    "laptops": _WITHOUT_RADIO,
    "smartwatches": _WITHOUT_RADIO,
    "e-readers": _WITHOUT_RADIO,
    "handheld-computers": _WITHOUT_RADIO,
    "feature-phones": ("display_size_in", "ram_gb", "storage_gb", "battery_mah", "weight_g", "os"),
    "desktops": _PLUGGED_IN,
    "game-consoles": _PLUGGED_IN,
    "media-players": _WITHOUT_RADIO,
    "streaming-players": _PLUGGED_IN,
    "vr-headsets": _WITHOUT_RADIO,
    "cameras": ("display_size_in", "weight_g", "main_camera_mp"),
    "smart-tvs": ("display_size_in", "ram_gb", "storage_gb", "chipset", "os"),
    "smart-speakers": ("chipset", "weight_g", "os"),
    "headphones": ("chipset", "weight_g"),
    "accessories": ("weight_g",),
    "processors": ("cpu_cores", "chipset"),
    "graphics-cards": ("ram_gb", "chipset"),
}
"""The specs that a device of a category is expected to have; all eight core specs where a category is not named."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A score from 0 to 100, and the fields that are still missing, the most valuable first."""

    score: int
    missing: tuple[str, ...]


def expected_specs(category_slug: str) -> tuple[str, ...]:
    """The specs that count for a device of this category."""
    return EXPECTED_SPECS.get(category_slug, CORE_SPECS)


def assess(device: Mapping[str, Any], category_slug: str) -> Quality:
    """Weighted completeness, rounded down: specs 40, image 15, model numbers 15, GTIN 15, pricing 15.

    `device` has the columns of the device table. Specs earn their share of 40 by the part of the expected ones
    that is known.
    """
    expected = expected_specs(category_slug)
    known = sum(device.get(key) is not None for key in expected)
    absent = [key for key in expected if device.get(key) is None]
    fields = {
        "image_url": bool(device.get("image_url")),
        "model_numbers": bool(device.get("model_numbers")),
        "gtin": bool(device.get("gtin")),
        "pricing": device.get("price_avg") is not None,
    }
    earned = sum(FIELD_WEIGHTS[name] for name, present in fields.items() if present)
    # One division at the end, so that nothing is rounded twice.
    score = (earned * len(expected) + SPECS_WEIGHT * known) // len(expected)
    missing = [name for name, present in fields.items() if not present] + absent
    return Quality(score, tuple(missing))
