"""What the packages' names mean: the make, the spelling, the category, and whether it is a trade name at all."""

import csv
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import TypeAlias, cast

DATA = Path(__file__).resolve().parents[2] / "dashboard" / "demo" / "data"

Row: TypeAlias = dict[str, str]


def read_table(path: Path) -> list[Row]:
    """Return the rows of a CSV table of ours."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


RULES = cast(dict[str, dict[str, object]], tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8")))
MAKES = read_table(DATA / "makes.csv")
MAKE_OF_BRAND = {brand: row["name"] for row in MAKES for brand in row["source_brands"].split("|") if brand}
HOME_CATEGORY = {row["name"]: row["category"] for row in MAKES if row["category"]}


def words(section: str, key: str) -> set[str]:
    """Return a list of names.toml as a set."""
    return set(cast(list[str], RULES[section][key]))


def any_of(patterns: object) -> re.Pattern[str]:
    """Return one pattern, blind to case, that matches where any of ``patterns`` does."""
    return re.compile("|".join(cast(list[str], patterns)), re.IGNORECASE)


KEPT_PREFIXES = cast(Row, RULES["prefix"]["kept"])
MAKE_PREFIXES = [(row["name"].lower(), row["name"]) for row in MAKES if row["name"] not in words("prefix", "everyday")]
PREFIXES = sorted([*MAKE_PREFIXES, *KEPT_PREFIXES.items()], key=lambda pair: -len(pair[0]))
FIXES = [(re.compile(pattern), to) for pattern, to in cast(list[tuple[str, str]], RULES["spelling"]["fixes"])]
JUNK = any_of(RULES["refuse"]["anywhere"])
CARRIERS = any_of([cast(str, RULES["refuse"]["carriers"]).replace("\n", "")])
CODE = re.compile("|".join(cast(list[str], RULES["refuse"]["code"])))
REFUSED_NAMES = cast(Row, RULES["refuse"]["make"])
TRADE_CODES = cast(Row, RULES["allow"]["code"])
CATEGORIES = [(name, any_of(patterns)) for name, patterns in RULES["category"].items()]
TABLETS = cast(Row, RULES["tablets"])
RUNS = cast(Row, RULES["runs"])
NEVER = "$."


def norm(text: str) -> str:
    """Return the key under which two spellings of a name are the same device."""
    return re.sub(r"[^a-z0-9]", "", text.lower().replace("+", "plus").replace("&", "and"))


def slugify(text: str) -> str:
    """Return the slug of a device name: "Galaxy S25+" gives galaxy-s25-plus."""
    plain = unicodedata.normalize("NFKD", text.replace("+", " plus ")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")


def plain_case(word: str) -> str:
    """Return a word that is all capitals or all small letters with one capital, save for known spellings."""
    if not word.isalpha() or word in words("spelling", "small") | words("spelling", "upper"):
        return word
    shouted = word.isupper() and (len(word) > 3 or word in words("spelling", "shouted"))
    return word.capitalize() if shouted or (word.islower() and len(word) > 1) else word


def tidy(raw: str) -> str:
    """Return a source's name in one spelling: no marks, single spaces, no shouting; "" when unreadable."""
    name = unicodedata.normalize("NFKC", re.sub(r"[\u2122\u00ae\u00a9]", " ", raw)).strip()
    if any(ord(char) > 0x24F and char not in "\u2019\u2018" for char in name):
        return ""
    if "(" not in name:
        name = re.split(r"\s*[;,]\s*|(?<=\w{2})\s*/\s*", name, maxsplit=1)[0]
    for pattern, replacement in FIXES:
        name = pattern.sub(replacement, name)
    return " ".join(map(plain_case, name.split())).strip(" -/.")


def split_make(make: str, name: str) -> tuple[str, str]:
    """Return the make that a name itself states (else ``make``) and the name without it."""
    while re.match(rf"{re.escape(make)}(?![a-z]).", name, re.IGNORECASE):
        name = name[len(make) :].strip(" -_:")
    lowered = name.lower()
    for prefix, owner in PREFIXES:
        if lowered.startswith(prefix) and not lowered[len(prefix) : len(prefix) + 1].isalpha():
            return owner, name if prefix in KEPT_PREFIXES else name[len(prefix) :].strip(" -_:")
    return make, name


ERICSSON_NAMES = r"(?i)(xperia )?(x8|x10.*|arc.*|neo( v)?|mini.*|ray|active|pro|play|acro|live.*|w8|x10i)$|live with.*"


def house_style(make: str, name: str, brand: str) -> tuple[str, str]:
    """Return make and name as that make itself writes them, where the list is known to differ."""
    if make == "Samsung":
        name = re.sub(r"\b([A-Za-z]{3,})(\d{1,2})(?=\b|\+)", r"\1 \2", name)
    if make == "Motorola":
        name = re.sub(r"(?<=^Moto )[a-z](?![a-z])", lambda letter: letter[0].upper(), name)
    if make == "Sony Ericsson" and not re.match(ERICSSON_NAMES, name):
        make = "Sony"
    if make == "Oppo":
        name = re.sub(r"^([AFNR]\d{1,2}s?)(fw|tm|km|kt|kc|fa|fg|t|m|f|w|c|u|g)$", r"\1", name)
    if brand in {"Redmi", "POCO"} and not re.match(rf"(?i){brand}|mi ", name):
        name = f"{brand} {name}"
    return make, name


def is_refused(make: str, name: str) -> bool:
    """Say whether a name is empty, a placeholder, cut off, a carrier's label or barred for its make."""
    if not name or len(name) > 40 or name.count("(") != name.count(")") or JUNK.search(name):
        return True
    if make in words("refuse", "rebranded") and CARRIERS.search(name):
        return True
    return bool(re.fullmatch(REFUSED_NAMES.get(make, NEVER), name, re.IGNORECASE))


def is_trade_name(make: str, name: str) -> bool:
    """Say whether ``name`` is a name that a shop would use, not a model code."""
    if is_refused(make, name):
        return False
    if re.fullmatch(r"\d{1,2}|\d\.\d|[A-Za-z]", name):
        return make in words("allow", "bare")
    if re.fullmatch(TRADE_CODES.get(make, NEVER), name):
        return True
    first, *rest = name.split()
    if CODE.fullmatch(first) and all(len(word) < 4 for word in rest):
        return False
    telling = [word for word in name.split() if not re.fullmatch(r"(?i)3g|4g|lte|wi-?fi|duo|tv|led|[a-z]", word)]
    return bool(telling) and not all(CODE.fullmatch(word) for word in telling)


def category_of(make: str, name: str) -> str:
    """Return the category that a name tells, else the one its make is known for, else Smartphones."""
    inches_tenfold = re.match(r"(\d{2,3})[a-z]? ", name) if make == "Archos" else None
    if inches_tenfold:
        return "Tablets" if int(inches_tenfold[1]) >= 70 else "Smartphones"
    if re.match(TABLETS.get(make, NEVER), name):
        return "Tablets"
    found = (category for category, pattern in CATEGORIES if pattern.search(name))
    return next(found, HOME_CATEGORY.get(make, "Smartphones"))
