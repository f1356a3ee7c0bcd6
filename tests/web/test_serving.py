"""The whole installation, started as an operator starts it: limits and figures count over all its web processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 60
PROCESSES = 2


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Where an installation of two web processes serves, without Redis."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    told = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "BASE_URL", "PROCESSES")}
    told |= {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'served.db'}"}
    command = ["serve", "--port", str(port), "--processes", str(PROCESSES)]
    started = subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", *command], cwd=ROOT, env=told)
    try:
        _wait_for(port, started)
        yield port
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=DEADLINE_S)


def _wait_for(port: int, started: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until and started.poll() is None:
        try:
            get(port, "/healthz")
        except OSError:
            continue
        return
    pytest.fail("The server did not come up.")


def get(port: int, path: str) -> tuple[HTTPResponse, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_processes_share_a_limit_that_is_kept_in_memory_and_count_into_one_set_of_figures(port: int) -> None:
    left: list[int] = []
    for _ in range(12):
        refused, _ = get(port, "/api/catalog/stats")
        assert refused.status == 401
        left.append(int(refused.headers["X-RateLimit-Remaining"]))
    assert max(left) == 300 // PROCESSES - 1  # an address without a credential has 300 a minute
    _, figures = get(port, "/metrics")
    counted = re.findall(r'_total\{[^}]*status="401"[^}]*\} ([0-9.]+)', figures)
    assert sum(map(float, counted)) == len(left), figures
