"""What whole processes cost: a second start, a web process at rest, and an import."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.report import Figure
from benchmarks.servers import Server, second_start
from benchmarks.world import POSTGRESQL, RESULTS, ROOT, World

SECOND_START_S = 5
AT_REST_MB = 150
IMPORT_S = 15
IMPORT_MB = 200

SHARED = Path(os.environ.get("TRADECOUNTER_SHARED", ROOT.parent / "shared"))
LARGEST_FILE = SHARED / "data" / "devices" / "play-catalogue-2025-12.csv"
"""The file of 24,668 rows; the import is not measured where it is absent."""


def starting(world: World) -> Figure:
    """What `make demo` does when the world is there: migrate, look, serve, answer."""
    with second_start(world) as server:
        seconds = server.started_in
    return Figure("second start", f"{seconds:.1f} s", target=f"< {SECOND_START_S} s", met=seconds < SECOND_START_S)


def memory_at_rest(server: Server) -> Figure:
    """The largest web process of a server that has answered and now waits."""
    megabytes = max(_resident_mb(pid) for pid in _children(server.process.pid) if _is_web_process(pid))
    words = f"{megabytes:.0f} MB"
    return Figure("web process at rest", words, target=f"< {AT_REST_MB} MB", met=megabytes < AT_REST_MB)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def _is_web_process(pid: int) -> bool:
    return b"worker\0" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    resident = next(line for line in lines if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1000


def importing(database: str) -> list[Figure]:
    """The largest shared file into an empty database of its own."""
    if not LARGEST_FILE.exists():
        return [Figure("import of 24,668 rows", "not measured: the file is absent (TRADECOUNTER_SHARED)")]
    folder = RESULTS / f"import-{database}"
    environment = {**os.environ, "INSTANCE_PATH": str(folder), "DATABASE_URL": _empty(database, folder),
                   "ENVIRONMENT": "production", "LOG_LEVEL": "warning"}  # fmt: skip
    subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"], cwd=ROOT, env=environment,
                   check=True, capture_output=True)  # fmt: skip
    seconds, megabytes = _run([sys.executable, "-m", "flask", "--app", "wsgi", "import-devices", str(LARGEST_FILE)],
                              environment)  # fmt: skip
    words = f"{seconds:.1f} s, {megabytes:.0f} MB at most"
    met = seconds < IMPORT_S and megabytes < IMPORT_MB
    return [Figure("import of 24,668 rows", words, target=f"< {IMPORT_S} s, < {IMPORT_MB} MB", met=met)]


def _empty(database: str, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    if database == "sqlite":
        for file in folder.glob("tradecounter.db*"):
            file.unlink()
        return f"sqlite:///{folder / 'tradecounter.db'}"
    with psycopg.connect(POSTGRESQL.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS tradecounter_bench_import")
        server.execute("CREATE DATABASE tradecounter_bench_import")
    return POSTGRESQL.rpartition("/")[0] + "/tradecounter_bench_import"


def _run(command: list[str], environment: dict[str, Any]) -> tuple[float, float]:
    """Seconds and the most megabytes that `command` took."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"The import failed: {said.decode()[-2000:]}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000
