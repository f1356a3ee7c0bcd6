"""Names of makes and devices: how they are shown, and under which key two rows are the same device."""

import re
from functools import lru_cache

from dashboard.catalog.normalise.folding import clean_text, search_text, words

# fmt: off
# Makes whose own spelling is not simply capitalised, and makes that sources often write in lower case.
_MAKES = (
    "Acer", "alcatel", "AMD", "Apple", "ASRock", "Asus", "Blackview", "BLU", "Cherry Mobile", "Club 3D",
    "Cooler Master", "Doogee", "EVGA", "GALAX", "General Mobile", "Gigabyte", "Google", "HIS", "HMD",
    "Honor", "HP", "HTC", "Huawei", "Infinix", "Inno3D", "Intel", "iQOO", "itel", "KFA2", "Lenovo", "LG",
    "Meizu", "Micromax", "Microsoft", "Motorola", "MSI", "Nokia", "nubia", "NVIDIA", "OnePlus", "Oppo",
    "Panasonic", "Philips", "PNY", "POCO", "Point of View", "PowerColor", "realme", "Redmi", "Samsung",
    "Sharp", "Sky Devices", "Sony", "TCL", "Tecno", "Umidigi", "vivo", "Western Digital", "XFX", "Xiaomi",
    "ZTE",
)
# fmt: on
_MAKE_BY_FOLD = {search_text(make): make for make in _MAKES} | {
    "lge": "LG",
    "lgelectronics": "LG",
    "samsungelectronics": "Samsung",
    "tctalcatel": "alcatel",
    "asustek": "Asus",
    "asustekcomputer": "Asus",
    "hmdglobal": "HMD",
    "motorolamobility": "Motorola",
}
_LONG_MAKES = tuple(tuple(words(make)) for make in _MAKES if " " in make)

# Lines that some sources list as makes and others under the house that sells them.
_HOUSE = {"redmi": "xiaomi", "poco": "xiaomi", "iqoo": "vivo", "nubia": "zte"}

# Ways of selling one and the same device. Radio generations ("5G", "LTE"), years and sizes are not among
# them: a Galaxy A16 5G has another chip, other model numbers and another price than a Galaxy A16.
_NOISE = (("dual", "sim"), ("single", "sim"), ("sim", "free"), ("dualsim",), ("unlocked",), ("smartphone",))

# fmt: off
_SPELT_WORDS = (
    "iPhone", "iPad", "iPod", "iMac", "MacBook", "AirPods", "OneTouch", "ThinkPhone", "ROG", "XL", "SE",
    "FE", "GT", "HD", "TV", "LTE", "NFC", "GSM", "CDMA", "UW", "WiMAX", "OT", "II", "III", "IV", "VI",
    "VII", "VIII", "IX", "3GS", "ThinQ", "MIX", "USB", "NXT", "XR", "XS",
)
# fmt: on
_SPELLING = {search_text(word): word for word in _SPELT_WORDS}
_LETTERS_AND_DIGITS = re.compile(r"(?=[a-z]*[0-9])[a-z0-9]+")
_NUMBER_SUFFIX = re.compile(r"[0-9]+[is]")
_WORD = re.compile(r"[^\s/()+_-]+")
MODEL_NUMBER_LENGTH = 64
_MODEL_SEPARATORS = re.compile(r"[,;\n\r|]+|/(?=[^,;/\n\r|]*[0-9])")


@lru_cache(maxsize=8192)
def make_name(make: str, name: str = "") -> str:
    """The make as it is shown: its own spelling where known ("LGE" is LG), else as given, capitalised if
    all small.

    `name` tells makes apart that a source throws together: devices of "TCT (Alcatel)" named "TCL …" are
    TCL's.
    """
    make = clean_text(make)
    folded = search_text(make)
    if folded == "tctalcatel" and words(name)[:1] == ["tcl"]:
        return "TCL"
    known = _MAKE_BY_FOLD.get(folded)
    if known:
        return known
    return tidy_name(make)


def split_make(name: str) -> str:
    """The make that a name begins with: a known one of several words, else the first word; "" for no name."""
    found = words(name)
    for long_make in _LONG_MAKES:
        if tuple(found[: len(long_make)]) == long_make:
            return make_name(" ".join(long_make))
    first = clean_text(name).split(" ")[0]
    return make_name(first) if first else ""


@lru_cache(maxsize=32768)
def merge_key(make: str, name: str) -> str:
    """The key under which rows are one device: "samsung:galaxys25ultra".

    The make is folded to its known spelling and to the house of a line (Redmi to Xiaomi, the line then
    stays in the name); a make repeated at the head of the name and ways of sale ("Dual SIM", "Unlocked")
    are dropped. All that can be another device stays: radio generation, year, size, letters of a variant.
    """
    spelled = make_name(make, name)
    own = search_text(spelled)
    house = _HOUSE.get(own, own)
    found = words(name)
    rest = found
    for head in (words(make), words(spelled), [house]):
        if rest[: len(head)] == head:
            rest = rest[len(head) :]
    if house != own and rest[:1] != [own]:
        rest = [own, *rest]
    rest = _without_noise(rest) or rest or found
    return f"{house}:{''.join(rest)}"


def clean_model_numbers(text: str) -> list[str]:
    """Model numbers out of one cell, trimmed, in order, none twice whatever its case.

    Commas, semicolons, bars, slashes and line ends separate them; a slash only where a digit follows before
    the next separator, for "SM-G960F/DS" and "MYNF3LL/A" are one number each. Longer than 64 characters is
    none.
    """
    found: dict[str, str] = {}
    for part in _MODEL_SEPARATORS.split(text):
        number = clean_text(part)
        if any(c.isalnum() for c in number) and len(number) <= MODEL_NUMBER_LENGTH:
            found.setdefault(number.casefold(), number)
    return list(found.values())


@lru_cache(maxsize=8192)
def tidy_name(name: str) -> str:
    """A name in one line; one written all in small letters gets capitals: "htc desire 12s" as "HTC Desire
    12s".

    Names with any capital are somebody's spelling and stay. Makes and lines keep their own ("vivo",
    "iPhone").
    """
    name = clean_text(name)
    if name != name.lower() or not any("a" <= c <= "z" for c in name):
        return name
    if "iphone" in name or "ipad" in name:
        return _WORD.sub(lambda match: _SPELLING.get(match[0]) or _capital(match[0]), name)
    return _WORD.sub(lambda match: _spell(match[0]), name)


def _spell(word: str) -> str:
    known = _SPELLING.get(word) or _MAKE_BY_FOLD.get(word)
    if known:
        return known
    if _LETTERS_AND_DIGITS.fullmatch(word) and not _NUMBER_SUFFIX.fullmatch(word):
        letters = sum(c.isalpha() for c in word)
        return word.upper() if letters <= 3 else word.capitalize()
    return _capital(word)


def _capital(word: str) -> str:
    return _MAKE_BY_FOLD.get(word) or (word.capitalize() if word[0].isalpha() else word)


def _without_noise(found: list[str]) -> list[str]:
    kept: list[str] = []
    position = 0
    while position < len(found):
        noise = next((n for n in _NOISE if tuple(found[position : position + len(n)]) == n), None)
        if noise:
            position += len(noise)
        else:
            kept.append(found[position])
            position += 1
    return kept
