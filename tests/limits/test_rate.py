"""How often one caller may ask."""

import secrets

import pytest

from app.gate import Credentials
from app.limits.rate import RateLimit, TooManyRequests
from tests.serving import Caller, Serving

ME = {"query": "{me{id}}"}


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def spend(rate: RateLimit, caller: bytes, times: int) -> int | None:
    """The wait that was asked for; None where all were allowed."""
    try:
        for _ in range(times):
            rate.spend(caller)
    except TooManyRequests as error:
        return error.retry_after
    return None


def test_a_bucket_holds_a_minute_and_fills_steadily() -> None:
    clock = Clock()
    rate = RateLimit(60, clock=clock)
    assert spend(rate, b"a", 60) is None
    assert spend(rate, b"a", 1) == 1
    assert spend(rate, b"b", 60) is None  # its own bucket
    clock.now = 2.0
    assert spend(rate, b"a", 2) is None
    assert spend(rate, b"a", 1) == 1
    clock.now = 10_000.0
    assert spend(rate, b"a", 60) is None
    assert spend(rate, b"a", 1) == 1


def test_the_wait_is_true() -> None:
    clock = Clock()
    rate = RateLimit(2, clock=clock)
    wait = spend(rate, b"a", 3)
    assert wait == 30
    clock.now = 29.0
    assert spend(rate, b"a", 1) == 1
    clock.now = 30.0
    assert spend(rate, b"a", 1) is None


def test_memory_is_bounded_and_forgets_who_was_quiet_longest() -> None:
    rate = RateLimit(1, callers=3, clock=Clock())
    for caller in (b"a", b"b", b"c", b"a", b"d"):  # b is the quiet one
        spend(rate, caller, 1)
    assert len(rate) == 3
    assert [spend(rate, caller, 1) for caller in (b"a", b"d")] == [60, 60]
    assert spend(rate, b"b", 1) is None


def test_who_asked_is_not_kept() -> None:
    rate, identity = RateLimit(5), secrets.token_bytes(32)
    rate.spend(rate.of_citizen(identity))
    (kept,) = rate._buckets
    assert len(kept) == 16
    assert rate.of_citizen(identity) == kept != RateLimit(5).of_citizen(identity)
    assert len({rate.of_citizen(b"::1"), rate.of_client("::1"), rate.of_address("::1")}) == 3


def test_an_ipv6_site_is_one_caller() -> None:
    rate = RateLimit(5)
    assert rate.of_address("2001:db8::1") == rate.of_address("2001:db8::ffff:2")
    assert rate.of_address("2001:db8::1") != rate.of_address("2001:db8:0:1::1")
    assert rate.of_address("192.0.2.1") != rate.of_address("192.0.2.2")
    assert rate.of_address("") != rate.of_address("unix")
    assert rate.of_address("::ffff:192.0.2.1") != rate.of_address("::ffff:192.0.2.2")
    assert rate.of_address("::ffff:192.0.2.1") == rate.of_address("192.0.2.1")


async def statuses(caller: Caller, count: int, **who: str | None) -> list[int]:
    return [(await caller.post(ME, **who)).status_code for _ in range(count)]


async def test_one_more_than_the_limit_is_429_and_says_when_to_return(serving: Serving) -> None:
    async with serving(requests_per_minute=3) as caller:
        token = caller.citizen()
        assert await statuses(caller, 3, token=token) == [200] * 3
        refused = await caller.post(ME, token)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {"code": "REQUEST_RATE_LIMITED"}
        assert error["message"].startswith("Requests: at most 3 a minute. Try again in ")
        assert await statuses(caller, 3, token=caller.citizen("proxy")) == [200] * 3


async def test_nobody_is_counted_by_address_and_so_is_who_invents_tokens(serving: Serving) -> None:
    async with serving(requests_per_minute=3) as caller:
        assert await statuses(caller, 2) == [200, 200]
        assert await statuses(caller, 1, token="invented.one.x") == [401]
        assert await statuses(caller, 2, token="invented.two.y") == [429, 429]
        assert await statuses(caller, 1) == [429]
        assert await statuses(caller, 1, token=caller.citizen()) == [200]


async def test_the_spelling_of_a_token_gives_no_second_bucket(serving: Serving) -> None:
    async with serving(requests_per_minute=2) as caller:
        token = caller.citizen()
        padded = f"{token}=="  # a signature may be padded or not
        spellings = [f"Bearer {token}", f"BEARER  {token} ", f"Bearer {padded}"]
        found = [
            await caller.http.post("/graphql", json=ME, headers={"Authorization": each})
            for each in spellings
        ]
        assert [each.status_code for each in found] == [200, 200, 429]


async def test_a_new_token_gives_no_second_bucket(serving: Serving) -> None:
    async with serving(requests_per_minute=2) as caller:
        tokens = [caller.agency("nhso", f"citizen:read scope{number}") for number in range(3)]
        assert len(set(tokens)) == 3
        found = [await statuses(caller, 1, token=token) for token in tokens]
        assert found == [[200], [200], [429]]
        assert await statuses(caller, 1, token=caller.agency("other")) == [200]


async def test_a_gateway_is_not_counted(serving: Serving) -> None:
    async with serving(requests_per_minute=2, gateway_client_ids={"gateway"}) as caller:
        gateway = caller.agency("gateway")
        assert await statuses(caller, 5, token=gateway) == [200] * 5
        assert await statuses(caller, 5, token=caller.citizen(), gateway=gateway) == [200] * 5
        other = caller.agency("other")
        assert await statuses(caller, 3, token=other) == [200, 200, 429]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_is_free(serving: Serving, path: str) -> None:
    async with serving(requests_per_minute=1) as caller:
        assert [(await caller.http.get(path)).status_code for _ in range(4)] == [200] * 4


async def test_a_connection_that_stays_pays_for_each_operation(serving: Serving) -> None:
    async with serving(requests_per_minute=3) as caller:
        token = f"Bearer {caller.citizen()}"
        gate, credentials = caller.service.gate, Credentials(token, None, None, "192.0.2.1")
        _, admission = await gate.admit(credentials)
        admission.charge()
        admission.charge()
        with pytest.raises(TooManyRequests):
            admission.charge()
