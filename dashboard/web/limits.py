"""Rate limits: fixed windows of 60 seconds, in memory by default, exact across processes with Redis."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from redis.exceptions import RedisError

from dashboard.config import SettingError, Settings
from dashboard.core.context import ActorKind, Principal
from dashboard.web.dialects import Dialect
from dashboard.web.logs import log

T = TypeVar("T")

ADDRESS_LIMIT = 300
"""Requests a minute from one address without a valid credential (K487)."""

TENANT_LIMIT = 200
"""Requests a minute of all people of a tenant together, by the tokens that they signed in for (K487)."""

AUTHENTICATION_LIMIT = 5
"""Requests a minute from one address to one authentication endpoint (K487)."""

SIGN_IN_LIMIT = 10
"""Sign-ins in a row a minute that may fail for one account from one address."""

SMALLEST_LIMIT = AUTHENTICATION_LIMIT
"""No limit is smaller, so as many processes can share each among themselves and count by themselves."""


@dataclass(frozen=True, slots=True)
class LimitState:
    """A bucket after a hit: `reset_at` is in epoch seconds."""

    limit: int
    remaining: int
    reset_at: int
    allowed: bool

    @property
    def retry_after(self) -> int:
        """Whole seconds until the window ends, at least one."""
        return max(1, self.reset_at - int(time.time()))


WINDOW_S = 60


class _Windows:
    """Fixed windows in this process: each begins at its bucket's first hit and lasts a minute.

    The memory storage of `limits` starts a thread every hundredth of a second under load, which halved the speed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[str, tuple[float, int]] = {}  # bucket to its end, in epoch seconds, and its hits
        self._look_again_at = 1_000

    def hit(self, bucket: str) -> tuple[float, int]:
        """Count one more hit; the end of the bucket's window and its hits so far."""
        now = time.time()
        with self._lock:
            ends, hits = self._windows.get(bucket, (0.0, 0))
            ends, hits = (ends, hits + 1) if ends > now else (now + WINDOW_S, 1)
            self._windows[bucket] = ends, hits
            if len(self._windows) > self._look_again_at:
                self._windows = {name: window for name, window in self._windows.items() if window[0] > now}
                self._look_again_at = max(1_000, 2 * len(self._windows))
        return ends, hits

    def forget(self, bucket: str) -> None:
        """Count the bucket from nothing again."""
        with self._lock:
            self._windows.pop(bucket, None)


STORE_ANSWERS_WITHIN_S = 0.5
"""How long a request waits for Redis at most."""

STORE_LEFT_ALONE_S = 2.0
"""How long a Redis that did not answer is not asked again: else each request would wait for it."""


class _SharedWindows:
    """Fixed windows in Redis, which all processes share."""

    def __init__(self, url: str, namespace: str) -> None:
        # The kind of window is part of the prefix: another kind over the same keys would break every request.
        # The namespace keeps installations apart that share one Redis: each has a key 1.
        self.storage = RedisStorage(
            url,
            key_prefix=f"tradecounter:fixed:{namespace}",
            socket_timeout=STORE_ANSWERS_WITHIN_S,
            socket_connect_timeout=STORE_ANSWERS_WITHIN_S,
        )
        self._items: dict[int, RateLimitItemPerMinute] = {}
        self._ask_again_at = 0.0

    def hit(self, bucket: str, limit: int) -> tuple[float, int] | None:
        """Count one more hit; the end of the bucket's window and its hits so far, or None while Redis is down.

        The hits are what this very one was counted as, so that no two requests are told the same remainder.
        """
        item = self._item(limit)
        key = item.key_for(bucket)

        def count() -> tuple[float, int]:
            hits = self.storage.incr(key, item.get_expiry())
            return self.storage.get_expiry(key), hits

        return self._asked(count)

    def forget(self, bucket: str, limit: int) -> None:
        """Count the bucket from nothing again."""
        key = self._item(limit).key_for(bucket)
        self._asked(lambda: self.storage.clear(key))

    def _item(self, limit: int) -> RateLimitItemPerMinute:
        if limit not in self._items:
            self._items[limit] = RateLimitItemPerMinute(limit)
        return self._items[limit]

    def _asked(self, question: Callable[[], T]) -> T | None:
        if time.monotonic() < self._ask_again_at:
            return None
        try:
            return question()
        except RedisError as error:
            self._ask_again_at = time.monotonic() + STORE_LEFT_ALONE_S
            log.warning("rate_limit_store_down", error=type(error).__name__)
            return None


def refuse_more_than_can_share(settings: Settings) -> None:
    """Raises SettingError for more web processes than a limit can be divided among: they would exceed it together."""
    if settings.rate_limits and settings.redis_url is None and settings.processes > SMALLEST_LIMIT:
        raise SettingError(
            f"{settings.processes} web processes cannot share a limit of {SMALLEST_LIMIT} requests a minute. "
            f"Set REDIS_URL, so that they count together, or start at most {SMALLEST_LIMIT}: "
            f"--processes {SMALLEST_LIMIT}, or PROCESSES={SMALLEST_LIMIT} where something else starts them."
        )


class RateLimiter:
    """Counts hits. In memory, each of `processes` gets its share, so that all together never exceed a limit."""

    def __init__(self, redis_url: str | None, processes: int, *, enabled: bool, namespace: str = "") -> None:
        self.enabled = enabled
        self._processes = processes
        self._memory = _Windows()
        self._shared = _SharedWindows(redis_url, namespace) if redis_url else None

    @property
    def processes(self) -> int:
        """Among how many processes a limit is divided where each counts for itself."""
        return self._processes

    @property
    def shared(self) -> bool:
        """Whether all processes count together, in Redis."""
        return self._shared is not None

    def store_answers(self) -> bool:
        """Whether what is counted in can be reached; while Redis cannot, each process goes on by itself."""
        return self._shared is None or bool(self._shared.storage.check())

    def hit(self, bucket: str, per_minute: int) -> LimitState:
        """Count one request against `bucket`."""
        share, window = per_minute, None if self._shared is None else self._shared.hit(bucket, per_minute)
        if window is None:
            share = self._share(per_minute)
            window = self._memory.hit(f"{bucket}:{share}")
        ends, hits = window
        return LimitState(per_minute, max(0, share - hits), int(ends) + 1, hits <= share or not self.enabled)

    def forget(self, bucket: str, per_minute: int) -> None:
        """Start the bucket anew: what it counted has turned out to be in order."""
        if self._shared is not None:
            self._shared.forget(bucket, per_minute)
        self._memory.forget(f"{bucket}:{self._share(per_minute)}")

    def _share(self, per_minute: int) -> int:
        return max(1, per_minute // self._processes)


def bucket_of(by: Principal, dialect: Dialect) -> tuple[str, int]:
    """The bucket that a request of `by` is counted in, and its limit a minute.

    People share one for their tenant, however many of them have signed in (K487); each program has its own.
    """
    if by.kind is ActorKind.USER and by.tenant_id is not None:
        return f"tenant:{by.tenant_id}", by.requests_per_minute or TENANT_LIMIT
    return f"{by.label}:{dialect.name}", limit_of(by, dialect)


def limit_of(by: Principal, dialect: Dialect) -> int:
    """Requests a minute that `by` may make in `dialect`: the tenant's own limit, else the plan's."""
    if by.requests_per_minute is not None:
        return by.requests_per_minute
    return plan_limit(dialect, by.plan, sandbox=by.sandbox)


def plan_limit(dialect: Dialect, plan: str, *, sandbox: bool) -> int:
    """Requests a minute that a plan allows each program in `dialect`."""
    if sandbox and "sandbox" in dialect.plan_limits:
        return dialect.plan_limits["sandbox"]
    return dialect.plan_limits[plan]
