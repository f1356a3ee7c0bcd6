"""The import contracts of pyproject.toml: the code keeps them, and each of them can be broken."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "forms", "jobs", "models", "pages", "queries", "schemas", "service")
VERDICT = re.compile(r"^(?P<name>.+?) (?P<verdict>KEPT|BROKEN)\b", re.MULTILINE)

# contract, module that is made to import, what it imports
VIOLATIONS = [
    ("Domains form one line", "dashboard.config", "dashboard.core"),
    ("Domains form one line", "dashboard.core.pages", "dashboard.web"),
    ("Domains form one line", "dashboard.web.pages", "dashboard.accounts.models"),
    ("Domains form one line", "dashboard.accounts.service", "dashboard.catalog.models"),
    ("Domains form one line", "dashboard.catalog.pages", "dashboard.demo"),
    ("Domains form one line", "dashboard.demo", "dashboard.cli"),
    ("Rooms of a domain keep their order", "dashboard.accounts.pages", "dashboard.accounts.api"),
    ("Rooms of a domain keep their order", "dashboard.catalog.api", "dashboard.catalog.pages"),
    ("Rooms of a domain keep their order", "dashboard.catalog.forms", "dashboard.catalog.jobs"),
    ("Rooms of a domain keep their order", "dashboard.catalog.queries", "dashboard.catalog.schemas"),
    ("Rooms of a domain keep their order", "dashboard.catalog.models", "dashboard.catalog.service"),
    ("Core, models, service and queries know no HTTP", "dashboard.core", "flask"),
    ("Core, models, service and queries know no HTTP", "dashboard.catalog.models", "wtforms"),
    ("Core, models, service and queries know no HTTP", "dashboard.accounts.service", "flask_login"),
    ("Core, models, service and queries know no HTTP", "dashboard.catalog.queries", "werkzeug.exceptions"),
    ("Nothing imports the entry point, tests or benchmarks", "dashboard.cli", "wsgi"),
    ("Nothing imports the entry point, tests or benchmarks", "dashboard.web", "tests.factories"),
]


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return settings["tool"]["importlinter"]["contracts"]


def lint(tree: Path) -> tuple[dict[str, str], str]:
    """Run lint-imports over `dashboard` in `tree`. Returns each contract's verdict, and the output."""
    # A wide terminal, so that no contract's name is broken over two lines; no PYTHONPATH, so that the tree
    # is read and not the code under test.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=tree,
        env={**environment, "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    output = result.stdout + result.stderr
    verdicts = {match["name"]: match["verdict"] for match in VERDICT.finditer(result.stdout)}
    assert verdicts, f"lint-imports gave no verdict:\n{output}"
    assert (result.returncode == 0) == ("BROKEN" not in verdicts.values()), output
    return verdicts, output


def module_file(tree: Path, module: str) -> Path:
    path = tree.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.fixture
def model_tree(tmp_path: Path) -> Path:
    """A house with every room and no import, under the project's own contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("", "core", "web", "accounts", "catalog", "demo"):
        folder = tmp_path / "dashboard" / package
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    for module in ("config", "cli"):
        (tmp_path / "dashboard" / f"{module}.py").touch()
    for package in ("core", "web", "accounts", "catalog"):
        for room in ROOMS:
            (tmp_path / "dashboard" / package / f"{room}.py").touch()
    return tmp_path


def test_the_code_keeps_every_contract(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "dashboard", tmp_path / "dashboard", ignore=ignore)
    verdicts, output = lint(tmp_path)
    assert set(verdicts.values()) == {"KEPT"}, output
    assert set(verdicts) == {contract["name"] for contract in contracts()}


def test_a_house_without_a_wrong_import_keeps_every_contract(model_tree: Path) -> None:
    verdicts, output = lint(model_tree)
    assert set(verdicts.values()) == {"KEPT"}, output


@pytest.mark.parametrize(("contract", "importer", "imported"), VIOLATIONS)
def test_a_wrong_import_breaks_its_contract_and_no_other(
    model_tree: Path, contract: str, importer: str, imported: str
) -> None:
    module_file(model_tree, importer).write_text(f"import {imported}\n")
    verdicts, output = lint(model_tree)
    assert [name for name, verdict in verdicts.items() if verdict == "BROKEN"] == [contract], output
    assert importer in output.partition("Broken contracts")[2], output


def test_a_detour_through_another_module_does_not_hide_http(model_tree: Path) -> None:
    module_file(model_tree, "dashboard.web.cookies").write_text("import flask\n")
    module_file(model_tree, "dashboard.catalog.service").write_text("import dashboard.web.cookies\n")
    verdicts, output = lint(model_tree)
    assert verdicts["Core, models, service and queries know no HTTP"] == "BROKEN", output


def test_the_rooms_of_web_are_its_own(model_tree: Path) -> None:
    module_file(model_tree, "dashboard.web.pages").write_text("import dashboard.web.api\n")
    verdicts, output = lint(model_tree)
    assert set(verdicts.values()) == {"KEPT"}, output


def test_create_app_may_import_everything(model_tree: Path) -> None:
    wiring = "import flask\nimport dashboard.cli\nimport dashboard.catalog.pages\nimport dashboard.core.jobs\n"
    module_file(model_tree, "dashboard").write_text(wiring)
    verdicts, output = lint(model_tree)
    assert set(verdicts.values()) == {"KEPT"}, output


def test_every_contract_has_a_violation_that_breaks_it() -> None:
    assert {contract["name"] for contract in contracts()} == {contract for contract, _, _ in VIOLATIONS}


def test_every_package_has_its_place_in_the_line() -> None:
    line = next(contract["layers"] for contract in contracts() if contract["id"] == "layers")
    placed = {module.strip("()") for module in line}
    packages = {path.parent.name for path in (ROOT / "dashboard").glob("*/__init__.py")}
    assert {f"dashboard.{name}" for name in packages} <= placed
