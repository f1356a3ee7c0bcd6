"""Rate limits under parallel load: exact in one process, exact across processes with Redis, never exceeded without."""

import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dashboard.web import limits
from dashboard.web.limits import AUTHENTICATION_LIMIT, LimitState, RateLimiter
from tests.conftest import REDIS, Api
from tests.web.conftest import Suite
from tests.web.hitting import hit_together
from tests.web.suite import PREFIX

ROOT = Path(__file__).resolve().parents[2]
ONE = PREFIX["techparts"] + "/one"
THREADS = 64
PROCESSES = 4
LIMIT = 500
DEADLINE_S = 60


def assert_exact(states: list[LimitState], limit: int) -> None:
    """Exactly `limit` pass, each is told another remainder, and none a negative one."""
    passed = [state.remaining for state in states if state.allowed]
    assert sorted(passed) == list(range(limit))
    assert {state.remaining for state in states if not state.allowed} == {0}
    assert {state.limit for state in states} == {limit}


def test_sixty_four_threads_pass_exactly_the_limit() -> None:
    assert_exact(hit_together(RateLimiter(None, 1, enabled=True), "a", LIMIT, THREADS, 16), LIMIT)


@pytest.mark.redis
def test_sixty_four_threads_pass_exactly_the_limit_with_redis() -> None:
    limiter = RateLimiter(needed_redis(), 1, enabled=True, namespace=uuid.uuid4().hex)
    assert_exact(hit_together(limiter, "a", LIMIT, THREADS, 16), LIMIT)


def test_sixty_four_programs_at_once_get_as_many_answers_as_their_key_may_have(suite: Suite) -> None:
    key = suite.limited(100).key
    together = threading.Barrier(THREADS)

    def ask(_: int) -> list[tuple[int, int, str | None]]:
        api = Api(suite.app.test_client(), key)
        together.wait(DEADLINE_S)
        answers = [api.get(ONE) for _ in range(4)]
        return [
            (each.status_code, int(each.headers["X-RateLimit-Remaining"]), each.headers.get("Retry-After"))
            for each in answers
        ]

    with ThreadPoolExecutor(THREADS) as pool:
        found = [each for answers in pool.map(ask, range(THREADS)) for each in answers]
    assert Counter(status for status, _, _ in found) == {200: 100, 429: 4 * THREADS - 100}
    assert sorted(left for status, left, _ in found if status == 200) == list(range(100))
    for status, left, wait in found:
        if status == 429:
            assert left == 0
            assert wait is not None
            assert 1 <= int(wait) <= 61
        else:
            assert wait is None


def test_sixty_four_sign_ins_at_once_are_five_tries(suite: Suite) -> None:
    together = threading.Barrier(THREADS)

    def ask(_: int) -> int:
        client = suite.app.test_client()
        together.wait(DEADLINE_S)
        headers = {"X-Tenant-Id": str(suite.merchants.tenant.public_id)}
        body = {"username": "alice", "password": "wrong"}
        return client.post("/api/v1/auth/login", json=body, headers=headers).status_code

    with ThreadPoolExecutor(THREADS) as pool:
        found = Counter(pool.map(ask, range(THREADS)))
    assert found == {401: AUTHENTICATION_LIMIT, 429: THREADS - AUTHENTICATION_LIMIT}


def needed_redis() -> str:
    if REDIS is None:
        pytest.skip("TEST_REDIS_URL is not set")
    return REDIS


def passed_in_processes(redis_url: str, namespace: str, limits: Sequence[int]) -> list[tuple[int, ...]]:
    """How many hits pass at each limit, in each of four processes of sixteen threads that begin together."""
    command = [sys.executable, "-m", "tests.web.hitting", redis_url, str(PROCESSES), namespace, *map(str, limits)]
    with ExitStack() as ended:
        started = [
            ended.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(PROCESSES)
        ]
        for process in started:
            ended.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        found = [process.communicate(timeout=DEADLINE_S)[0] for process in started]
    words = [each.splitlines()[-1].split() for each in found]  # before them stands what was logged
    return list(zip(*([int(word) for word in each] for each in words), strict=True))


@pytest.mark.redis
def test_four_processes_of_sixteen_threads_pass_exactly_the_limit_with_redis() -> None:
    several = (LIMIT, AUTHENTICATION_LIMIT)
    found = passed_in_processes(needed_redis(), uuid.uuid4().hex, several)
    assert [sum(passed) for passed in found] == [LIMIT, AUTHENTICATION_LIMIT]


@pytest.mark.parametrize("redis_url", ["", "redis://127.0.0.1:1/0"], ids=["without Redis", "with Redis down"])
def test_four_processes_by_themselves_never_pass_more_than_the_limit(redis_url: str) -> None:
    several = (LIMIT, LIMIT + 3, AUTHENTICATION_LIMIT)
    found = passed_in_processes(redis_url, "", several)
    for limit, passed in zip(several, found, strict=True):
        assert passed == (limit // PROCESSES,) * PROCESSES


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def test_a_redis_that_does_not_answer_holds_up_one_request_and_opens_nothing(silent: str) -> None:
    limiter = RateLimiter(silent, 1, enabled=True)
    began = time.monotonic()
    assert [limiter.hit("a", 3).allowed for _ in range(50)] == [True] * 3 + [False] * 47
    assert time.monotonic() - began < 5  # one wait of half a second, not fifty


class Wire:
    """A port that leads to Redis, and can be cut."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._joined: list[socket.socket] = []
        self.cut = False
        self.url = parts._replace(netloc=f"127.0.0.1:{self._listening.getsockname()[1]}").geturl()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if self.cut:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._joined += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(65536):
                sink.sendall(said)

    def break_off(self) -> None:
        """Cut all connections, and let no new one through while `cut`."""
        self.cut = True
        for each in self._joined:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.break_off()
        for each in (self._listening, *self._joined):
            each.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire(needed_redis())
    yield made
    made.close()


@pytest.mark.redis
def test_a_redis_that_goes_and_comes_back_is_asked_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STORE_LEFT_ALONE_S", 0)
    name = uuid.uuid4().hex
    limiter = RateLimiter(wire.url, 4, enabled=True, namespace=name)
    other = RateLimiter(needed_redis(), 4, enabled=True, namespace=name)
    assert [limiter.hit("a", 4).allowed for _ in range(2)] == [True, True]
    wire.break_off()
    assert [limiter.hit("a", 4).allowed for _ in range(3)] == [True, False, False]  # its share: one of four
    wire.cut = False
    assert [each.hit("a", 4).allowed for each in (other, limiter, other)] == [True, True, False]
