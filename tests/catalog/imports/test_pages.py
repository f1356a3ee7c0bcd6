"""Imports in the browser: who may, upload, mapping, progress, report, and files that will not do."""

import gzip
import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from dashboard.catalog.models import CatalogImport, Device
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.service import imports
from dashboard.catalog.service.imports import ImportPlan
from dashboard.catalog.sources import ReadLimits
from dashboard.config import Settings
from dashboard.core.context import SYSTEM
from dashboard.core.errors import NotAllowed
from tests.catalog.imports.browsing import post, send, send_form, work_off
from tests.catalog.imports.running import PHONES, count, run, start, upload
from tests.conftest import Merchants, sign_in


def test_only_the_operator_imports(folder: Path, merchants: Merchants, client: FlaskClient) -> None:
    view = run(upload(folder, PHONES))
    for by in (merchants.alice, merchants.bob):
        with pytest.raises(NotAllowed):
            imports.add_import(by, io.BytesIO(PHONES.encode()), "x.csv", folder, ReadLimits())
        with pytest.raises(NotAllowed):
            imports.start_import(by, view.run.id, ImportPlan({}, "x"))
        with pytest.raises(NotAllowed):
            imports.repeat_import(by, view.run.id, start=True)
        with pytest.raises(NotAllowed):
            queries.list_imports(by)
    sign_in(client, "alice", "FIRST")
    here = f"/catalog/imports/{view.run.id}"
    for path in ("/catalog/imports", "/catalog/imports/new", here, f"{here}/problems.csv", f"{here}/mapping"):
        assert client.get(path).status_code == 403
    assert post(client, f"{here}/repeat", "/", {"start": "yes"}).status_code == 403


def test_a_file_goes_from_upload_to_report_without_script(operator: FlaskClient, folder: Path) -> None:
    assert "No imports yet" in operator.get("/catalog/imports").get_data(as_text=True)
    answer = send(operator, PHONES.replace("red", "rosé").encode("cp1252"), "C:\\lists\\../phones.csv")
    assert answer.status_code == 303
    mapping = operator.get(answer.location).get_data(as_text=True)
    assert "not UTF-8, so read as Windows-1252" in mapping
    assert "Acme One · Acme Two" in mapping
    fields = form_fields(mapping)
    assert "columns-0-target" in fields

    refused = post(
        operator, answer.location, answer.location, {**fields, "columns-1-target": "", "source_name": "List"}
    )
    assert refused.status_code == 422
    assert "One column must be the name." in refused.get_data(as_text=True)
    assert 'value="List"' in refused.get_data(as_text=True)

    started = post(operator, answer.location, answer.location, {**fields, "source_name": "List"})
    assert started.status_code == 303
    assert "Reload this page" in operator.get(started.location).get_data(as_text=True)
    work_off()
    report = operator.get(started.location).get_data(as_text=True)
    assert "Rows read" in report
    assert "has no name" in report
    assert operator.get(f"{started.location}/problems.csv").mimetype == "text/csv"
    assert "phones.csv" in operator.get("/catalog/imports").get_data(as_text=True)


def form_fields(page: str) -> dict[str, str]:
    """What a browser would send of the page's selects and text inputs."""
    fields: dict[str, str] = {}
    for part in page.split("<select")[1:]:
        select_part = part.split("</select>")[0]
        chosen = [piece for piece in select_part.split("<option")[1:] if " selected" in piece.split(">")[0]]
        name = select_part.split('name="')[1].split('"')[0]
        fields[name] = chosen[0].split('value="')[1].split('"')[0] if chosen else ""
    for part in page.split("<input")[1:]:
        tag = part.split(">")[0]
        if 'type="text"' in tag and 'name="' in tag:
            fields[tag.split('name="')[1].split('"')[0]] = tag.split('value="')[1].split('"')[0]
    return fields


def test_the_progress_is_asked_for_until_the_import_ends(operator: FlaskClient, folder: Path) -> None:
    started = start(upload(folder, PHONES), dry_run=True)
    here = f"/catalog/imports/{started.id}"
    waiting = operator.get(here, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 1s"' in waiting.get_data(as_text=True)
    assert "HX-Refresh" not in waiting.headers
    work_off()
    assert operator.get(here, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    for_real = post(operator, f"{here}/repeat", here, {"start": "yes"})
    assert for_real.status_code == 303
    work_off()
    assert queries.get_import(SYSTEM, started.id + 1).error == ""
    assert count(Device) == 3
    assert for_real.location != here


BAD_FILES = [
    (b"", "x.csv", "The file is empty."),
    (b"name,make,name\na,b,c\n", "x.csv", "appears twice in the header"),
    (b"name,make\n", "x.csv", "The file holds no rows."),
    (b"name\0,make\na,b\n", "x.csv", "NUL"),
    (b"%PDF-1.7 x", "x.csv", "is a PDF"),
    (b'[{"name": "a"}, ', "x.json", "The JSON is broken"),
    (b'[{"na\\u0000me": "a"}]', "x.json", "cannot be shown"),
    (gzip.compress(b"name,make\n" + b"0" * 40_000_000), "x.csv.gz", "unpacks to more than"),
    (b"PK\x03\x04broken", "x.zip", "damaged"),
    ("name,make\na,b\n".encode("utf-32"), "x.csv", "UTF-32"),
]


@pytest.mark.parametrize(("content", "name", "reason"), BAD_FILES, ids=[reason for _, _, reason in BAD_FILES])
def test_a_bad_file_is_refused_in_words_and_nothing_of_it_stays(
    operator: FlaskClient, folder: Path, content: bytes, name: str, reason: str
) -> None:
    before = sorted(folder.iterdir())
    answer = send(operator, content, name)
    assert answer.status_code == 422
    assert reason in answer.get_data(as_text=True)
    assert sorted(folder.iterdir()) == before
    assert count(CatalogImport) == 0


def test_a_file_beyond_the_limit_is_refused_and_other_routes_keep_their_own(
    app: Flask, operator: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", settings.overridden(max_import_bytes=3 * 1024 * 1024))
    fits = b"make,name\n" + b"\n".join(b"Acme,Model %d %s" % (n, b"x" * 80) for n in range(25_000)) + b"\n"
    assert len(fits) > settings.max_request_bytes
    assert send(operator, fits, "x.csv").status_code == 303
    kept = sorted(folder.iterdir())
    answer = send(operator, fits * 2, "x.csv")
    assert answer.status_code == 413
    assert "larger than 3 MB" in answer.get_data(as_text=True)
    assert sorted(folder.iterdir()) == kept
    assert operator.post("/sign-out", data={"x": "y" * (settings.max_request_bytes + 1)}).status_code == 413


def test_a_stranger_cannot_send_a_large_file(client: FlaskClient, folder: Path) -> None:
    answer = send_form(client, "/catalog/imports/new", {"file": FileStorage(io.BytesIO(b"x" * 3_000_000), "x.csv")})
    assert answer.status_code == 413
    assert count(CatalogImport) == 0


@pytest.mark.parametrize("after", ["x", "a" * 10_000, "\0", "WzFd", "\u202eabc"])
def test_a_broken_position_in_a_list_is_said(operator: FlaskClient, folder: Path, after: str) -> None:
    view = run(upload(folder, PHONES))
    answer = operator.get(f"/catalog/imports/{view.run.id}/problems", query_string={"after": after})
    assert answer.status_code in (400, 422)
    assert operator.get("/catalog/imports/99999999999999").status_code == 404
