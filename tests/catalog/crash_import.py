"""A worker process that is to be killed in the middle of an import.

HOLD counts batches: in that one, devices and problems are written and nothing is committed when it says "holding" and
waits.
"""

import os
import sys
from typing import Any

from sqlalchemy import event

from dashboard import create_app
from dashboard.core import jobs
from dashboard.core.db import db


def hold_in(batch: int) -> None:
    """Stop in the batch of that number, at the statement that writes its problems."""
    seen = 0

    def after_statement(*arguments: Any) -> None:
        nonlocal seen
        if str(arguments[2]).startswith("INSERT INTO import_problem"):
            seen += 1
            if seen == batch:
                sys.stdout.write("holding\n")
                sys.stdout.flush()
                sys.stdin.read()

    event.listen(db.engine, "after_cursor_execute", after_statement)


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        hold_in(int(os.environ["HOLD"]))
    jobs.serve_worker(app.app_context)
