"""A business's own data as one file: everything, nothing of others, and nothing that signs anybody in."""

import io
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.accounts.service import export
from dashboard.accounts.service.export import LEFT_OUT_COLUMNS, LEFT_OUT_TABLES
from dashboard.config import Settings
from dashboard.core import clock, jobs
from dashboard.core.belongings import belongings, tenant_folder
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, atomic, db, reads, table_of
from dashboard.core.errors import NotAllowed, NotFound
from dashboard.core.events import Event
from tests.accounts.one_of_each import add_one_of_each, rows_of_each
from tests.conftest import Merchants, inputs, sign_in
from tests.core.tenancy.conftest import add_devices

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n and a picture"
LEAVING = "/settings/business/leaving"

_SOUNDS_SECRET = re.compile(
    r"secret|password|passw|hash|digest|token|totp|otp|code|pin$|private|body|seal|cipher|signature|nonce|credential|key"
)
HARMLESS = {
    ("api_usage", "caller"),
    ("road_settings", "geocoder_url"),
    ("tenant", "business_code"),
    ("user_account", "password_changed_at"),
    ("user_account", "totp_confirmed_at"),
}
"""Columns that sound like a secret and are none."""

NAMES_OF_THINGS = {"code", "barcode", "email_key", "model_key", "name_key", "plate_key", "serial_key", "sku_key"}
"""What a business calls its things, and how it is folded to be compared."""


@pytest.fixture
def folder(app: Flask, merchants: Merchants) -> Path:
    """Where files of alice's business are kept; empty."""
    settings: Settings = app.extensions["settings"]
    found = tenant_folder(settings.instance_path, merchants.tenant.id)
    shutil.rmtree(settings.instance_path / "tenants", ignore_errors=True)
    return found


def exported(by: Any, folder: Path) -> ZipFile:
    """Ask for an export, let a worker make it, open it."""
    accounts.ask_for_export(by)
    jobs.run_due()
    latest = accounts.latest_export(by)
    assert latest is not None
    assert (latest.state, latest.error) == ("done", None)
    return ZipFile(io.BytesIO((folder / "exports" / f"{latest.work_id}.zip").read_bytes()))


def rows(archive: ZipFile, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"{table}.jsonl").splitlines()]


def test_a_column_that_sounds_like_a_secret_is_decided_upon() -> None:
    tables = [Base.metadata.tables["tenant"], *(each.table for each in belongings())]
    undecided = [
        (table.name, column.name)
        for table in tables
        if table.name not in LEFT_OUT_TABLES
        for column in table.c
        if _SOUNDS_SECRET.search(column.name)
        and column.name not in LEFT_OUT_COLUMNS.get(table.name, ())
        and (table.name, column.name) not in HARMLESS
        and column.name not in NAMES_OF_THINGS
    ]
    assert undecided == []


def test_what_is_left_out_exists() -> None:
    known = {each.name: set(each.table.c.keys()) for each in belongings()}
    assert set(LEFT_OUT_TABLES) <= set(known)
    assert {
        (table, name) for table, names in LEFT_OUT_COLUMNS.items() for name in names if name not in known[table]
    } == (set())


def test_the_file_holds_all_rows_of_the_business_and_no_secret_and_nothing_of_others(
    merchants: Merchants, folder: Path
) -> None:
    add_devices("iPhone 1")
    first, other = merchants.tenant.id, merchants.other_tenant.id
    for tenant_id in (first, other):
        add_one_of_each(tenant_id)
    with atomic(SYSTEM) as session:
        mine = update(User).where(User.tenant_id == first).values(totp_secret=f"t{first}-totp_secret-x")
        session.execute(mine)
    expected = rows_of_each(first)
    archive = exported(merchants.alice, folder)
    manifest = json.loads(archive.read("manifest.json"))
    assert archive.testzip() is None
    assert manifest["business_code"] == "FIRST"
    assert manifest["schema_revision"]
    expected["event"] += 1  # that it was asked for
    kept = {name: count for name, count in expected.items() if name not in LEFT_OUT_TABLES}
    assert {name: told["rows"] for name, told in manifest["tables"].items()} == {**kept, "tenant": 1}
    for name, count in kept.items():
        assert len(rows(archive, name)) == count
    text = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert f"t{first}-" in text
    assert f"t{other}-" not in text
    secrets = {column for names in LEFT_OUT_COLUMNS.values() for column in names} | {"digest"}
    assert [name for name in secrets if f"t{first}-{name}-" in text] == []
    assert not {f"{name}.jsonl" for name in LEFT_OUT_TABLES} & set(archive.namelist())
    assert {row["username"] for row in rows(archive, "user_account")} >= {"alice", "bob"}
    assert rows(archive, "user_account")[0].keys() & {"password_hash", "totp_secret"} == set()


def test_pictures_and_files_come_along_as_files(merchants: Merchants, folder: Path) -> None:
    accounts.set_logo(merchants.alice, PNG)
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "first.pdf").write_bytes(b"paper")
    archive = exported(merchants.alice, folder)
    (logo,) = rows(archive, "tenant_logo")
    assert archive.read(logo["content"]) == PNG
    assert logo["content"].endswith(".png")
    assert archive.read("files/contracts/first.pdf") == b"paper"
    again = exported(merchants.alice, folder)
    assert set(json.loads(again.read("manifest.json"))["files"]) == {logo["content"], "files/contracts/first.pdf"}
    assert len(list((folder / "exports").iterdir())) == 1


def test_tables_of_many_batches_are_written_whole(merchants: Merchants, folder: Path) -> None:
    number = 2 * export.BATCH + 1
    row: dict[str, object] = {"tenant_id": merchants.tenant.id, "name": "x", "data": {}, "actor": "user:1", "at": NOON}
    with atomic(merchants.alice) as session:
        session.execute(insert(table_of(Event)), [{**row, "subject": f"thing:{n}"} for n in range(number)])
    subjects = [row["subject"] for row in rows(exported(merchants.alice, folder), "event") if row["name"] == "x"]
    assert subjects == [f"thing:{n}" for n in range(number)]


def test_only_the_owner_asks_and_fetches(merchants: Merchants, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        accounts.ask_for_export(merchants.bob)
    exported(merchants.alice, folder)
    latest = accounts.latest_export(merchants.alice)
    assert latest is not None
    with pytest.raises(NotAllowed):
        accounts.open_export(merchants.bob, latest.work_id, folder.parents[1])
    with pytest.raises(NotFound):
        accounts.open_export(merchants.charlie, latest.work_id, folder.parents[1])


def post(client: FlaskClient, address: str) -> int:
    shown = inputs(client.get(LEAVING).get_data(as_text=True))
    status = client.post(address, data={"csrf_token": shown["csrf_token"]}).status_code
    db.session.remove()
    return status


def test_the_page_says_how_it_stands_and_gives_the_file_for_a_week(
    client: FlaskClient, merchants: Merchants, folder: Path
) -> None:
    sign_in(client, "alice")
    assert "Make an export" in client.get(LEAVING).get_data(as_text=True)
    assert post(client, "/settings/business/export") == 303
    assert post(client, "/settings/business/export") == 303
    waiting = client.get(LEAVING).get_data(as_text=True)
    assert "Waiting" in waiting
    fragment = client.get(LEAVING, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<main" not in fragment
    assert 'hx-get="/settings/business/leaving"' in fragment
    jobs.run_due()
    db.session.remove()
    ready = client.get(LEAVING).get_data(as_text=True)
    found = re.search(r"/settings/business/exports/\d+", ready)
    assert found is not None
    assert "Kept until" in ready
    with client.get(found[0]) as answer:
        assert answer.status_code == 200
        assert re.fullmatch(r"attachment; filename=first-\d{4}-\d\d-\d\d\.zip", answer.headers["Content-Disposition"])
        assert ZipFile(io.BytesIO(answer.get_data())).testzip() is None
    names = list(reads(SYSTEM).scalars(select(Event.name).where(Event.name.like("tenant.export%")).order_by(Event.id)))
    assert names == ["tenant.export_asked", "tenant.export_downloaded"]
    db.session.remove()
    with clock.frozen(clock.now() + timedelta(days=7)):
        client.post("/sign-out", data={"csrf_token": inputs(ready)["csrf_token"]})
        sign_in(client, "alice")
        assert client.get(found[0]).status_code == 404
        assert "The last export is gone" in client.get(LEAVING).get_data(as_text=True)
        jobs.sweep()
        jobs.run_due()
    assert list((folder / "exports").iterdir()) == []


def test_a_file_within_its_week_is_not_removed_and_remains_of_killed_runs_are(
    merchants: Merchants, folder: Path
) -> None:
    exported(merchants.alice, folder)
    kept = next((folder / "exports").iterdir())
    (folder / "exports" / "999.1.part").write_bytes(b"half")
    with clock.frozen(clock.now() + timedelta(days=6, hours=23)):
        jobs.sweep()
        jobs.run_due()
    assert list((folder / "exports").iterdir()) == [kept]


def test_an_export_that_cannot_be_written_says_so(client: FlaskClient, merchants: Merchants, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"in the way")
    sign_in(client, "alice")
    with clock.frozen(clock.now()) as move:
        post(client, "/settings/business/export")
        for _ in range(5):
            jobs.run_due()
            move(timedelta(minutes=1))
        db.session.remove()
        page = client.get(LEAVING).get_data(as_text=True)
    assert "The export was not made" in page
    assert "The file could not be written: " in page
    assert str(folder) not in page
    assert "Make an export" in page
    folder.unlink()


def test_an_administrator_fetches_nothing(client: FlaskClient, merchants: Merchants, folder: Path) -> None:
    exported(merchants.alice, folder)
    latest = accounts.latest_export(merchants.alice)
    assert latest is not None
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "bob").values(role="admin"))
    sign_in(client, "bob")
    assert client.get(f"/settings/business/exports/{latest.work_id}").status_code == 403
