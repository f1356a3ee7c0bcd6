"""The two servers that are compared: the house, as `flask --app wsgi serve` starts it, and the floor beside it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.world import World

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 2
THREADS = 2


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: where, its process, and the seconds from its start to its first answer."""

    address: str
    process: subprocess.Popen[bytes]
    started_in: float


@contextmanager
def house(world: World) -> Generator[Server]:
    """The house over `world`: credentials, limits, logs and figures on; its log goes to a file of the world."""
    port = free_port()
    command = ["-m", "flask", "--app", "wsgi", "serve", "--port", str(port), "--processes", str(PROCESSES)]
    with _running(command, world.environment, world.folder / "house.log", port, "/healthz") as server:
        yield server


@contextmanager
def floor(
    world: World, factory: str = "benchmarks.floor:create_floor", first: str = "/api/catalog/autocomplete?q=zz"
) -> Generator[Server]:
    """A bare app over the same data, in as many processes and threads."""
    port = free_port()
    command = [
        *("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"),
        *("--workers", str(PROCESSES), "--blocking-threads", str(THREADS), "--backlog", "1024"),
        *("--workers-kill-timeout", "5", "--no-access-log", "--factory", factory),
    ]
    environment = {**world.environment, "FLOOR_DATABASE_URL": world.database_url}
    with _running(command, environment, world.folder / "floor.log", port, first) as server:
        yield server


@contextmanager
def second_start(world: World) -> Generator[Server]:
    """What `make demo` starts, over a world that is loaded."""
    port = free_port()
    command = ["-m", "flask", "--app", "wsgi", "demo", "--serve", "--port", str(port)]
    with _running(command, world.environment, world.folder / "demo.log", port, "/healthz") as server:
        yield server


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, port: int, first: str
) -> Generator[Server]:
    address = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(address + first, process, log)
            yield Server(address, process, time.perf_counter() - started)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended at once; its last words are in {log}.")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - an address of our own
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not answer within a minute; its last words are in {log}.")
