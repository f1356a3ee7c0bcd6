"""How often the database is asked."""

from collections.abc import Generator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from dashboard.core.db import db


@contextmanager
def statements_of(app: Flask) -> Generator[list[str]]:
    """The statements that `app` sends to its database meanwhile. BEGIN and COMMIT are not among them."""
    executed: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        executed.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield executed
    finally:
        event.remove(engine, "before_cursor_execute", note)
