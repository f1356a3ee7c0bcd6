"""The data that figures are measured on: a demo world of its own on each database, kept between runs."""

import os
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

import orjson
import psycopg
from sqlalchemy import select

from dashboard import config, create_app
from dashboard.accounts import service as accounts
from dashboard.catalog.models import Category, Device, Make
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
POSTGRESQL = os.environ.get("BENCH_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1/postgres")
"""A database of the server on which the benchmarks may make databases of their own."""

SIZES = {5_000: "medium", 1_000_000: "large"}
TENANT = "BENCH"
NO_LIMIT = 1_000_000_000
"""Requests a minute of the measured key: counted like any other, and never reached."""

QUESTIONS = 2_000
SHIPPED = 9_000
"""So many real devices come first in every world."""


@dataclass(frozen=True, slots=True)
class World:
    """A loaded database: where it is, the folder of its installation, how to get in, and what to ask.

    `prefixes` are searches as people type them, `searches` the same by kind, all as paths of the API.
    """

    database: str
    devices: int
    folder: Path
    database_url: str
    key: str
    login: Mapping[str, str]
    prefixes: Sequence[str]
    slugs: Sequence[str]
    searches: Mapping[str, Sequence[str]]

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a server over this world."""
        return {
            "INSTANCE_PATH": str(self.folder),
            "DATABASE_URL": self.database_url,
            "ENVIRONMENT": "demo",
            "RATE_LIMITS": "on",
            "REDIS_URL": "",
        }

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def prepare(database: str, devices: int) -> World:
    """The world of `database` (sqlite or postgresql) with about so many devices, loaded where it is missing."""
    folder = RESULTS / f"{database}-{devices}"
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'tradecounter.db'}" if database == "sqlite" else _own_database(devices)
    environment = {"INSTANCE_PATH": str(folder), "DATABASE_URL": url, "ENVIRONMENT": "demo"}
    described = orjson.loads(
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "--json", "--size", SIZES[devices]],
            cwd=ROOT,
            env={**os.environ, **environment, "LOG_LEVEL": "warning"},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    )
    login = {"login": described["users"]["admin"]["username"], "password": described["users"]["admin"]["password"],
             "business_code": described["tenant"]["business_code"]}  # fmt: skip
    app = create_app(config.from_environment({**environment, "LOG_LEVEL": "warning"}))
    with app.app_context():
        try:
            key, drawn = _new_key(), _drawn()
            slugs = [row.slug for row in drawn]
            return World(database, devices, folder, url, key, login, _prefixes(drawn), slugs, _searches(drawn))
        finally:
            db.session.remove()
            db.engine.dispose()


def _own_database(devices: int) -> str:
    name = f"tradecounter_bench_{devices}"
    with psycopg.connect(POSTGRESQL.replace("+psycopg", ""), autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            server.execute(f'CREATE DATABASE "{name}"'.encode())
    return POSTGRESQL.rpartition("/")[0] + "/" + name


def _new_key() -> str:
    tenant = accounts.find_tenant(TENANT) or accounts.create_tenant(
        SYSTEM, business_code=TENANT, name="Measured Inc.", plan="enterprise", requests_per_minute=NO_LIMIT
    )
    return accounts.create_key(SYSTEM, tenant, name="measured", dialect="techfleet").secret


@dataclass(frozen=True, slots=True)
class _Shipped:
    """What the searches are made of: one real device."""

    name: str
    slug: str
    make: str
    category: str
    model_numbers: Sequence[str]


def _drawn() -> list[_Shipped]:
    """Shipped devices, drawn by a fixed seed; generated ones were added after them."""
    statement = (
        select(Device.name, Device.slug, Make.slug, Category.slug, Device.model_numbers)
        .join(Make, Make.id == Device.make_id)
        .join(Category, Category.id == Device.category_id)
        .order_by(Device.id)
        .limit(SHIPPED)
    )
    rows = reads(SYSTEM).execute(statement).all()
    return [_Shipped(*row) for row in random.Random(11).sample(rows, min(QUESTIONS, len(rows)))]


def _prefixes(drawn: Sequence[_Shipped]) -> list[str]:
    """What people have typed so far: two to twelve characters of a name."""
    numbers = random.Random(12)
    return _paths(device.name[: numbers.randint(2, 12)] for device in drawn)


def _searches(drawn: Sequence[_Shipped]) -> dict[str, list[str]]:
    """Searches by kind, from what nearly all devices share to what none has."""
    numbers = random.Random(13)
    some = drawn[:400]
    return {
        "common beginnings": _paths(["sa", "ga", "galaxy", "samsung", "samsung g", "xi", "no", "pro", "5g", "ap"]),
        "as people type": _prefixes(drawn),
        "whole names": _paths(device.name for device in some),
        "model numbers": _paths(number for device in drawn for number in device.model_numbers[:1])[:400],
        "words in another order": _paths(" ".join(reversed(device.name.split()[:3])) for device in some),
        "one typing error": _paths(_mistyped(device.name, numbers) for device in some),
        "within a make": [
            f"{path}&make={quote_plus(device.make)}"
            for device in some
            for path in _paths([device.name.split()[-1][:4], "galaxy"])
        ],
        "within a category": [
            f"{path}&category={quote_plus(device.category)}"
            for device in some
            for path in _paths([device.name[:3], "galaxy"])
        ],
    }


def _mistyped(name: str, numbers: random.Random) -> str:
    text = name[:16]
    at = numbers.randrange(1, len(text))
    return text[:at] + numbers.choice("abcdefghijklmnopqrstuvwxyz") + text[at + 1 :]


def _paths(typed: Iterable[str]) -> list[str]:
    return [f"/api/catalog/autocomplete?q={quote_plus(each.lower())}" for each in typed if len(each.strip()) > 1]
