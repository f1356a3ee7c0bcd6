"""The index behind the search: where a query may begin, and the best devices of beginnings that many share."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from dashboard.catalog.models import SearchHead, SearchKey
from dashboard.catalog.normalise import search_text, words
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads, table_of

TEXT_LENGTH = 48
SHORTEST = 2
HEAD_SIZE = 100
"""A beginning that more keys share has a head of this many devices; below it the range itself is read."""

WRITTEN_AT_ONCE = 2_000

NAME_START, LATER_WORD, MODEL_NUMBER = 0, 1, 2
EXACT_NAME = -1
"""The kind of a device whose whole name, with or without its make, is what was typed. Keys do not have it: it depends
on what is typed. Heads do."""

ANY = 0

_keys = table_of(SearchKey)
_heads = table_of(SearchHead)


class Key(NamedTuple):
    """One row of `search_key`, with what it is sorted by."""

    text: str
    kind: int
    released: int
    device_id: int
    make_id: int
    category_id: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """Best first: the kind, then newer, then the device added later."""
        return self.kind, -self.released, -self.device_id


def texts_of(make: str, name: str, model_numbers: Iterable[str]) -> dict[str, int]:
    """Every beginning under which a device is found, and of which kind it is."""
    found: dict[str, int] = {}
    make_words, name_words = words(make), words(name)
    led_by_make = name_words[: len(make_words)] == make_words
    for start in range(len(name_words)):
        at_start = start == 0 or (led_by_make and start == len(make_words))
        _note(found, "".join(name_words[start:]), NAME_START if at_start else LATER_WORD)
    if not led_by_make:
        _note(found, "".join(make_words + name_words), NAME_START)
    for number in model_numbers:
        parts = words(number)
        for start in range(min(2, len(parts))):
            _note(found, "".join(parts[start:]), MODEL_NUMBER)
    return found


def _note(found: dict[str, int], text: str, kind: int) -> None:
    text = text[:TEXT_LENGTH]
    if len(text) >= SHORTEST:
        found[text] = min(kind, found.get(text, kind))


_delete_keys = delete(_keys).where(_keys.c.device_id == bindparam("device"))


def write_keys(
    session: CommandSession,
    devices: Sequence[Mapping[str, Any]],
    makes: Mapping[int, str],
    *,
    had_keys: Collection[int],
) -> None:
    """Write the keys of `devices` (columns of the device table, with their ids), replacing those of `had_keys`."""
    if had_keys:
        session.execute(_delete_keys, [{"device": device_id} for device_id in sorted(had_keys)])
    if not devices:
        return
    rows = [
        {
            "text": text,
            "kind": kind,
            "device_id": device["id"],
            "released": device["released"],
            "make_id": device["make_id"],
            "category_id": device["category_id"],
        }
        for device in devices
        for text, kind in texts_of(makes[device["make_id"]], device["name"], device["model_numbers"]).items()
    ]
    session.execute(insert(_keys), rows)


def write_heads_of(session: CommandSession, device: Mapping[str, Any], makes: Mapping[int, str]) -> None:
    """Bring one device into the heads that exist, so that an edit is found at once.

    A beginning that has just become common has no head yet: its range is still short enough to be read.
    """
    session.execute(delete(_heads).where(_heads.c.device_id == device["id"]))
    best = _kinds_of_beginnings(texts_of(makes[device["make_id"]], device["name"], device["model_numbers"]))
    statement = (
        select(_heads.c.text, _heads.c.make_id, _heads.c.category_id)
        .where(
            _heads.c.text.in_(list(best)),
            _heads.c.make_id.in_([ANY, device["make_id"]]),
            _heads.c.category_id.in_([ANY, device["category_id"]]),
        )
        .distinct()
    )
    rows = [
        {
            "text": text,
            "make_id": make_id,
            "category_id": category_id,
            "kind": best[text],
            "newest_first": -device["released"],
            "device_id": device["id"],
        }
        for text, make_id, category_id in session.execute(statement)
    ]
    if rows:
        session.execute(insert(_heads), rows)


def _kinds_of_beginnings(texts: Mapping[str, int]) -> dict[str, int]:
    """Everything that could be typed for a device with these texts, and which kind of match it would be."""
    best: dict[str, int] = {}
    for text, kind in texts.items():
        for length in range(SHORTEST, len(text)):
            best[text[:length]] = min(kind, best.get(text[:length], kind))
        best[text] = min(_kind_in_full(kind), best.get(text, kind))
    return best


def _kind_in_full(kind: int) -> int:
    """The kind of a match with the whole of a key of `kind`."""
    return EXACT_NAME if kind == NAME_START else kind


def rebuild_heads(by: Principal, between: Callable[[], None] | None = None) -> int:
    """Make all heads anew, one first letter a transaction, and say how many rows they have. Run after imports.

    `between` is called before each letter, outside a transaction: it may raise to stop.
    """
    letters = reads(by).scalars(select(func.substr(_keys.c.text, 1, 1)).distinct()).all()
    kept = 0
    for letter in sorted(letters):
        if between is not None:
            between()
        wanted = set(_heads_of(_keys_under(by, letter)))
        with atomic(by) as session:
            _write_differences(session, letter, wanted)
        kept += len(wanted)
    return kept


HeadRow = tuple[str, int, int, int, int, int]
"""Text, make, category, kind, -released, device: a whole row of `search_head`."""

_head_columns = (
    _heads.c.text,
    _heads.c.make_id,
    _heads.c.category_id,
    _heads.c.kind,
    _heads.c.newest_first,
    _heads.c.device_id,
)
_delete_head = delete(_heads).where(*(column == bindparam(f"old_{column.name}") for column in _head_columns))


def _write_differences(session: CommandSession, letter: str, wanted: set[HeadRow]) -> None:
    """Make the heads of a letter what they should be. Most stay as they are, and writing is what costs."""
    in_letter = (_heads.c.text >= letter, _heads.c.text < letter + "\U0010ffff")
    present: set[HeadRow] = {(*row,) for row in session.execute(select(*_head_columns).where(*in_letter))}
    gone = present - wanted
    if len(gone) > len(present) // 2:
        session.execute(delete(_heads).where(*in_letter))
        present = set()
    else:
        for some in _pieces(sorted(gone)):
            session.execute(_delete_head, [_named(row, "old_") for row in some])
    for some in _pieces(sorted(wanted - present)):
        session.execute(insert(_heads), [_named(row) for row in some])


def _pieces(rows: Sequence[HeadRow]) -> Iterator[Sequence[HeadRow]]:
    for start in range(0, len(rows), WRITTEN_AT_ONCE):
        yield rows[start : start + WRITTEN_AT_ONCE]


def _named(row: HeadRow, prefix: str = "") -> dict[str, str | int]:
    return {f"{prefix}{column.name}": value for column, value in zip(_head_columns, row, strict=True)}


_keys_in_range = (
    select(_keys.c.text, _keys.c.kind, _keys.c.released, _keys.c.device_id, _keys.c.make_id, _keys.c.category_id)
    .where(_keys.c.text >= bindparam("low"), _keys.c.text < bindparam("high"))
    .order_by(_keys.c.text)
)


def _keys_under(by: Principal, letter: str) -> list[Key]:
    rows = reads(by).execute(_keys_in_range, {"low": letter, "high": letter + "\U0010ffff"})
    return [Key(*row) for row in rows]


def _heads_of(keys: list[Key]) -> Iterator[HeadRow]:
    """Rows of the heads of all common beginnings among `keys`, which are sorted by text."""
    scopes: dict[tuple[int, int], list[Key]] = {(ANY, ANY): keys}
    for key in keys:
        for scope in ((key.make_id, ANY), (ANY, key.category_id), (key.make_id, key.category_id)):
            scopes.setdefault(scope, []).append(key)
    for (make_id, category_id), scoped in scopes.items():
        for text, best in _common_beginnings(scoped, 0, len(scoped), SHORTEST):
            for key in best:
                yield text, make_id, category_id, key.kind, -key.released, key.device_id


def _common_beginnings(keys: list[Key], low: int, high: int, length: int) -> Iterator[tuple[str, list[Key]]]:
    """Each beginning of `length` or more characters that more than HEAD_SIZE of keys[low:high] share."""
    start = low
    while start < high:
        beginning = keys[start].text[:length]
        end = start
        while end < high and keys[end].text[:length] == beginning:
            end += 1
        if end - start > HEAD_SIZE and len(beginning) == length:
            yield beginning, _best(_exact_known(keys[start:end], beginning))
            yield from _common_beginnings(keys, start, end, length + 1)
        start = end


def _exact_known(keys: list[Key], typed: str) -> list[Key]:
    """`keys`, which begin with `typed` and are sorted by text; names that are no longer than it are marked as exact."""
    end = next((at for at, key in enumerate(keys) if key.text != typed), len(keys))
    return [key._replace(kind=_kind_in_full(key.kind)) for key in keys[:end]] + keys[end:]


def _best(keys: list[Key]) -> list[Key]:
    """The first HEAD_SIZE devices by rank; a device that is found twice counts once, by its better key."""
    found: dict[int, Key] = {}
    for key in heapq.nsmallest(HEAD_SIZE * 3, keys, key=lambda each: each.rank):
        found.setdefault(key.device_id, key)
        if len(found) == HEAD_SIZE:
            break
    return list(found.values())


def folded(text: str) -> str:
    """What is typed, in the form of the keys."""
    return search_text(text)[:TEXT_LENGTH]
