"""What the address of the grid says: read once, and written into every link on the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from dashboard.core.errors import Invalid
from dashboard.core.money import Money
from dashboard.inventory.queries.grid import SORTS, GridChoices
from dashboard.inventory.queries.unit_filters import STATUSES, UnitFilter
from dashboard.inventory.service.unit_files import read_money

STATUS_WORDS = {
    "available": "Available", "held": "Held", "quarantined": "Quarantined", "in_transit": "In transit",
}  # fmt: skip
SORT_WORDS = {
    "newest": "Newest", "oldest": "Oldest", "price": "Lowest price", "-price": "Highest price", "model": "Model",
    "grade": "Grade",
}  # fmt: skip
LOCK_WORDS = {"yes": "Locked", "no": "Unlocked"}
MAX_TYPED = 60
MAX_CHOICES = 20


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the way out of it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a chip offers."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The state of the grid. Prices in minor units of `currency`."""

    currency: str
    typed: str = ""
    grades: tuple[str, ...] = ()
    place: str = ""
    lock: str = ""
    status: str = ""
    battery_min: int | None = None
    battery_max: int | None = None
    price_min: int | None = None
    price_max: int | None = None
    sort: str = "newest"

    def params(self) -> dict[str, Any]:
        """Query parameters; whatever is as usual is left out."""
        params: dict[str, Any] = {
            "q": self.typed,
            "grade": list(self.grades),
            "place": self.place,
            "lock": self.lock,
            "status": self.status,
            "battery_min": self.battery_min,
            "battery_max": self.battery_max,
            "price_min": self.money(self.price_min),
            "price_max": self.money(self.price_max),
            "sort": self.sort if self.sort != "newest" else None,
        }
        return {name: value for name, value in params.items() if value not in (None, "", [])}

    def money(self, minor: int | None) -> str:
        """A limit as it is typed."""
        return "" if minor is None else str(Money(minor, self.currency).to_decimal())

    def query(self) -> str:
        return urlencode(self.params(), doseq=True)

    def hidden(self, *own: str) -> list[tuple[str, Any]]:
        """The parameters as hidden inputs of a form, those left out that the form has fields of its `own` for."""
        pairs: list[tuple[str, Any]] = []
        for name, value in self.params().items():
            if name in own:
                continue
            if name == "grade":
                pairs += [(name, each) for each in self.grades]
            else:
                pairs.append((name, value))
        return pairs

    def url(self, after: str | None = None) -> str:
        """The address of this state, from the first row unless `after` says where to go on."""
        query = urlencode(self.params() | ({"after": after} if after else {}), doseq=True)
        start = url_for("units.grid")
        return f"{start}?{query}" if query else start

    def having(self, **changes: Any) -> str:
        return replace(self, **changes).url()

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool({name for name in self.params() if name != "sort"})

    def filter(self) -> UnitFilter:
        """The filter that this state asks for."""
        return UnitFilter(
            text=self.typed or None,
            grades=tuple(sorted(self.grades)),
            location=self.place or None,
            carrier_locked={"yes": True, "no": False}.get(self.lock),
            status=self.status or None,
            min_battery=self.battery_min,
            max_battery=self.battery_max,
            min_price=self.price_min,
            max_price=self.price_max,
        )

    def chips(self, choices: GridChoices) -> list[Chip]:
        """The filters that are set."""
        found: list[Chip] = []
        if self.typed:
            found.append(Chip("Model", f"{self.typed}…", self.having(typed="")))
        if self.status:
            found.append(Chip(STATUS_WORDS[self.status], "", self.having(status="")))
        if self.grades:
            found.append(Chip("Grade", ", ".join(self.grades), self.having(grades=())))
        if self.place:
            found.append(Chip("Place", dict(choices.places).get(self.place, self.place), self.having(place="")))
        if self.lock:
            found.append(Chip("Carrier", LOCK_WORDS[self.lock].lower(), self.having(lock="")))
        if self.battery_min is not None or self.battery_max is not None:
            text = _range(_percent(self.battery_min), _percent(self.battery_max))
            found.append(Chip("Battery", text, self.having(battery_min=None, battery_max=None)))
        if self.price_min is not None or self.price_max is not None:
            text = _range(self.money(self.price_min), self.money(self.price_max))
            found.append(Chip("Price", text, self.having(price_min=None, price_max=None)))
        return found

    def grade_choices(self, choices: GridChoices) -> list[Choice]:
        """Each grade; choosing one that is set takes it away."""
        return [
            Choice(code, self.having(grades=_toggled(self.grades, code)), code in self.grades)
            for code, _ in choices.grades
        ]

    def place_choices(self, choices: GridChoices) -> list[Choice]:
        return [Choice(name, self.having(place=code), code == self.place) for code, name in choices.places]

    @property
    def status_choices(self) -> list[Choice]:
        return [Choice(words, self.having(status=key), key == self.status) for key, words in STATUS_WORDS.items()]

    @property
    def lock_choices(self) -> list[Choice]:
        return [Choice(words, self.having(lock=key), key == self.lock) for key, words in LOCK_WORDS.items()]

    @property
    def sort_choices(self) -> list[Choice]:
        return [Choice(words, self.having(sort=key), key == self.sort) for key, words in SORT_WORDS.items()]

    @property
    def clear_url(self) -> str:
        return Listing(self.currency, sort=self.sort).url()


def read_listing(args: MultiDict[str, str], currency: str) -> Listing:
    """The state in an address. Raises Invalid, naming the parameter that cannot be read."""
    low, high = (_whole(args, name) for name in ("battery_min", "battery_max"))
    cheap, dear = (_amount(args, name, currency) for name in ("price_min", "price_max"))
    for first, second, name in ((low, high, "battery_min"), (cheap, dear, "price_min")):
        if first is not None and second is not None and first > second:
            raise Invalid.field(name, "The first number must not be above the second.")
    return Listing(
        currency,
        typed="".join(sign for sign in args.get("q", "") if sign.isprintable()).strip()[:MAX_TYPED],
        grades=_grades(args.getlist("grade")),
        place=args.get("place", "").strip()[:40],
        lock=_one_of(args, "lock", LOCK_WORDS),
        status=_one_of(args, "status", STATUSES),
        battery_min=low,
        battery_max=high,
        price_min=cheap,
        price_max=dear,
        sort=_one_of(args, "sort", SORTS) or "newest",
    )


def _grades(given: Sequence[str]) -> tuple[str, ...]:
    """Codes; `A ` is an `A+` whose sign was not encoded."""
    read = [f"{text.rstrip()}+" if text.endswith(" ") else text for text in given]
    return tuple(dict.fromkeys(text[:12] for text in read if text.strip()))[:MAX_CHOICES]


def _toggled(grades: tuple[str, ...], code: str) -> tuple[str, ...]:
    return tuple(each for each in grades if each != code) if code in grades else (*grades, code)


def _one_of(args: MultiDict[str, str], name: str, allowed: Sequence[str] | dict[str, Any]) -> str:
    text = args.get(name, "")
    if text and text not in allowed:
        raise Invalid.field(name, f"{name} must be one of {', '.join(allowed)}.")
    return text


def _whole(args: MultiDict[str, str], name: str) -> int | None:
    text = args.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= 100):
        raise Invalid.field(name, "Battery health is 0 to 100 percent.")
    return int(text)


def _amount(args: MultiDict[str, str], name: str, currency: str) -> int | None:
    text = args.get(name, "").strip()
    return read_money(text, currency, name) if text else None


def _percent(value: int | None) -> str:
    return "" if value is None else f"{value}%"


def _range(low: str, high: str) -> str:
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}"
