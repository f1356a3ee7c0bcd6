"""Calls that the guard does not see are written nowhere."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# What the guard is known not to catch (a session's bare connection, bulk methods, moving rows by UPDATE) is not
# written at all. `core/engines.py` and `core/db.py` are below the guard.
FORBIDDEN_CALLS = {
    "bulk_insert_mappings",
    "bulk_update_mappings",
    "bulk_save_objects",
    "connection",
    "exec_driver_sql",
    "from_statement",
    "text",
}
BELOW = {"core/engines.py", "core/db.py"}

# Tables whose partial indexes are said in text.
INDEXES_IN_TEXT = {
    "accounts/models/people.py",
    "catalog/models.py",
    "core/jobs/models.py",
    "customers/models.py",
    "inventory/models/movements.py",
    "inventory/models/products.py",
    "inventory/models/purchasing.py",
    "inventory/models/stock.py",
    "orders/models.py",
    "workforce/models/hours.py",
}


def violations(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name in FORBIDDEN_CALLS:
            found.append(f"line {node.lineno}: {name}()")
        if name == "values" and any(keyword.arg == "tenant_id" for keyword in node.keywords):
            found.append(f"line {node.lineno}: values(tenant_id=…)")
    return found


def test_nothing_is_written_that_the_guard_does_not_see() -> None:
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        if path.relative_to(ROOT / "dashboard").as_posix() not in BELOW | INDEXES_IN_TEXT:
            assert violations(path.read_text()) == [], path


@pytest.mark.parametrize(
    "source",
    [
        "session.connection().execute(x)",
        "session.execute(text('SELECT 1'))",
        "session.bulk_update_mappings(M, rows)",
        "session.scalars(select(M).from_statement(s))",
        "session.execute(update(M).values(tenant_id=2))",
    ],
)
def test_such_a_line_would_be_found(source: str) -> None:
    assert len(violations(source)) == 1
