"""Search that costs the same at any size of the catalogue.

What is typed is folded and becomes a beginning: a range of `search_key`, or, where more devices share it than are
worth sorting, a short list made ahead in `search_head`. See `docs/decisions/0003-flat-search.md`.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from dashboard.catalog.models import Category, Device, Make, SearchHead, SearchKey
from dashboard.catalog.normalise import search_text, words
from dashboard.catalog.service.search_keys import ANY, EXACT_NAME, NAME_START, SHORTEST, TEXT_LENGTH
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, BigInt, db, table_of
from dashboard.core.tenancy import read_shared

MAX_MATCHES = 100
SCAN_LIMIT = 1_000
"""Keys read at most of a range that has no head yet: exact until so many share it since the last import."""

SHORTEST_TYPO = 4
LONGEST_TYPO = 32
MAX_GUESSES = 6
_HIGHEST = "\U0010ffff"
_ALPHABET = string.ascii_lowercase + string.digits

_keys = table_of(SearchKey)
_heads = table_of(SearchHead)
_devices = table_of(Device)
_makes = table_of(Make)
_categories = table_of(Category)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A device that fits what was typed."""

    device_id: int
    name: str
    slug: str
    make: str
    category: str
    image_url: str | None
    release_year: int | None


Scope = tuple[int, int]
"""Ids of a make and a category to stay within; ANY (0) for either."""


def suggest(by: Principal, typed: str, *, limit: int, make_id: int = ANY, category_id: int = ANY) -> list[Suggestion]:
    """At most `limit` devices for what was typed: names that it is the whole of, names that start so, then later words,
    then model numbers; newer first in each.

    Where nothing begins so, all words in any order are tried, then every text one typing error away.
    """
    text = search_text(typed)[:TEXT_LENGTH]
    if len(text) < SHORTEST:
        return []
    scope = (make_id, category_id)
    found = _beginning_with(by, text, scope, limit)
    if len(found) < limit and len(parts := words(typed)) > 1:
        found += _with_all_words(by, parts, scope, limit, {each.device_id for each in found})
    if not found:
        found = _one_error_away(by, text, scope, limit)
    return found[:limit]


@lru_cache(maxsize=256)
def _best_statement(dialect: str, limit: int, *, of_make: bool, of_category: bool) -> AnySelect:
    """Devices under one beginning, best first: of its head where it has one, else of its range.

    PostgreSQL shall plan it once, because planning takes longer than searching. It plans anew as long as knowing the
    values looks cheaper: so limits are numbers (an unknown one counts as a tenth of the table), and the scope stands
    in subqueries, where it is never known.
    """
    text = bindparam("text", type_=String())
    make_id, category_id = _unseen("make_id"), _unseen("category_id")
    has_head = exists().where(_heads.c.text == text, _heads.c.make_id == make_id, _heads.c.category_id == category_id)
    high = bindparam("high", type_=String())
    # Where there is a head the range is empty. As a condition beside it, SQLite would still walk the whole range.
    in_range = [_keys.c.text >= case((has_head, high), else_=text), _keys.c.text < high]
    if of_make:
        in_range.append(_keys.c.make_id == make_id)
    if of_category:
        in_range.append(_keys.c.category_id == category_id)
    elif of_make:
        in_range.append(_in_each_category(dialect))
    # Heads have the whole name first already; here the key tells.
    in_full = and_(_keys.c.text == text, _keys.c.kind == literal_column(str(NAME_START)))
    kind = case((in_full, literal_column(str(EXACT_NAME), Integer())), else_=_keys.c.kind).label("kind")
    scanned = (
        select(_keys.c.device_id, kind, (-_keys.c.released).label("newest_first"))
        .where(*in_range)
        .limit(literal_column(str(SCAN_LIMIT)))
        .subquery("scanned")
    )
    ranged = select(scanned.c.device_id, func.min(scanned.c.kind).label("kind"), scanned.c.newest_first).group_by(
        scanned.c.device_id, scanned.c.newest_first
    )
    headed = select(_heads.c.device_id, _heads.c.kind, _heads.c.newest_first).where(
        _heads.c.text == text, _heads.c.make_id == make_id, _heads.c.category_id == category_id
    )
    either = union_all(headed, ranged).subquery("either")
    best = (
        select(either)
        .order_by(either.c.kind, either.c.newest_first, either.c.device_id.desc())
        .limit(literal_column(str(limit)))
        .subquery("best")
    )
    return (
        select(*_SHOWN)
        .select_from(best)
        .join(_devices, _devices.c.id == best.c.device_id)
        .join(_makes, _makes.c.id == _devices.c.make_id)
        .join(_categories, _categories.c.id == _devices.c.category_id)
        .order_by(best.c.kind, best.c.newest_first, best.c.device_id.desc())
    )


def _unseen(name: str) -> ColumnElement[int]:
    return select(bindparam(name, type_=BigInt)).scalar_subquery()


def _in_each_category(dialect: str) -> ColumnElement[bool]:
    """Always true: the index is by make, category and text, so each of the few categories is one range of it."""
    ids = select(_categories.c.id)
    if dialect == "sqlite":
        return _keys.c.category_id.in_(ids)
    # As an array, because a join would first read the whole make.
    return _keys.c.category_id == any_(func.array(ids.scalar_subquery()))


_SHOWN = (
    _devices.c.id,
    _devices.c.name,
    _devices.c.slug,
    _makes.c.name,
    _categories.c.name,
    _devices.c.image_url,
    _devices.c.released,
)


def _beginning_with(by: Principal, text: str, scope: Scope, limit: int) -> list[Suggestion]:
    make_id, category_id = scope
    statement = _best_statement(db.engine.dialect.name, limit, of_make=make_id != ANY, of_category=category_id != ANY)
    values = {"text": text, "high": text + _HIGHEST, "make_id": make_id, "category_id": category_id}
    rows = read_shared(by, statement, values)
    return [
        Suggestion(device_id, name, slug, make, category, image_url, released // 10_000 or None)
        for device_id, name, slug, make, category, image_url, released in rows
    ]


_MAKES_NAMED = select(_makes.c.id, _makes.c.search_name).where(
    _makes.c.search_name.in_(bindparam("names", expanding=True))
)


def _with_all_words(by: Principal, parts: Sequence[str], scope: Scope, limit: int, known: set[int]) -> list[Suggestion]:
    """Devices in which every word of `parts` begins some word, in any order: "pro iphone", "samsung ultra".

    A make's name narrows the scope; the longest other word is looked up, the rest is asked of what it finds.
    """
    if scope[0] == ANY:
        for make_id, word in read_shared(by, _MAKES_NAMED, {"names": list(parts)})[:1]:
            scope = (make_id, scope[1])
            parts = [part for part in parts if part != word]
    candidates = [part[:TEXT_LENGTH] for part in parts if len(part) >= SHORTEST]
    if not candidates:
        return []
    longest = max(candidates, key=len)
    found = _beginning_with(by, longest, scope, MAX_MATCHES * 4)
    fitting = [
        each for each in found if each.device_id not in known and _has_words(f"{each.make} {each.name}", parts, longest)
    ]
    return fitting[:limit]


def _has_words(name: str, parts: Sequence[str], looked_up: str) -> bool:
    own = words(name)
    return all(part == looked_up or any(word.startswith(part) for word in own) for part in parts)


def _one_error_away(by: Principal, text: str, scope: Scope, limit: int) -> list[Suggestion]:
    """Devices under a beginning that one inserted, missing, wrong or swapped character makes of `text`."""
    if not SHORTEST_TYPO <= len(text) <= LONGEST_TYPO:
        return []
    guesses = _existing(by, _variants(text))
    guesses.sort(key=lambda guess: (guess[0] != text[0], abs(len(guess) - len(text)), guess))
    found: dict[int, Suggestion] = {}
    for guess in guesses[:MAX_GUESSES]:
        for each in _beginning_with(by, guess, scope, limit):
            found.setdefault(each.device_id, each)
    return list(found.values())


def _variants(text: str) -> list[str]:
    found: set[str] = set()
    for at in range(len(text) + 1):
        before, after = text[:at], text[at:]
        found.update(before + letter + after for letter in _ALPHABET)
        if after:
            found.add(before + after[1:])
            found.update(before + letter + after[1:] for letter in _ALPHABET)
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    found.discard(text)
    return sorted(found)


def _existing(by: Principal, texts: Sequence[str]) -> list[str]:
    """Those of `texts` with which some key begins; one look at the index for each, whatever its size."""
    statement = _EXISTING_SQLITE if db.engine.dialect.name == "sqlite" else _EXISTING_POSTGRESQL
    return [text for (text,) in read_shared(by, statement, {"texts": orjson.dumps(texts).decode()})]


def _existing_statement(values: ColumnElement[str], source: Any) -> AnySelect:
    begins = exists().where(_keys.c.text >= values, _keys.c.text < values + _HIGHEST).correlate(source)
    return select(values).select_from(source).where(begins)


_offered_sqlite = func.json_each(bindparam("texts")).table_valued("value", name="offered")
_EXISTING_SQLITE = _existing_statement(_offered_sqlite.c.value, _offered_sqlite)
_offered_postgresql = func.jsonb_array_elements_text(cast(bindparam("texts"), JSONB)).table_valued(
    "value", name="offered"
)
_EXISTING_POSTGRESQL = _existing_statement(literal_column('offered.value COLLATE "C"'), _offered_postgresql)
