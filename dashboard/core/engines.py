"""What differs between SQLite and PostgreSQL below the session: connecting, and beginning a transaction.

Both drivers run in autocommit, so that the program itself says BEGIN: IMMEDIATE for a command on SQLite, READ ONLY
for a read, and on PostgreSQL together with the tenant in a single round trip.
"""

import sqlite3
import time
from contextlib import suppress
from typing import Any, cast

import orjson
from sqlalchemy import Connection, Engine, event, exc
from sqlalchemy.pool import ConnectionPoolEntry

from dashboard.core.context import Principal

BUSY_TIMEOUT_MS = 15_000
WRITER_TRY_MS = 8
IDLE_BEFORE_CHECK_S = 2.0


def options(url: str) -> dict[str, Any]:
    """Engine options for `DATABASE_URL`."""
    shared = {"isolation_level": "AUTOCOMMIT", "json_serializer": _to_json, "json_deserializer": orjson.loads}
    if url.startswith("sqlite"):
        return {**shared, "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000}}
    return {**shared, "pool_size": 10, "max_overflow": 10, "pool_timeout": 10}


def _to_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def prepare(engine: Engine) -> None:
    """Set up every connection that `engine` opens."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        event.listen(engine, "checkin", _note_idle_since)
        event.listen(engine, "checkout", _check_if_long_idle)
        event.listen(engine, "rollback", _commit_a_read)


def _set_up_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA cache_size=-16000")
    connection.execute("PRAGMA mmap_size=0")


def _note_idle_since(_: object, entry: ConnectionPoolEntry) -> None:
    entry.info["idle_since"] = time.monotonic()


def _check_if_long_idle(connection: Any, entry: ConnectionPoolEntry, _: object) -> None:
    """Asks a connection that lay idle whether its server still lives; a busy one is not slowed by the question."""
    if time.monotonic() - entry.info.get("idle_since", time.monotonic()) < IDLE_BEFORE_CHECK_S:
        return
    try:
        connection.execute("SELECT 1")
    except Exception as error:
        raise exc.DisconnectionError from error


def _commit_a_read(connection: Connection) -> None:
    """A read has nothing to take back, and the driver forgets prepared statements at every rollback: whatever is read
    would be planned anew each time.
    """
    if connection.invalidated:  # what broke in the middle of a statement is closed, and has no end to choose
        return
    driver = connection.connection.driver_connection
    if driver is not None and connection.info.get("reading"):
        with suppress(connection.dialect.loaded_dbapi.Error):  # the rollback that follows says what is wrong
            driver.commit()


def begin(connection: Connection, *, writing: bool, by: Principal | None) -> None:
    """Begin the transaction of a command or of a read, for the tenant of `by`."""
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        _begin_sqlite(cast(sqlite3.Connection, driver), connection.info, writing=writing)
    else:
        connection.info["reading"] = not writing
        driver.execute(_postgresql_begin(by, writing=writing), prepare=False)


def _begin_sqlite(driver: sqlite3.Connection, info: dict[Any, Any], *, writing: bool) -> None:
    if info.get("query_only") is not (not writing):
        driver.execute(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
        info["query_only"] = not writing
    if writing:
        _wait_for_turn(driver)
    else:
        driver.execute("BEGIN")


def _wait_for_turn(driver: sqlite3.Connection) -> None:
    """Begin as the only writer. SQLite lets those who wait longest look least often, so that some wait for seconds
    while others pass: here all look every few milliseconds.
    """
    given_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    driver.execute(f"PRAGMA busy_timeout={WRITER_TRY_MS}")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= given_up_at:
                    raise
            else:
                return
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _postgresql_begin(by: Principal | None, *, writing: bool) -> str:
    tenant = "" if by is None or by.tenant_id is None else str(int(by.tenant_id))
    every = "on" if by is not None and by.operator and by.tenant_id is None else "off"
    return (
        f"BEGIN {'READ WRITE' if writing else 'READ ONLY'}; "
        f"SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.every_tenant = '{every}'"
    )
