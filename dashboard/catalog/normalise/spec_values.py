"""Reading one spec as people write it: "6.9 inches", "3618-7825MB", "Octa-core", "8.0 oz"."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from dashboard.catalog.normalise.folding import clean_text
from dashboard.catalog.normalise.spec_table import FIELD_BY_KEY, SpecError, SpecField, SpecValue, is_absent

# fmt: off
# Sizes in which memory is sold. What a system reports is a little below the next of them.
NOMINAL_RAM_GB = (
    0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 18.0, 24.0, 32.0,
    48.0, 64.0, 96.0, 128.0,
)
# fmt: on
# A system that runs and counts its memory has more than this; a source that says "0MB" has not measured.
LEAST_REPORTED_MB = 64
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)"
_QUANTITY = re.compile(rf"({_NUMBER})[ -]?([a-z]+[0-9]?|\"|'')?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_BARE = re.compile(r"[0-9 .,/~-]+")
_RANGE = re.compile(rf"{_NUMBER} ?(?:mb|gb)? ?(?:-|~|to) ?{_NUMBER}")
_OF_RAM = re.compile(rf"{_NUMBER} ?[kmgt]i?b (?:of )?ram\b")
_RESOLUTION = re.compile(r"(?<![0-9.])([0-9]{2,5}) ?[x*] ?([0-9]{2,5})(?![0-9.])")
_DIMENSIONS = re.compile(rf"({_NUMBER}) ?x ?({_NUMBER}) ?x ?({_NUMBER}) ?(mm|cm|in)")
_INCH_SIGNS = str.maketrans({"″": '"', "”": '"', "“": '"', "\u00d7": "x", "\u2013": "-", "\u2014": "-", "\u2212": "-"})
_CORE_WORDS = ("single", "dual", "triple", "quad", "penta", "hexa", "hepta", "octa", "nona", "deca")
_CORE_COUNT = re.compile(rf"\b(?:({'|'.join(_CORE_WORDS)})|([0-9]{{1,3}}))[ -]?cores?\b")
_YES = frozenset({"yes", "true", "y", "1", "1.0", "supported", "on"})
_NO = frozenset({"no", "false", "n", "0", "0.0", "not supported", "off"})
_FIFTH_GENERATION = re.compile(r"\b(?:5g|sub-?6|mmwave|nsa|sa|nr|n[0-9]{1,3})\b")


@lru_cache(maxsize=16384)
def parse_spec(field: str, text: str, *, reported: bool = False) -> SpecValue | None:
    """The value of `field` (a key of SPEC_FIELDS) that `text` states, in the field's unit; None where it
    says nothing.

    `reported` marks memory as a running system counts it, which is rounded up to the size that was sold; a
    range such as "3618-7825MB" always is such a count. Raises SpecError, and KeyError for an unknown field.
    """
    spec = FIELD_BY_KEY[field]
    cleaned = clean_text(text)
    if is_absent(cleaned):
        return None
    if spec.kind == "text":
        return _text(spec, cleaned)
    folded = _fold(cleaned)
    if spec.kind == "flag":
        return _flag(folded)
    if folded.startswith("-"):
        raise SpecError("is negative")
    read = _reported_ram if reported and field == "ram_gb" else _READERS.get(field, _first)
    return _within(spec, read(spec, folded))


def parse_resolution(text: str) -> tuple[int, int] | None:
    """Width and height in pixels as written in "1080x2340"; of several the largest; None where there is none.

    Raises SpecError where a side is outside its bounds.
    """
    folded = _fold(clean_text(text))
    found = [(int(w), int(h)) for w, h in _RESOLUTION.findall(folded)]
    if not found:
        return None
    width, height = max(found, key=lambda size: size[0] * size[1])
    for key, side in (("display_px_w", width), ("display_px_h", height)):
        _within(FIELD_BY_KEY[key], side)
    return width, height


def parse_thickness(text: str) -> float | None:
    """The smallest of three dimensions "160.8 x 78.1 x 7.4 mm", in mm; None where no three are given."""
    folded = _fold(clean_text(text))
    match = _DIMENSIONS.search(folded)
    if match is None:
        return None
    spec = FIELD_BY_KEY["thickness_mm"]
    smallest = min(_to_number(side) for side in match.groups()[:3])
    return float(_within(spec, smallest * spec.units[match[4]]))


def core_count(text: str) -> int | None:
    """The number of cores in "Octa-core (2x3.8 GHz …)", "8 cores" or a bare number; None where it names a
    chip.
    """
    folded = text.strip().lower()
    match = _CORE_COUNT.search(folded)
    if match:
        return _CORE_WORDS.index(match[1]) + 1 if match[1] else int(match[2])
    if _BARE.fullmatch(folded):
        try:
            return int(float(folded))
        except (ValueError, OverflowError):
            return None
    return None


def states_length(text: str) -> bool:
    """Whether the text holds a number with a unit of length, as "6.9 inches" does and "Super AMOLED" does
    not.
    """
    folded = _fold(clean_text(text))
    return any(unit in FIELD_BY_KEY["display_size_in"].units for _, unit in _quantities(folded))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_INCH_SIGNS)).lower()


def _text(spec: SpecField, text: str) -> str:
    if len(text) > (spec.maximum or 0):
        raise SpecError(f"is longer than {spec.maximum:.0f} characters")
    return text


def _flag(text: str) -> bool:
    if text in _NO:
        return False
    if text in _YES or _FIFTH_GENERATION.search(text):
        return True
    raise SpecError("is neither yes nor no")


def _to_number(written: str) -> float:
    if "," in written:
        written = written.replace(",", "" if _THOUSANDS.fullmatch(written) else ".")
    return float(written)


def _quantities(text: str) -> list[tuple[float, str]]:
    return [(_to_number(number), unit) for number, unit in _QUANTITY.findall(text)]


def _stated(spec: SpecField, text: str) -> list[float]:
    """Every value in the field's unit that the text states; a number without unit counts only if nothing
    else is written, so that no digit of a product's name becomes a spec.
    """
    found = _quantities(text)
    values = [number * spec.units[unit] for number, unit in found if unit in spec.units]
    if not values and found and _BARE.fullmatch(text):
        values = [number for number, _ in found]
    if not values:
        raise SpecError(f"cannot be read as {spec.label}; write it as {spec.example}")
    return values


def _first(spec: SpecField, text: str) -> float:
    return _stated(spec, text)[0]


def _storage(spec: SpecField, text: str) -> float:
    """The largest size on offer, the memory in "256GB 8GB RAM" left out."""
    return max(_stated(spec, _OF_RAM.sub(" ", text)))


def _cores(spec: SpecField, text: str) -> float:
    count = core_count(text)
    return float(count) if count is not None else _first(spec, text)


def _camera(spec: SpecField, text: str) -> float:
    if text.startswith("vga"):
        return 0.3
    # The first of "50+12+5" is the main one: the plus is no part of a number.
    return _stated(spec, text.replace("+", "/"))[0]


def _ram(spec: SpecField, text: str) -> float:
    """The largest memory on offer: what is marked as RAM, else the upper end of a range or list."""
    text = " ".join(_OF_RAM.findall(text)) or text
    if "mb" not in text and "mib" not in text:
        return max(_stated(spec, text))
    if _RANGE.search(text):
        return _reported_ram(spec, text)
    megabytes = max(_stated(spec, text)) * 1024
    step = 1 if megabytes < LEAST_REPORTED_MB else 16 if megabytes < 1024 else 256
    return _nominal_ram(megabytes) if megabytes % step else megabytes / 1024


def _reported_ram(spec: SpecField, text: str) -> float:
    return _nominal_ram(max(_stated(spec, text)) * 1024)


def _nominal_ram(megabytes: float) -> float:
    """GB of the smallest size sold that holds `megabytes`. Systems count a million bytes as one: 17179 is
    16 GB.
    """
    if megabytes < LEAST_REPORTED_MB:
        raise SpecError(f"is less than the {LEAST_REPORTED_MB} MB that any system needs to report it")
    gigabytes = megabytes * 1e6 / 2**30
    return next((size for size in NOMINAL_RAM_GB if size >= gigabytes), gigabytes)


def _within(spec: SpecField, number: float) -> float | int:
    assert spec.minimum is not None
    assert spec.maximum is not None
    unit = f" {spec.unit}" if spec.unit else ""
    if not number >= spec.minimum:
        raise SpecError(f"is less than {spec.minimum:,g}{unit}, the least that is believed for {spec.label}")
    if not number <= spec.maximum:
        raise SpecError(f"is more than {spec.maximum:,g}{unit}, the most that is believed for {spec.label}")
    return round(number) if spec.kind == "integer" else round(number, spec.digits)


_READERS: dict[str, Callable[[SpecField, str], float]] = {
    "ram_gb": _ram,
    "storage_gb": _storage,
    "cpu_cores": _cores,
    "main_camera_mp": _camera,
}
