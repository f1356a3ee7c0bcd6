"""Rate limits: whose bucket, how large, for how long."""

import time
from pathlib import Path

import pytest
import time_machine

from dashboard.accounts import service as accounts
from dashboard.accounts.pages.sign_in import BRANDED_PAGES_LIMIT
from dashboard.accounts.service.installation import LEAST_LIMIT
from dashboard.config import SettingError
from dashboard.core.context import NOBODY, SYSTEM, ActorKind, Principal
from dashboard.web.dialects import DIALECTS
from dashboard.web.limits import (
    ADDRESS_LIMIT,
    AUTHENTICATION_LIMIT,
    SIGN_IN_LIMIT,
    SMALLEST_LIMIT,
    TENANT_LIMIT,
    RateLimiter,
    limit_of,
    refuse_more_than_can_share,
)
from tests.conftest import REDIS, Api, made_app, settings_at
from tests.web.conftest import Suite
from tests.web.suite import PREFIX

ONE = PREFIX["techparts"] + "/one"
DOCUMENTED = {
    "techfleet": {"starter": 100, "professional": 1000},
    "techparts": {"starter": 100, "professional": 1000},
    "syncauction": {"starter": 100, "professional": 500},
    "tradekitt": {"starter": 100, "professional": 1000},
    "autosync": {"starter": 100, "professional": 100},
}


@pytest.fixture
def limiter() -> RateLimiter:
    """In memory, as one of four processes."""
    return RateLimiter(None, 4, enabled=True)


@pytest.mark.parametrize("dialect", DOCUMENTED)
@pytest.mark.parametrize("plan", ["starter", "professional"])
def test_a_plan_has_the_documented_limit_of_each_dialect(dialect: str, plan: str) -> None:
    by = Principal(ActorKind.KEY, 1, "key", 1, plan=plan)
    assert limit_of(by, DIALECTS[dialect]) == DOCUMENTED[dialect][plan]


def test_a_tenants_own_limit_goes_before_the_plans() -> None:
    by = Principal(ActorKind.KEY, 1, "key", 1, plan="starter", requests_per_minute=7)
    assert limit_of(by, DIALECTS["techfleet"]) == 7


def test_a_sandbox_key_has_autosyncs_sandbox_limit() -> None:
    by = Principal(ActorKind.KEY, 1, "key", 1, plan="starter", sandbox=True)
    assert limit_of(by, DIALECTS["autosync"]) == 300
    assert limit_of(by, DIALECTS["techfleet"]) == 100


def test_a_window_lasts_a_minute_from_its_first_request(limiter: RateLimiter) -> None:
    with time_machine.travel(1_800_000_000.0, tick=False) as traveller:
        assert [limiter.hit("a", 8).allowed for _ in range(3)] == [True, True, False]
        traveller.shift(59.9)
        assert not limiter.hit("a", 8).allowed
        traveller.shift(0.2)
        state = limiter.hit("a", 8)
    assert state.allowed
    assert state.remaining == 1


def test_the_reset_is_in_epoch_seconds_and_tells_how_long_to_wait(limiter: RateLimiter) -> None:
    with time_machine.travel(1_800_000_000.0, tick=False) as traveller:
        state = limiter.hit("a", 8)
        assert 1_800_000_060 <= state.reset_at <= 1_800_000_061
        traveller.shift(50)
        assert 10 <= state.retry_after <= 11
        traveller.shift(100)
        assert state.retry_after == 1


def test_each_of_several_processes_allows_its_share_and_states_the_whole(limiter: RateLimiter) -> None:
    states = [limiter.hit("a", 100) for _ in range(26)]
    assert [state.allowed for state in states] == [True] * 25 + [False]
    assert {state.limit for state in states} == {100}


def test_buckets_do_not_share(limiter: RateLimiter) -> None:
    assert [limiter.hit(name, 4).allowed for name in ("a", "b", "a")] == [True, True, False]


@pytest.mark.redis
def test_with_redis_all_processes_share_one_bucket() -> None:
    if REDIS is None:
        pytest.skip("TEST_REDIS_URL is not set")
    name = f"test-{time.time_ns()}"
    several = [RateLimiter(REDIS, 4, enabled=True, namespace=name) for _ in range(2)]
    assert [several[turn % 2].hit("a", 3).allowed for turn in range(4)] == [True, True, True, False]
    other = RateLimiter(REDIS, 4, enabled=True, namespace=name + "-other")
    assert other.hit("a", 3).allowed


def test_without_its_redis_the_limit_is_kept_in_memory() -> None:
    limiter = RateLimiter("redis://127.0.0.1:1/0", 1, enabled=True)
    assert [limiter.hit("a", 2).allowed for _ in range(3)] == [True, True, False]


def test_each_key_has_a_bucket_of_its_own(suite: Suite) -> None:
    first = suite.limited(1)
    tenant = accounts.find_tenant("LIMITED")
    assert tenant is not None
    second = suite.api(tenant=tenant)
    assert [first.get(ONE).status_code, first.get(ONE).status_code, second.get(ONE).status_code] == [200, 429, 200]


def nearly_used_up(suite: Suite, bucket: str, limit: int) -> None:
    """Leave one request in a bucket."""
    limiter: RateLimiter = suite.app.extensions["rate_limiter"]
    for _ in range(limit - 1):
        limiter.hit(bucket, limit)


def test_a_request_without_a_key_counts_against_its_address(suite: Suite) -> None:
    nearly_used_up(suite, "address:127.0.0.1", ADDRESS_LIMIT)
    answers = [suite.stranger().get(ONE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert answers[1].headers["X-RateLimit-Limit"] == str(ADDRESS_LIMIT)
    assert suite.api().get(ONE).status_code == 200  # a valid key is not held up by its neighbours


def test_guessing_keys_counts_against_the_address(suite: Suite) -> None:
    nearly_used_up(suite, "address:127.0.0.1", ADDRESS_LIMIT)
    client = suite.app.test_client()
    assert [Api(client, f"sk_live_{n:032d}").get(ONE).status_code for n in range(2)] == [401, 429]


def test_a_valid_key_does_not_use_up_the_address(suite: Suite) -> None:
    nearly_used_up(suite, "address:127.0.0.1", ADDRESS_LIMIT)
    assert [suite.api().get(ONE).status_code for _ in range(3)] == [200, 200, 200]
    assert suite.stranger().get(ONE).status_code == 401


def test_nobody_has_the_least_of_limits() -> None:
    assert limit_of(NOBODY, DIALECTS["techfleet"]) == 100
    assert limit_of(SYSTEM, DIALECTS["techfleet"]) == 100


# More processes than a limit can be shared among


def test_no_limit_is_smaller_than_the_smallest() -> None:
    of_plans = [each for dialect in DIALECTS.values() for each in dialect.plan_limits.values()]
    fixed = [ADDRESS_LIMIT, AUTHENTICATION_LIMIT, BRANDED_PAGES_LIMIT, LEAST_LIMIT, SIGN_IN_LIMIT, TENANT_LIMIT]
    assert min([*of_plans, *fixed]) == SMALLEST_LIMIT


@pytest.mark.parametrize("processes", range(1, SMALLEST_LIMIT + 1))
def test_processes_that_may_start_never_let_more_pass_in_all(processes: int) -> None:
    each_by_itself = [RateLimiter(None, processes, enabled=True) for _ in range(processes)]
    hits = [limiter.hit("a", SMALLEST_LIMIT).allowed for _ in range(9) for limiter in each_by_itself]
    assert 0 < sum(hits) <= SMALLEST_LIMIT


def test_more_processes_do_not_start_without_redis(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, f"sqlite:///{tmp_path / 'none.db'}", redis_url=None)
    refuse_more_than_can_share(settings.overridden(processes=SMALLEST_LIMIT))
    many = settings.overridden(processes=SMALLEST_LIMIT + 1)
    with pytest.raises(SettingError, match="Set REDIS_URL"):
        made_app(many)
    refuse_more_than_can_share(many.overridden(redis_url="redis://127.0.0.1:1"))
    refuse_more_than_can_share(many.overridden(rate_limits=False))
