"""Many threads that hit one bucket of the rate limiter at once; also a process that does so."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from dashboard.web.limits import LimitState, RateLimiter

THREADS = 16
EACH = 30
DEADLINE_S = 60


def hit_together(limiter: RateLimiter, bucket: str, limit: int, threads: int, each: int) -> list[LimitState]:
    """What `threads` that begin at the same moment are told, `each` hitting so often."""
    together = threading.Barrier(threads)

    def hit(_: int) -> list[LimitState]:
        together.wait(DEADLINE_S)
        return [limiter.hit(bucket, limit) for _ in range(each)]

    with ThreadPoolExecutor(threads) as pool:
        return [state for states in pool.map(hit, range(threads)) for state in states]


def _one_of_several(redis_url: str, processes: str, namespace: str, *limits: str) -> None:
    """Be one web process: wait for the word, hit a bucket of each limit, and say how many passed."""
    limiter = RateLimiter(redis_url or None, int(processes), enabled=True, namespace=namespace)
    _say("ready")
    sys.stdin.readline()
    told = [hit_together(limiter, f"of {limit}", int(limit), THREADS, EACH) for limit in limits]
    _say(" ".join(str(sum(state.allowed for state in states)) for states in told))


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _one_of_several(*sys.argv[1:])
