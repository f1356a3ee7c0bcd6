"""Imports by the command, and of real files whole."""

import os
from pathlib import Path

import pytest
from flask import Flask

from dashboard.catalog.models import Device
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.sources import find_preset
from tests.catalog.imports.running import PHONES, ROOT, count, device, figures, run, upload

SHARED = Path(os.environ.get("TRADECOUNTER_SHARED") or ROOT.parent / "shared") / "data"


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
