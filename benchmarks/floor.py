"""The floor: a bare Flask app that answers three questions of the catalogue's API, body for body.

Hand-written SQL goes through the driver, rows go to orjson. There is no credential, limit, validation, log or error
handling, and no session: what the house costs is the distance from here.
"""

import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg
from flask import Flask, Response, request

from benchmarks import floor_sql as sql

Rows = Sequence[Sequence[Any]]

_SPEC_NAMES = (
    "display_size_in", "display_px_w", "display_px_h", "chipset", "cpu_cores", "ram_gb", "storage_gb",
    "main_camera_mp", "battery_mah", "weight_g", "thickness_mm", "os", "5g",
)  # fmt: skip
"""Names of the normalised specs in the API, in the order in which `floor_sql.DETAIL` reads them."""

SHOWN = 10
LOOKED_THROUGH = 400
"""Suggestions in an answer, and devices under one word that are looked through for the other words."""

_NOT_FOLDED = re.compile(r"[^a-z0-9]+")


class Driver(Protocol):
    """One way to the rows."""

    def rows(self, statement: str, values: dict[str, Any]) -> Rows: ...

    def close(self) -> None:
        """Close the connection of this thread."""


class Sqlite:
    """One connection a thread, in autocommit, set up like the house's own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._own = threading.local()

    def rows(self, statement: str, values: dict[str, Any]) -> Rows:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = sqlite3.connect(self._path, isolation_level=None)
            connection.execute("PRAGMA cache_size=-16000")
            connection.execute("PRAGMA mmap_size=268435456")
        return connection.execute(statement, values).fetchall()

    def close(self) -> None:
        self._own.connection.close()


class Postgresql:
    """One connection a thread, in autocommit; every statement is prepared at its first use."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._own = threading.local()

    def rows(self, statement: str, values: dict[str, Any]) -> Rows:
        connection: psycopg.Connection[tuple[Any, ...]] | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = psycopg.connect(self._address, autocommit=True, prepare_threshold=0)
        return connection.execute(cast(Any, statement), values, prepare=True).fetchall()

    def close(self) -> None:
        self._own.connection.close()


def driver_of(database_url: str) -> tuple[Driver, sql.Statements]:
    """The driver of a DATABASE_URL, and the statements in its words."""
    parts = urlsplit(database_url)
    if parts.scheme.startswith("sqlite"):
        return Sqlite(parts.path.removeprefix("/")), sql.for_sqlite()
    return Postgresql(urlunsplit(parts._replace(scheme="postgresql"))), sql.for_postgresql()


def create_floor() -> Flask:
    """The app over FLOOR_DATABASE_URL, for granian's `--factory`."""
    driver, statements = driver_of(os.environ["FLOOR_DATABASE_URL"])
    return app_over(driver, statements)


def app_over(driver: Driver, statements: sql.Statements) -> Flask:
    """The app over `driver`."""
    app = Flask("floor", static_folder=None)
    questions = _Questions(driver, statements)

    @app.get("/api/catalog/autocomplete")
    def autocomplete() -> Response:
        return _json({"suggestions": questions.suggest(request.args["q"])})

    @app.get("/api/catalog/devices/<slug>")
    def device(slug: str) -> Response:
        return _json({"data": questions.device(slug)})

    @app.get("/api/catalog/devices")
    def devices() -> Response:
        return _json(questions.page())

    return app


def _json(body: dict[str, Any]) -> Response:
    body["request_id"] = f"req_{os.urandom(6).hex()}"
    return Response(orjson.dumps(body), mimetype="application/json")


class _Questions:
    """The three questions and their answers."""

    def __init__(self, driver: Driver, statements: sql.Statements) -> None:
        self._rows = driver.rows
        self._sql = statements
        self._limited = {
            limit: [each.format(limit=limit) for each in (statements.head, statements.range, statements.range_of_make)]
            for limit in (SHOWN, LOOKED_THROUGH)
        }
        self._makes = {name: make_id for make_id, name in self._rows(statements.makes, {})}

    def suggest(self, typed: str) -> list[dict[str, Any]]:
        """Ten suggestions: what begins so, then what has all words in any order."""
        parts = [part for part in _NOT_FOLDED.split(typed.lower().replace("+", " plus ")) if part]
        found = self._under("".join(parts)[:48], 0, SHOWN)
        if len(found) < SHOWN and len(parts) > 1:
            known = {row[0] for row in found}
            found = [*found, *(row for row in self._with_all(parts) if row[0] not in known)][:SHOWN]
        names = ("name", "slug", "make", "category", "image_url", "release_year")
        return [dict(zip(names, (*row[1:6], row[6] // 10_000 or None), strict=True)) for row in found]

    def _under(self, text: str, make_id: int, limit: int) -> Rows:
        values = {"text": text, "high": text + "\U0010ffff", "make_id": make_id}
        head, in_range, in_range_of_make = self._limited[limit]
        return self._rows(head, values) or self._rows(in_range_of_make if make_id else in_range, values)

    def _with_all(self, parts: Sequence[str]) -> Iterable[Sequence[Any]]:
        make = next((part for part in parts if part in self._makes), None)
        parts = [part for part in parts if part != make]
        longest = max((part[:48] for part in parts if len(part) > 1), key=len, default="")
        if not longest:
            return
        for row in self._under(longest, self._makes.get(make or "", 0), LOOKED_THROUGH):
            words = [word for word in _NOT_FOLDED.split(f"{row[3]} {row[1]}".lower().replace("+", " plus ")) if word]
            if all(part == longest or any(word.startswith(part) for word in words) for part in parts):
                yield row

    def device(self, slug: str) -> dict[str, Any]:
        """One device in full."""
        (row,) = self._rows(self._sql.detail, {"slug": slug})
        name, own_slug, make, category, image_url, day, numbers, gtin, score, specs = row[:10]
        average, low, high, sources, observed = row[10:15]
        numbers = orjson.loads(numbers)
        specs_by_name = zip(_SPEC_NAMES, row[15:], strict=True)
        return {
            "name": name,
            "slug": own_slug,
            "make": make,
            "category": category,
            "image_url": image_url,
            "release_date": day,
            "model_numbers": ", ".join(numbers),
            "model_numbers_list": numbers,
            "gtin": gtin,
            "data_quality_score": score,
            "specs": orjson.Fragment(specs),
            "normalized_specs": {name: _plain(name, value) for name, value in specs_by_name if value is not None},
            "pricing": None
            if average is None
            else {
                "avg_price_usd": average,
                "min_price_usd": low,
                "max_price_usd": high,
                "sources": sources,
                "last_updated": observed,
            },
        }

    def page(self) -> dict[str, Any]:
        """The first fifty devices, newest first, and how many there are."""
        total = int(self._rows(self._sql.total, {})[0][0])
        rows = self._rows(self._sql.page, {})
        data = [
            {
                "name": name,
                "slug": slug,
                "make": make,
                "category": category,
                "image_url": image_url,
                "release_date": day,
                "model_numbers": ", ".join(orjson.loads(numbers)),
                "gtin": gtin,
                "data_quality_score": score,
                "avg_price_usd": price,
            }
            for name, slug, make, category, image_url, day, numbers, gtin, score, price in rows
        ]
        return {"data": data, "meta": {"page": 1, "per_page": 50, "total": total, "pages": -(-total // 50)}}


def _plain(name: str, value: Any) -> Any:
    if name == "5g":
        return bool(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
