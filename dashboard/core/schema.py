"""Which database an installation stands on, and which revision its tables are at."""

import sqlite3
from dataclasses import dataclass

from sqlalchemy import String, column, select, table
from sqlalchemy.exc import SQLAlchemyError

from dashboard.core.context import Principal
from dashboard.core.db import reads

_VERSION_NUM = column("version_num", String(32))
_REVISION = select(_VERSION_NUM).select_from(table("alembic_version", _VERSION_NUM))


@dataclass(frozen=True, slots=True)
class Database:
    """`kind` is SQLite or PostgreSQL; `revision` is None where no migration has been run."""

    kind: str
    version: str
    revision: str | None


def database(by: Principal) -> Database:
    """What `by` works on."""
    session = reads(by)
    dialect = session.get_bind().dialect
    if dialect.name == "sqlite":
        kind, version = "SQLite", sqlite3.sqlite_version
    else:
        kind, version = "PostgreSQL", ".".join(str(part) for part in dialect.server_version_info or ())
    try:
        revision = session.scalar(_REVISION)
    except SQLAlchemyError:
        session.rollback()
        revision = None
    return Database(kind, version, revision)
