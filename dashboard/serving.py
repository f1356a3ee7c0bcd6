"""Starting the whole installation with one command: web processes and a worker beside them."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from dashboard.config import Settings
from dashboard.web.logs import log
from dashboard.web.streams import MOST_STREAMS, Gate

BUSY_THREADS = 2
"""Requests that work at once in each process: more of them cost SQLite four times the CPU (measured)."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what an operator may ask for, compared here

ROOT = Path(__file__).resolve().parent.parent

TURNS_S = 0.0005
"""After so long a thread lets the other go on. Each answer of a database is waited for anew: at Python's 5 ms whoever
has theirs stands behind the other one's work as often as they asked."""

KILL_AFTER_S = 5
"""A worker that has not ended by then, an open event stream say, is ended."""


def serve(settings: Settings, *, host: str, port: int, processes: int) -> NoReturn:
    """Serve until SIGINT or SIGTERM, in place of the present program.

    Limits and figures are set up when the application is made, by settings that are known only now. A web process is
    a copy of the one that starts it, so that one must not have made an application before.
    """
    os.environ["PROCESSES"] = str(processes)
    os.environ.setdefault("BASE_URL", f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{port}")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_fresh_folder(settings.instance_path / "metrics"))
    sys.stdout.flush()
    sys.stderr.flush()
    program = [sys.executable, "-c", "from dashboard.serving import run; run()", host, str(port), str(processes)]
    os.chdir(ROOT)
    os.execv(sys.executable, program)  # noqa: S606  ourselves, with our own settings


def run() -> None:
    """Start web processes and the worker, as told by `serve`. Everything started here has ended when this returns."""
    host, port, processes = sys.argv[1:]
    sys.setswitchinterval(TURNS_S)  # web processes are copies of this one
    background = _Background()
    background.start()
    try:
        while not _serve_until_told(host, int(port), int(processes)):
            log.error("web_processes_kept_dying")
    finally:
        background.stop()


def _serve_until_told(host: str, port: int, processes: int) -> bool:
    """Serve; False where the server gave up on a web process that died twice within seconds, as it does."""
    try:
        _serve(host, port, processes)
    except SystemExit as gave_up:
        return not gave_up.code
    return True


def web_application() -> Flask:
    """The application as a web process serves it, where each open stream has a thread."""
    from dashboard import create_app  # noqa: PLC0415 - it imports this module itself

    app = create_app()
    app.wsgi_app = Gate(app.wsgi_app, BUSY_THREADS)
    return app


def _serve(host: str, port: int, processes: int) -> None:
    server = Granian(
        "dashboard.serving:web_application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=BUSY_THREADS + MOST_STREAMS,
        backlog=1024,
        workers_kill_timeout=KILL_AFTER_S,
        respawn_failed_workers=True,
        websockets=False,
        log_access=False,
        working_dir=ROOT,
    )
    server.serve()


def _fresh_folder(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


class _Background:
    """The worker process, started again whenever it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._watcher.start()

    def stop(self) -> None:
        self._ending.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        self._watcher.join(timeout=1)

    def _watch(self) -> None:
        while not self._ending.is_set():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--stop-with-parent"],
                cwd=ROOT,
                # A Ctrl-C in the terminal reaches the whole group: the worker is told by us, once.
                start_new_session=True,
            )
            code = self._process.wait()
            if not self._ending.wait(1):
                log.warning("worker_ended", code=code)
