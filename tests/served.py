"""The whole installation served as an operator would, in processes that can be killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from flask import Flask

from dashboard.config import Settings

ROOT = Path(__file__).resolve().parents[1]
PROCESSES = 2
DEADLINE_S = 60


@contextmanager
def serving(app: Flask) -> Generator[tuple[int, int]]:
    """The installation of `app` served as an operator would; its port and the process that starts web workers."""
    settings: Settings = app.extensions["settings"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    told = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "INSTANCE_PATH": str(settings.instance_path),
        "SECRET_KEY": settings.secret_key,
        "RATE_LIMITS": "off",
        "LOG_LEVEL": "critical",
    }
    command = ["-m", "flask", "--app", "wsgi", "serve", "--port", str(port), "--processes", str(PROCESSES)]
    started = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=told, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port))
        yield port, started.pid
    finally:
        started.terminate()
        started.wait(timeout=DEADLINE_S)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def until(there: Callable[[], bool]) -> None:
    """Wait until it is there, for a minute at most."""
    end = time.monotonic() + DEADLINE_S
    while not there():
        assert time.monotonic() < end, "It did not come in time."


def web_workers(pid: int) -> list[int]:
    """The web workers of a server: its children but the one that does background work."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found: list[int] = []
    for child in map(int, children):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if command and b"worker" not in command:  # a dead one that nobody has buried has none
                found.append(child)
        except OSError:
            continue
    return found
