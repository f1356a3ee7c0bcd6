"""What an import makes of rows: added, merged, refused, and who said it."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard.catalog.models import CatalogSource, Device, PriceObservation
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.queries import suggest
from dashboard.core import events
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads
from tests.catalog.imports.running import PHONES, count, device, figures, many_rows, run, snapshot, upload


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
