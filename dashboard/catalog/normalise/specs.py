"""Display specs, as sources give them, into normalised ones, and normalised ones back into words."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from dashboard.catalog.normalise.folding import clean_text, search_text
from dashboard.catalog.normalise.spec_table import (
    FIELD_BY_KEY,
    NormalizedSpecs,
    Problem,
    SpecError,
    SpecField,
    SpecValue,
    is_absent,
)
from dashboard.catalog.normalise.spec_values import (
    core_count,
    parse_resolution,
    parse_spec,
    parse_thickness,
    states_length,
)

# Folded labels whose value is that one field and nothing else.
_PLAIN: Mapping[str, str] = {
    label: key
    for key, labels in {
        "ram_gb": "ram ramtotalmem totalmem totalram memoryram ramsize ramgb systemmemory",
        "storage_gb": "storage internalstorage rom storagecapacity internalmemory capacity storagegb",
        "battery_mah": "battery batterycapacity batterymah batterysize batterytype",
        "weight_g": "weight mobileweight productweight deviceweight weightg mass itemweight",
        "os": "os operatingsystem platform software osversion shippedos",
        "chipset": "chipset systemonchip soc processor processorname chip cpumodel processormodel",
        "cpu_cores": "cores cpucores corecount processorcores numberofcores",
        "main_camera_mp": "camera maincamera rearcamera backcamera primarycamera camerarear",
        "thickness_mm": "thickness depth thicknessmm",
        "has_5g": "5g 5gsupport 5gcapable 5gbands has5g",
        "display_px_w": "displaywidth displaywidthpx horizontalpixels",
        "display_px_h": "displayheight displayheightpx verticalpixels",
    }.items()
    for label in labels.split()
}
_SIZE_LABELS = frozenset(
    [
        "displaysize",
        "displaysizein",
        "screensize",
        "screensizes",
        "screendiagonal",
        "diagonal",
        "displaydiagonal",
    ]
)
_DISPLAY_LABELS = frozenset(
    [
        "display",
        "screen",
        "maindisplay",
        "resolution",
        "displayresolution",
        "screenresolution",
        "displaypixels",
    ]
)
_MEMORY_LABELS = {"memory": "ram_gb", "internal": "storage_gb"}
_API_LEVELS = frozenset(["androidsdkversions", "androidsdk", "apilevel", "androidapilevel", "sdkversion"])
_NETWORKS = frozenset(["network", "networks", "technology", "networktechnology", "connectivity", "cellular"])
_RAM_TOO = re.compile(r"[0-9] ?[kmgt]i?b (?:of )?ram\b", re.IGNORECASE)
_LABEL_UNIT = re.compile(r"^(.*\S)\s*[(\[]\s*([A-Za-z\"%]{1,6})\s*[)\]]$", re.DOTALL)
_ANDROID = {
    19: "4.4",
    21: "5.0",
    22: "5.1",
    23: "6.0",
    24: "7.0",
    25: "7.1",
    26: "8.0",
    27: "8.1",
    28: "9",
    29: "10",
    30: "11",
    31: "12",
    32: "12L",
    33: "13",
    34: "14",
    35: "15",
    36: "16",
}
_REPORTED = frozenset({"ramtotalmem", "totalmem"})
_UNITS = frozenset({unit for spec in FIELD_BY_KEY.values() for unit in spec.units}) | {
    "ghz",
    "mhz",
    "w",
    "wh",
    "ppi",
}


class _Reading:
    """What was understood so far; the first value of a field stays."""

    def __init__(self) -> None:
        self.values: dict[str, SpecValue] = {}
        self.problems: list[Problem] = []

    def take(self, field: str, text: str, *, reported: bool = False) -> None:
        try:
            value = parse_spec(field, text, reported=reported)
        except SpecError as error:
            self.problems.append(Problem(field, text, str(error)))
        else:
            if value is not None:
                self.values.setdefault(field, value)


def normalise_specs(specs: Mapping[str, str]) -> tuple[NormalizedSpecs, list[Problem]]:
    """Typed specs out of display specs (label to value as written), and what was left out and why.

    Labels are matched by their folded words; a unit may stand in the value or in brackets after the label.
    Where two labels name one field, the one that can mean nothing else wins ("Chipset" before "CPU").
    """
    reading = _Reading()
    later: list[tuple[str, str]] = []
    for label, given in specs.items():
        key, unit = _label(label)
        if not key or is_absent(given):
            continue
        text = with_unit(given, unit) if unit else given
        field = _PLAIN.get(key)
        if field:
            reading.take(field, text, reported=key in _REPORTED)
        else:
            later.append((key, text))
    for key, text in later:
        _read_loose(reading, key, text)
    return cast("NormalizedSpecs", reading.values), reading.problems


@lru_cache(maxsize=2048)
def split_unit(label: str) -> tuple[str, str]:
    """The label and its unit: "Weight (g)" as ("Weight", "g"); the unit is empty where the brackets hold
    something else, or there are none.
    """
    match = _LABEL_UNIT.match(label)
    if match and match[2].casefold() in _UNITS:
        return match[1], match[2]
    return label, ""


def with_unit(text: str, unit: str) -> str:
    """A bare number with its unit, "172.0" as "172 g"; anything else unchanged."""
    try:
        number = float(text)
    except ValueError:
        return text
    if not abs(number) < 1e12:
        return text
    return f"{number:.12g} {unit}"


def format_spec(field: str | SpecField, value: SpecValue | None) -> str:
    """A normalised value in words: "6.9 in", "512 MB", "1 TB", "5,000 mAh", "Yes"; empty for None."""
    spec = FIELD_BY_KEY[field] if isinstance(field, str) else field
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str):
        return value
    number, unit = _scaled(spec, value)
    written = f"{number:,.{0 if unit == 'MB' else spec.digits}f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return f"{written} {unit}" if unit else written


def _scaled(spec: SpecField, value: float) -> tuple[float, str]:
    if spec.unit == "GB" and value < 1:
        return value * 1024, "MB"
    if spec.unit == "GB" and value >= 1024 and value % 512 == 0:
        return value / 1024, "TB"
    if spec.unit == "g" and value >= 10_000:
        return value / 1000, "kg"
    return value, spec.unit


@lru_cache(maxsize=2048)
def _label(label: str) -> tuple[str, str]:
    name, unit = split_unit(clean_text(label))
    return search_text(name), unit


def _read_loose(reading: _Reading, key: str, text: str) -> None:
    """Labels that mean one field or another, by what the value says."""
    if key in _SIZE_LABELS or key in _DISPLAY_LABELS:
        _read_display(reading, text, is_size=key in _SIZE_LABELS)
    elif key == "cpu":
        reading.take("chipset" if core_count(text) is None else "cpu_cores", text)
    elif key in _MEMORY_LABELS:
        for field in ("ram_gb", "storage_gb") if _RAM_TOO.search(text) else (_MEMORY_LABELS[key],):
            reading.take(field, text)
    elif key in _API_LEVELS:
        levels = [int(level) for level in re.findall(r"(?<![0-9])[0-9]{2}(?![0-9])", text)]
        if levels and max(levels) in _ANDROID:
            reading.values.setdefault("os", f"Android {_ANDROID[max(levels)]}")
    elif key in _NETWORKS:
        _read_network(reading, text)
    elif key in ("dimensions", "size", "body"):
        _read_dimensions(reading, text)


def _read_display(reading: _Reading, text: str, *, is_size: bool) -> None:
    try:
        resolution = parse_resolution(text)
    except SpecError as error:
        reading.problems.append(Problem("display_px_w", text, str(error)))
        return
    if resolution:
        reading.values.setdefault("display_px_w", resolution[0])
        reading.values.setdefault("display_px_h", resolution[1])
    if states_length(text) or (is_size and not resolution):
        reading.take("display_size_in", text)


def _read_network(reading: _Reading, text: str) -> None:
    if re.search(r"\b5G\b", text, re.IGNORECASE):
        reading.values.setdefault("has_5g", True)
    elif re.search(r"\b(?:GSM|CDMA|HSPA|UMTS|LTE|4G)\b", text, re.IGNORECASE):
        reading.values.setdefault("has_5g", False)


def _read_dimensions(reading: _Reading, text: str) -> None:
    try:
        thickness = parse_thickness(text)
    except SpecError as error:
        reading.problems.append(Problem("thickness_mm", text, str(error)))
    else:
        if thickness is not None:
            reading.values.setdefault("thickness_mm", thickness)
