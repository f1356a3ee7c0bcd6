"""Migrations: from nothing to the models and back, on either database, and no row is lost on the way."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, inspect, select
from sqlalchemy.dialects import postgresql

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant, User
from dashboard.core import jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, db, reads
from tests.conftest import PASSWORD, made_app, settings_at

ROOT = Path(__file__).parents[2]
VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
BOOKKEEPING = {"alembic_version"}


@pytest.fixture
def bare(fresh_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without any table."""
    app = made_app(settings_at(tmp_path, fresh_database))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    jobs.disconnect()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - BOOKKEEPING


def differences() -> list[Any]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        return list(compare_metadata(context, Base.metadata))


def test_from_nothing_to_the_models_and_back_and_again(bare: Flask) -> None:
    assert tables() == set()
    flask_migrate.upgrade()
    assert tables() == set(Base.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert tables() == set()
    flask_migrate.upgrade()
    assert tables() == set(Base.metadata.tables)


def test_what_the_migrations_make_is_what_the_models_say(bare: Flask) -> None:
    flask_migrate.upgrade()
    assert differences() == []


def test_a_difference_would_be_seen(bare: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE make ADD COLUMN colour VARCHAR(10)")
        connection.exec_driver_sql("DROP INDEX ix_device_newest")
    assert {change[0] for change in differences()} == {"remove_column", "add_index"}


def test_an_upgrade_of_the_newest_database_changes_no_row(bare: Flask) -> None:
    flask_migrate.upgrade()
    tenant = accounts.create_tenant(SYSTEM, business_code="SHOP", name="Shop")
    accounts.create_user(SYSTEM, tenant, username="ann", password=PASSWORD, role="owner")
    db.session.remove()
    flask_migrate.upgrade()
    assert reads(SYSTEM).execute(select(Tenant.business_code, User.username).join(User)).all() == [("SHOP", "ann")]


def test_two_machines_that_start_together_upgrade_once(bare: Flask, fresh_database: str, tmp_path: Path) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("A database in a file is upgraded by the one machine it lies on.")
    told = os.environ | {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": fresh_database, "FLASK_APP": "wsgi"}
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    running = [subprocess.Popen(command, env=told, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    complaints = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], complaints
    assert tables() == set(Base.metadata.tables)


def test_there_is_one_line_of_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert len(list(script.walk_revisions())) == len(VERSIONS)


@pytest.mark.parametrize("path", VERSIONS, ids=[path.stem for path in VERSIONS])
def test_a_migration_imports_nothing_of_the_application(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= {"alembic", "sqlalchemy", *sys.stdlib_module_names}


def partial() -> list[tuple[str, Index]]:
    """Every index of the models that holds only some rows, by its table."""
    return [
        (table.name, index)
        for table in Base.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"].get("where") is not None
        or index.dialect_options["postgresql"].get("where") is not None
    ]


def test_a_partial_index_is_partial_on_both_databases() -> None:
    assert len(partial()) >= 3
    for _, index in partial():
        conditions = [str(index.dialect_options[name].get("where")) for name in ("sqlite", "postgresql")]
        # SQLite uses such an index only where the question is put in its words, and there a truth is a number.
        assert conditions[0].replace(" = 1", "") == conditions[1] != "None", index.name


def test_a_partial_index_is_partial_in_the_database_as_well(bare: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        else:
            query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        made: dict[str, str] = {row[0]: row[1] for row in connection.exec_driver_sql(query)}
    expected = {str(index.name) for _, index in partial()}
    assert {name for name, text in made.items() if re.search(r"\bWHERE\b", text)} == expected


def test_every_constraint_has_a_name_by_which_a_later_migration_finds_it() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, (table.name, constraint)
            if isinstance(constraint, ForeignKeyConstraint | UniqueConstraint | CheckConstraint):
                assert re.match(rf"(fk|uq|ck)_{table.name}_", str(constraint.name)), constraint.name
        for index in table.indexes:
            assert re.match(rf"(ix|uq)_{table.name}_", str(index.name)), index.name
            assert len(str(index.name)) <= 63


@pytest.mark.postgres
def test_text_that_is_searched_by_its_beginning_is_compared_by_code_point(bare: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite always compares so")
    flask_migrate.upgrade()
    expected = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(kind := column.type.dialect_impl(postgresql.dialect()), String) and kind.collation == "C"
    }
    assert len(expected) > 5
    with db.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE collation_name = 'C' AND table_schema = 'public'"
        )
        assert {(table, column) for table, column in found} == expected


def test_foreign_keys_are_enforced_after_a_migration(bare: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            connection.exec_driver_sql(
                "INSERT INTO device_model_number (number, device_id) VALUES ('x', 999)",
            )
