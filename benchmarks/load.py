"""Sixteen clients that ask without a pause: wrk where it is installed, else processes of our own.

Our own client takes more of the machine than wrk does, so its figures are lower on both sides.
"""

import json
import multiprocessing
import os
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 16
_PROCESSES = 2
_MIXED = Path(__file__).with_name("mixed.lua")
_SENT = Path(__file__).with_name("sent.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What a server bore: requests a second, milliseconds until an answer, and answers that were no 2xx."""

    per_second: float
    p50: float
    p95: float
    p99: float
    wrong: int


def drive(address: str, paths: Sequence[str], headers: dict[str, str], *, seconds: float) -> Load:
    """Ask `address` for `paths` in a random order over 16 connections for so many seconds."""
    if shutil.which("wrk"):
        return _by_wrk(address, paths, headers, seconds)
    return _by_ourselves(address, paths, headers, seconds)


def send(
    address: str,
    requests: Sequence[tuple[str, str]],
    headers: dict[str, str],
    *,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Load:
    """POST `requests` (path and JSON body) to `address` one after the other. Raises RuntimeError without wrk."""
    if not shutil.which("wrk"):
        raise RuntimeError("wrk is needed to send orders (Debian: apt install wrk).")
    lines = [f"{path}\t{body}" for path, body in requests]
    return _wrk(address, _SENT, "REQUESTS", lines, headers, seconds, connections)


def _by_wrk(address: str, paths: Sequence[str], headers: dict[str, str], seconds: float) -> Load:
    return _wrk(address, _MIXED, "PATHS", paths, headers, seconds, CONNECTIONS)


def _wrk(  # noqa: PLR0917  what one call of wrk takes
    address: str,
    script: Path,
    variable: str,
    lines: Sequence[str],
    headers: dict[str, str],
    seconds: float,
    connections: int,
) -> Load:
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines))
        file.flush()
        printed = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(script), *given, address],
            env={**os.environ, variable: file.name},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    per_second = found["requests"] / found["seconds"]
    if "mean" in found and found["requests"] >= len(lines) - connections:
        # It was idle after the last one: so many connections, each of which asked again at once, took so long for one.
        per_second = connections * 1000 / found["mean"]
    return Load(per_second, found["p50"], found["p95"], found["p99"], found["wrong"])


def _by_ourselves(address: str, paths: Sequence[str], headers: dict[str, str], seconds: float) -> Load:
    with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
        jobs = [(address, paths, headers, seconds, seed) for seed in range(_PROCESSES)]
        parts = pool.starmap(_process, jobs)
    took = [each for times, _ in parts for each in times]
    cuts = quantiles(took, n=100)
    wrong = sum(part_wrong for _, part_wrong in parts)
    return Load(len(took) / seconds, cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000, wrong)


def _process(
    address: str, paths: Sequence[str], headers: dict[str, str], seconds: float, seed: int
) -> tuple[list[float], int]:
    clients = [
        _Client(address, paths, headers, seed * CONNECTIONS + number) for number in range(CONNECTIONS // _PROCESSES)
    ]
    threads = [threading.Thread(target=client.ask, args=(seconds,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each for client in clients for each in client.took], sum(client.wrong for client in clients)


class _Client:
    """One kept-alive connection, asked again as soon as it has answered."""

    def __init__(self, address: str, paths: Sequence[str], headers: dict[str, str], seed: int) -> None:
        parts = urlsplit(address)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 80)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._requests = [f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}\r\n".encode() for path in paths]
        self._random = random.Random(seed)
        self.took: list[float] = []
        self.wrong = 0

    def ask(self, seconds: float) -> None:
        """Ask until so many seconds have passed."""
        end = time.perf_counter() + seconds
        with socket.create_connection(self._to) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (started := time.perf_counter()) < end:
                connection.sendall(self._random.choice(self._requests))
                self.wrong += not _answered_well(connection)
                self.took.append(time.perf_counter() - started)


def _answered_well(connection: socket.socket) -> bool:
    """Read one whole answer; whether its status was 2xx."""
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _some(connection)
    head = received[:end].lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    missing = length - (len(received) - end - 4)
    while missing > 0:
        missing -= len(_some(connection))
    return head.split(b" ", 2)[1].startswith(b"2")


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("The server closed the connection in the middle of an answer.")
    return received
