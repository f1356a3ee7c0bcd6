"""Imports: what they write, what they refuse and say so, and that nothing stops them half-way."""

import csv
import gzip
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from dashboard.catalog.models import CatalogImport, CatalogSource, Device, ImportProblem, PriceObservation
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.queries import suggest
from dashboard.catalog.service import imports
from dashboard.catalog.service.imports import ImportPlan
from dashboard.catalog.sources import ReadLimits, find_preset
from dashboard.config import Settings
from dashboard.core import clock, events, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed
from dashboard.core.jobs.models import CHANGE
from tests.conftest import Merchants, sign_in

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("TRADECOUNTER_SHARED") or ROOT.parent / "shared") / "data"
PHONES = """\
make,name,model_numbers,category,release_date,RAM,Battery,Colour,price USD
Acme,Acme One,AC-100,Smartphones,2021,4 GB,4000 mAh,red,199.00
Acme,Acme Two,AC-200,Smartphones,2022-03-01,999 TB,5000 mAh,blue,
Acme,ACME  one,AC-101,Smartphones,2021-05-02,8 GB,4000 mAh,green,
,,,,,,,,
Acme,,AC-300,Smartphones,,,,,
Acme,One by Acme,AC-101,Smartphones,,,,,
Best,Best Tab,B-1,Tablets,,=cmd|'/c calc'!A1,,,
"""


@pytest.fixture
def folder(app: Flask) -> Path:
    settings: Settings = app.extensions["settings"]
    return imports.import_folder(settings.instance_path)


def upload(folder: Path, content: str | bytes, name: str = "phones.csv") -> CatalogImport:
    data = content.encode() if isinstance(content, str) else content
    return imports.add_import(SYSTEM, io.BytesIO(data), name, folder, ReadLimits())


def run(draft: CatalogImport, **plan: Any) -> queries.ImportView:
    """Start a draft under its suggested mapping, and do the work in this process."""
    started = start(draft, **plan)
    assert started.work_id is not None
    jobs.run_one(started.work_id)
    return queries.get_import(SYSTEM, draft.id)


def start(draft: CatalogImport, **plan: Any) -> CatalogImport:
    values: dict[str, Any] = {"mapping": draft.mapping, "source_name": "Test file", **plan}
    return imports.start_import(SYSTEM, draft.id, ImportPlan(**values))


def figures(view: queries.ImportView) -> dict[str, int]:
    return {name: view.count(name) for name in ("read", "added", "changed", "unchanged", "refused")}


def device(slug: str) -> dict[str, Any]:
    row = reads(SYSTEM).execute(select(Device.__table__).where(Device.slug == slug)).mappings().one()
    return dict(row)


def count(model: type[Base]) -> int:
    return reads(SYSTEM).scalar(select(func.count()).select_from(model)) or 0


def test_an_import_adds_merges_refuses_and_says_so(folder: Path) -> None:
    view = run(upload(folder, PHONES))
    assert view.state == "done"
    assert figures(view) == {"read": 6, "added": 3, "changed": 1, "unchanged": 1, "refused": 1}
    assert sum(figures(view).values()) == 2 * view.count("read")
    noted = {(each.row, each.field, each.value, each.refused) for each in queries.problems(SYSTEM, view.run.id).items}
    assert (6, None, "", True) in noted
    assert (3, "ram_gb", "999 TB", False) in noted
    assert [each.name for each in suggest(SYSTEM, "acme t", limit=5)] == ["Acme Two"]


def test_rows_of_one_device_become_one_device(folder: Path) -> None:
    run(upload(folder, PHONES))
    one = device("acme-one")
    assert one["model_numbers"] == ["AC-100", "AC-101"]
    assert one["ram_gb"] == 4
    assert str(one["release_date"]) == "2021-05-02"
    assert count(Device) == 3


def test_provenance_says_which_import_said_which_field(folder: Path) -> None:
    run(upload(folder, "make,name,RAM\nAcme,Acme One,4 GB\n"), source_name="First")
    run(upload(folder, "make,name,RAM,Battery\nAcme,Acme One,8 GB,4000 mAh\n"), source_name="Second", licence="MIT")
    one = device("acme-one")
    names = {row.id: (row.name, row.kind, row.licence) for row in reads(SYSTEM).scalars(select(CatalogSource))}
    assert names[one["provenance"]["ram_gb"]] == ("First", "import", None)
    assert names[one["provenance"]["battery_mah"]] == ("Second", "import", "MIT")
    assert one["ram_gb"] == 4


def test_the_same_file_again_changes_nothing(folder: Path) -> None:
    first = run(upload(folder, PHONES))
    before = snapshot()
    again = run(upload(folder, PHONES))
    assert figures(again) == {"read": 6, "added": 0, "changed": 0, "unchanged": 5, "refused": 1}
    assert again.count("problems") == first.count("problems")
    assert snapshot() == before


def test_overwriting_replaces_other_sources_but_of_its_own_rows_the_first_counts(folder: Path) -> None:
    run(upload(folder, "make,name,RAM\nAcme,Acme One,2 GB\n"))
    text = "make,name,RAM\nAcme,Acme One,4 GB\nAcme,Acme One,8 GB\n"
    assert figures(run(upload(folder, text), overwrite=True))["changed"] == 1
    assert device("acme-one")["ram_gb"] == 4
    version = device("acme-one")["version"]
    again = run(upload(folder, text), overwrite=True)
    assert (again.count("changed"), again.count("left_out")) == (0, 2)
    assert (device("acme-one")["ram_gb"], device("acme-one")["version"]) == (4, version)
    assert device("acme-one")["provenance"]["ram_gb"] == again.run.source_id


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_dry_run_promises_what_the_import_then_does_and_writes_nothing(folder: Path, overwrite: bool) -> None:
    run(upload(folder, "make,name,RAM\nAcme,Acme Two,3 GB\n"), source_name="Before")
    before = snapshot()
    text = many_rows(1_300)
    tried = run(upload(folder, text), dry_run=True, overwrite=overwrite)
    assert snapshot() == before
    assert count(CatalogSource) == 1
    assert count(PriceObservation) == 0
    done = run(upload(folder, text), overwrite=overwrite)
    assert tried.run.counts == done.run.counts
    assert done.count("changed") > 10
    assert not event_names(tried.run.id)
    assert event_names(done.run.id) == ["catalog.imported"]


def event_names(import_id: int) -> list[str]:
    statement = select(events.Event.name).where(events.Event.subject == f"import:{import_id}")
    return list(reads(SYSTEM).scalars(statement))


def many_rows(rows: int) -> str:
    """Devices of which every third comes again, later and with other values; each row has a price and a problem."""
    lines = ["make,name,model_numbers,category,RAM,Battery,price USD"]
    for number in range(rows):
        which = number if number % 3 else number // 2
        lines.append(
            f"Acme,Model {which},M-{which}-{number % 2},Smartphones,{4 + number % 2} GB,0 mAh,{100 + number % 7}"
        )
    return "\n".join(lines) + "\n"


def snapshot() -> list[tuple[Any, ...]]:
    """All that imports write about devices, but not under which ids or when."""
    names = [column.name for column in Device.__table__.columns]
    left_out = {"id", "make_id", "category_id", "created_at", "updated_at", "provenance", "price_observed_at"}
    kept = [name for name in names if name not in left_out]
    rows = reads(SYSTEM).execute(select(Device.__table__).order_by(Device.slug)).mappings()
    return [(*(str(row[name]) for name in kept), *sorted(row["provenance"])) for row in rows]


class Killed:
    """A worker process that holds in a batch of an import, to be killed there."""

    def __init__(self, app: Flask, batch: int) -> None:
        settings: Settings = app.extensions["settings"]
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "INSTANCE_PATH": str(settings.instance_path),
            "SECRET_KEY": settings.secret_key,
            "REDIS_URL": settings.redis_url or "",
            "ENVIRONMENT": "development",
            "LOG_LEVEL": "error",
            "HOLD": str(batch),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.catalog.crash_import"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill_while_holding(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        said = self._process.stdout.readline()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=30)
        self._process.stdin.close()
        self._process.stdout.close()
        assert said == "holding\n"


def test_an_import_whose_worker_is_killed_ends_as_if_nothing_had_happened(app: Flask, folder: Path) -> None:
    text = many_rows(1_700)
    started = start(upload(folder, text))
    assert started.work_id is not None
    Killed(app, batch=3).kill_while_holding()
    half = queries.get_import(SYSTEM, started.id)
    assert (half.state, half.count("read")) == ("running", 1_000)
    assert count(ImportProblem) == 1_000

    past = clock.now() - timedelta(seconds=1)
    with atomic(SYSTEM) as session:
        lease = update(jobs.Work).where(jobs.Work.id == started.work_id).values(lease_until=past)
        session.execute(lease, execution_options=CHANGE)
    assert jobs.run_one(started.work_id)
    resumed, problems = snapshot(), count(ImportProblem)
    view = queries.get_import(SYSTEM, started.id)
    assert view.state == "done"

    with atomic(SYSTEM) as session:
        for model in (Device, CatalogImport):
            session.execute(Base.metadata.tables[model.__tablename__].delete())
    undisturbed = run(upload(folder, text))
    assert figures(undisturbed) == figures(view)
    assert (snapshot(), count(ImportProblem)) == (resumed, problems)


@pytest.fixture
def cancel_in_first_batch(app: Flask) -> Iterator[list[int]]:
    """While there is a work id in this list, the work is cancelled as soon as it has written something."""
    ids: list[int] = []

    def after_statement(*arguments: Any) -> None:
        if ids and str(arguments[2]).startswith("INSERT INTO import_problem"):
            jobs.request_cancel(SYSTEM, ids.pop())

    event.listen(db.engine, "after_cursor_execute", after_statement)
    yield ids
    event.remove(db.engine, "after_cursor_execute", after_statement)


def test_a_cancelled_import_stops_between_batches_and_can_go_on(folder: Path, cancel_in_first_batch: list[int]) -> None:
    started = start(upload(folder, many_rows(1_200)))
    assert started.work_id is not None
    cancel_in_first_batch.append(started.work_id)
    jobs.run_one(started.work_id)
    stopped = queries.get_import(SYSTEM, started.id)
    assert (stopped.state, stopped.count("read")) == ("cancelled", 500)
    assert stopped.run.finished_at is None

    imports.resume_import(SYSTEM, started.id)
    jobs.run_one(started.work_id)
    done = queries.get_import(SYSTEM, started.id)
    assert (done.state, done.count("read")) == ("done", 1_200)
    with pytest.raises(Conflict):
        imports.cancel_import(SYSTEM, started.id)


def test_an_import_that_waits_is_cancelled_at_once(folder: Path) -> None:
    started = start(upload(folder, PHONES))
    imports.cancel_import(SYSTEM, started.id)
    assert queries.get_import(SYSTEM, started.id).state == "cancelled"
    assert count(Device) == 0


def test_a_price_is_observed_once(folder: Path) -> None:
    text = "make,name,price USD\nAcme,Acme One,199.00\nAcme,Acme One,189.00\n"
    run(upload(folder, text), condition="used-a")
    one = device("acme-one")
    assert (one["price_min"], one["price_sources"]) == (18_900, 1)
    assert figures(run(upload(folder, text), condition="used-a"))["unchanged"] == 2
    assert count(PriceObservation) == 2


def test_a_price_in_another_currency_is_not_kept_as_dollars(folder: Path) -> None:
    view = run(upload(folder, "make,name,price EUR\nAcme,Acme One,199.00\n"), category="Smartphones")
    assert device("acme-one")["price_avg"] is None
    assert [each.reason for each in view.reasons] == ["is not in USD, in which market prices are kept"]


@pytest.mark.parametrize(
    "row",
    [
        f"Acme,{'x' * 190},Smartphones",
        f"Acme,{'ﷺ' * 100},Smartphones",
        f"{'M' * 120},One,Smartphones",
        f"Acme,One,{'c' * 300}",
        "Acme,One,???",
        "Acme,بيت\u202e,Smartphones",
    ],
)
def test_what_the_database_cannot_hold_is_refused_and_not_a_crash(folder: Path, row: str) -> None:
    view = run(upload(folder, f"make,name,category\n{row}\nBest,Best Tab,Tablets\n"))
    assert view.state == "done"
    assert view.count("read") == 2
    assert device("best-tab")["name"] == "Best Tab"


def test_no_cell_of_the_report_is_a_formula(folder: Path) -> None:
    text = (
        'make,name,RAM,Battery\nAcme,Acme One,"=HYPERLINK(""http://x"")",@SUM(1)\nAcme,Acme Two,+1+1,"-2 ""mAh"",x"\n'
    )
    view = run(upload(folder, text))
    report = "".join(queries.problem_report(SYSTEM, view.run.id))
    assert report.startswith("\ufeffrow,refused,field,value,reason\r\n")
    cells = [cell for row in csv.reader(io.StringIO(report.removeprefix("\ufeff"))) for cell in row]
    assert '\'=HYPERLINK("http://x")' in cells
    assert '\'-2 "mAh",x' in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert device("acme-one")["specs"]["RAM"] == '=HYPERLINK("http://x")'


def test_a_file_that_has_gone_stops_the_import_with_words(folder: Path) -> None:
    draft = upload(folder, PHONES)
    (folder / draft.path).unlink()
    view = run(draft)
    assert (view.state, view.error) == ("failed", "The uploaded file is no longer there. Upload it again.")


def test_a_plan_that_cannot_work_is_refused_and_nothing_is_started(folder: Path) -> None:
    draft = upload(folder, "title,maker\nOne,Acme\n")
    for plan in (
        {"mapping": {"title": "", "maker": "make"}},
        {"mapping": {"title": "name"}},
        {"mapping": {"title": "name", "maker": "name"}},
        {"mapping": {"title": "name", "maker": "make", "gone": "gtin"}},
        {"source_name": " "},
        {"condition": "shiny"},
    ):
        with pytest.raises(Invalid):
            start(draft, **plan)
    assert count(jobs.Work) == 0
    assert figures(run(draft))["added"] == 1
    with pytest.raises(Conflict):
        start(draft)


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


def post(client: FlaskClient, path: str, form_at: str, data: dict[str, Any]) -> TestResponse:
    """Send a form with the token of the page at `form_at`."""
    page = client.get(form_at).get_data(as_text=True)
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    return send_form(client, path, {"csrf_token": token, **data})


def send_form(client: FlaskClient, path: str, data: dict[str, Any]) -> TestResponse:
    """Send a form that may hold files, as one piece: the client's own would leave a temporary file open."""
    boundary, body = encode_multipart(data)
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def work_off() -> None:
    """Do what was promised in requests, which the session of this test has not seen yet."""
    db.session.rollback()
    jobs.run_due()


@pytest.fixture
def operator(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """A browser in which the operator has signed in."""
    sign_in(client, "operator")
    return client


def send(operator: FlaskClient, content: bytes, name: str) -> TestResponse:
    new = "/catalog/imports/new"
    return post(operator, new, new, {"file": FileStorage(io.BytesIO(content), name)})


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


def test_unused_files_are_forgotten_and_reports_stay(folder: Path) -> None:
    old = upload(folder, PHONES)
    draft = upload(folder, PHONES)
    done = run(upload(folder, PHONES))
    with atomic(SYSTEM) as session:
        long_ago = clock.now() - timedelta(days=30)
        table = Base.metadata.tables["catalog_import"]
        session.execute(update(table).where(table.c.id.in_([old.id, done.run.id])).values(created_at=long_ago))
    forgotten = imports.forgotten_files(SYSTEM)
    assert forgotten == [done.run.path]
    assert draft.path not in forgotten
    assert queries.get_import(SYSTEM, done.run.id).state == "done"


def test_the_command_imports_and_prints_the_summary(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "phones.csv"
    file.write_text(PHONES)
    report = tmp_path / "report.csv"
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["import-devices", str(file), "--dry-run"])
    assert (dry.exit_code, count(Device)) == (0, 0), dry.output
    done = runner.invoke(
        args=["import-devices", str(file), "--map", "Colour=", "--source", "A list", "--report", str(report)]
    )
    assert done.exit_code == 0, done.output
    assert "added              3" in " ".join(done.output.split("\n"))
    assert "has no name" in report.read_text(encoding="utf-8-sig")
    assert "Colour" not in device("acme-two")["specs"]
    wrong = runner.invoke(args=["import-devices", str(file), "--map", "nothing=name"])
    assert wrong.exit_code == 1
    assert "Traceback" not in wrong.output


@pytest.mark.parametrize("name", ["devices/phone-specs-1997-2024.csv", "parts/cpu.json", "parts/video-card.json"])
def test_real_files_import_whole_and_a_second_time_change_nothing(folder: Path, name: str) -> None:
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"{file} is not here; TRADECOUNTER_SHARED names the folder that holds data/")

    def import_file() -> queries.ImportView:
        draft = upload(folder, file.read_bytes(), file.name)
        preset = find_preset(draft.columns)
        assert preset is not None
        shared = {"make": preset.make, "category": preset.category, "make_from_name": preset.make_from_name}
        return run(draft, **shared)

    first, second = import_file(), import_file()
    assert first.state == second.state == "done"
    assert sum(figures(first).values()) == 2 * first.count("read")
    assert first.count("read") == first.total
    assert figures(second) == {
        **figures(first),
        "added": 0,
        "changed": 0,
        "unchanged": first.count("read") - first.count("refused"),
    }
