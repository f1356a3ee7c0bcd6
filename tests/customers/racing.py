"""Commands let go at once, each in a thread with an application context of its own."""

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

from flask import Flask

from dashboard.core.db import db

DEADLINE_S = 60


def together(app: Flask, *actions: Callable[[], Any]) -> list[Any]:
    """What each action returned, or what it raised, in their order."""
    db.session.remove()
    barrier = Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait(timeout=DEADLINE_S)
            try:
                results[place] = action()
            except Exception as error:  # noqa: BLE001 - the test tells which refusals it expects
                results[place] = error
            finally:
                db.session.remove()

    rivals = [Thread(target=run, args=pair) for pair in enumerate(actions)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(timeout=DEADLINE_S)
    return results


def refusals(results: Sequence[Any]) -> list[Exception]:
    """Those of the results that are refusals."""
    return [each for each in results if isinstance(each, Exception)]
