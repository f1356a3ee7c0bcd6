"""How Alembic reaches the database: with an engine of its own, one transaction a run."""

from typing import Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, pool

from dashboard.config import Settings
from dashboard.core.db import Base, UTCDateTime


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own types by what they are in the database, so that a migration never imports the application."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    """Run the migrations on `connection`."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


UPGRADE_LOCK = 0x7472616465
"""Any number that nothing else in this database locks by."""


def take_turns(connection: Connection) -> None:
    """Let one upgrade of a PostgreSQL server run at a time, and none wait long for a table.

    Several machines start together after an upgrade. A statement that waits for a busy table makes all others wait
    behind it, so it gives up; started again, it goes on where nothing was changed.
    """
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({UPGRADE_LOCK})")
    connection.exec_driver_sql("SET lock_timeout = '10s'")
    connection.commit()


def online() -> None:
    """Connect and run."""
    settings: Settings = current_app.extensions["settings"]
    engine = create_engine(settings.database_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A table rebuilt with foreign keys on would take its child rows with it. Inside a transaction this is
            # ignored, so it comes first.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        else:
            take_turns(connection)
        run(connection)
        connection.commit()
        if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            raise RuntimeError(f"The migration left rows without what they refer to: {broken[:5]}")


online()
