"""Requests that share statements, over a real database: none pays for another's trouble."""

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app import screens
from app.demo.personas import PERSONAS as ALL_PERSONAS
from app.ids import EntitlementKey
from app.limits.deadline import DeadlineExceeded, deadline
from app.rules.calendar import month_of
from app.rules.vocabulary import Scheme
from app.service import Service
from loaders import queue as queues
from loaders.access_records import NEWEST, AccessPageKey
from loaders.batches import FreshnessKey
from loaders.batching import Queues
from loaders.bundle import Loaders
from loaders.payment_pages import PageKey, Window
from loaders.payments import TotalsKey
from tests.conftest import TODAY, Asker
from tests.serving import Serving, locked

PERSONAS = ("both", "failed-repaid")
ME = {"query": "{ me { id givenName } }"}
AT_ONCE = 64


async def stuck(connection: asyncpg.Connection) -> int:
    """The process of the one statement that waits, once it does."""
    for _ in range(250):
        waiting = await connection.fetch(
            "select pid from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        )
        if waiting:
            (row,) = waiting
            return int(row["pid"])
        await asyncio.sleep(0.02)
    pytest.fail("no statement waits")


def assert_nothing_waits(service: Service) -> None:
    assert [queue.held for queue in service.queues._queues.values() if queue.held] == []


async def test_requests_at_once_share_their_statements(ask: Asker, service: Service) -> None:
    document = screens.document("old_age_home")
    alone = await ask.data(document, token=ask.citizen("both"))
    with service.database.recording() as statements:
        answers = await asyncio.gather(
            *(ask.data(document, token=ask.citizen("both")) for _ in range(AT_ONCE))
        )
    assert answers == [alone] * AT_ONCE
    assert len(statements) <= AT_ONCE  # of four a request, one after the other
    assert_nothing_waits(service)


async def test_a_caller_who_leaves_takes_nobody_along(serving: Serving, demo_database: str) -> None:
    async with serving() as caller:
        async with locked(demo_database) as connection:
            left, stayed = (
                asyncio.create_task(caller.post(ME, caller.citizen(name))) for name in PERSONAS
            )
            await stuck(connection)
            left.cancel()
        assert "errors" not in (await stayed).json()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert_nothing_waits(caller.service)


async def test_a_lost_connection_fails_nobody(serving: Serving, demo_database: str) -> None:
    async with serving() as caller:
        async with locked(demo_database) as connection:
            asking = [
                asyncio.create_task(caller.post(ME, caller.citizen(name)))
                for name in PERSONAS
                for _ in range(5)
            ]
            await connection.execute("select pg_terminate_backend($1)", await stuck(connection))
        answers = [answer.json() for answer in await asyncio.gather(*asking)]
        assert not any("errors" in answer for answer in answers)
        assert len({answer["data"]["me"]["id"] for answer in answers}) == len(PERSONAS)
        assert_nothing_waits(caller.service)


async def test_who_runs_out_of_time_takes_nobody_along(
    serving: Serving, demo_database: str
) -> None:
    async with serving() as caller:
        service = caller.service
        patient, hurried = (Loaders(service.queues, service.reference) for _ in range(2))
        hmac = caller.home.keys().national_id_hmac(ALL_PERSONAS["both"].national_id)
        with service.database.recording() as statements:
            async with locked(demo_database) as connection:
                mine = patient.citizen_by_national_id_hmac.load(hmac)
                with pytest.raises(DeadlineExceeded):
                    async with deadline(0.1):
                        await hurried.citizen_by_national_id_hmac.load(hmac)
                await stuck(connection)
            row = await mine
        assert row is not None
        assert row.given_name == ALL_PERSONAS["both"].given_name
        assert len(statements) == 1
        assert_nothing_waits(service)


async def test_ten_requests_of_a_thousand_keys_do_not_starve_a_screen_of_one(
    serving: Serving, demo_database: str
) -> None:
    async with serving() as caller:

        def asked(count: int) -> "asyncio.Future[list[Any]]":
            request = Loaders(caller.service.queues, caller.service.reference)
            return asyncio.gather(*(request.citizen_by_id.load(uuid4()) for _ in range(count)))

        async with locked(demo_database):
            thousands = [asked(1000) for _ in range(10)]
            screen = asked(1)
        assert await screen == [None]
        assert sum(each.done() for each in thousands) <= 1  # the one that went ahead of all
        assert await asyncio.gather(*thousands) == [[None] * 1000] * 10
        assert_nothing_waits(caller.service)


async def test_a_database_that_is_slow_holds_so_many_keys_and_no_more(
    serving: Serving, demo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_HELD", 3)
    async with serving() as caller:
        async with locked(demo_database):
            asking = [asyncio.create_task(caller.post(ME, caller.citizen())) for _ in range(5)]
            coming = asyncio.as_completed(asking)
            refused = [(await next(coming)).json() for _ in range(2)]
            assert not all(each.done() for each in asking)
        answered = [(await each).json() for each in coming]
        codes = [error["extensions"]["code"] for each in refused for error in each["errors"]]
        assert codes == ["OVERLOADED"] * 2
        assert not any("errors" in each for each in answered)
        assert_nothing_waits(caller.service)


async def test_a_key_that_the_database_refuses_fails_alone(
    service: Service, demo_database: str
) -> None:
    entitlements = await entitlements_of_some(demo_database, 8)
    pages = [PageKey(each, Window(), 2) for each in entitlements]
    bad = pages[3]._replace(limit=2**70)
    requests = [Loaders(service.queues, service.reference) for _ in pages]
    with service.database.recording() as statements:
        asked = [
            each._payment_pages.load_many([page, bad] if number == 3 else [page])
            for number, (each, page) in enumerate(zip(requests, pages, strict=True))
        ]
        good = requests[3]._payment_pages.load(pages[3])
        ends = await asyncio.gather(*asked, good, return_exceptions=True)
    assert [type(end) for end in ends] == [list] * 3 + [asyncpg.DataError] + [list] * 4 + [
        type(await good)
    ]
    assert len(statements) == 1 + 8 + 2
    assert_nothing_waits(service)


async def entitlements_of_some(dsn: str, count: int) -> list[EntitlementKey]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select id from citizen order by id limit $1", count)
    await connection.close()
    return [EntitlementKey(row["id"], Scheme.OLD_AGE_ALLOWANCE) for row in rows]


async def test_an_overload_is_said_so(
    ask: Asker, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MAX_HELD", 0)
    answer = await ask.answer("{ me { id } }", token=ask.citizen("both"))
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "OVERLOADED"}
    assert error["message"] == "The service is overloaded just now. Try again shortly."
    assert_nothing_waits(service)


async def test_what_requests_share_can_not_be_changed(
    ask: Asker, service: Service, demo_database: str
) -> None:
    seen = "{ citizen(id: $id) { givenName } }"
    me = (await ask.data("{ me { id } }", token=ask.citizen("failed-repaid")))["me"]["id"]
    await ask.data(f"query ($id: ID!) {seen}", {"id": me}, token=ask.agency("citizen:read"))
    fresh = Queues(service.database)
    loaders = Loaders(fresh, service.reference)
    hmac = ask.home.keys().national_id_hmac
    connection = await asyncpg.connect(demo_database)
    (row,) = await connection.fetch(
        "select citizen_id from access_record order by seq desc limit 1"
    )
    await connection.close()
    citizen_id = row["citizen_id"]
    entitlement = EntitlementKey(citizen_id, Scheme.OLD_AGE_ALLOWANCE)
    page = await loaders._payment_pages.load(PageKey(entitlement, Window(), 100))
    values = [
        page,
        await loaders.citizen_by_id.load(citizen_id),
        await loaders.citizen_by_national_id_hmac.load(hmac("0")),
        await loaders.payment_by_key.load(page.rows[0].key),
        await loaders.payment_totals.load(TotalsKey(entitlement, date(2025, 1, 1), TODAY)),
        await loaders.freshness.load(FreshnessKey(Scheme.OLD_AGE_ALLOWANCE, month_of(TODAY))),
        await loaders.access_records_by_citizen.load(AccessPageKey(citizen_id, NEWEST, 10)),
        await loaders._bank_accounts_by_citizen.load(citizen_id),
    ]
    assert all(isinstance(hash(value), int) for value in values)
    assert len(values) == len(fresh._queues)
