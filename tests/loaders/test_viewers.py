"""Thousands of viewers at once: each sees their own, and nobody else's."""

import asyncio
import gc
import random
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from app.clock import BANGKOK
from app.ids import encode_citizen_id
from app.privacy import PrivacyKeys
from app.service import Service
from tests.conftest import Asker

REQUESTS, AT_ONCE, LEAVING = 3000, 100, 0.1
MINE = """{ me { id givenName familyName maskedNationalId
  entitlements { id state bankAccount { maskedNumber }
    payments(first: 3) { nodes { id amount status } } latestPayment { id } } } }"""


async def tokens(ask: Asker, dsn: str, keys: PrivacyKeys) -> dict[str, str]:
    """Every citizen of the demo, by id, with a token."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select id, national_id_encrypted from citizen order by id")
    await connection.close()
    issuer, now = ask.home.issuer(), datetime.now(BANGKOK)
    return {
        encode_citizen_id(row["id"]): issuer.citizen_token(
            keys.decrypt_national_id(row["national_id_encrypted"], row["id"]), now
        )
        for row in rows
    }


# graphql-core drops the coroutines of whoever leaves before their first step.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_each_viewer_sees_only_their_own(
    ask: Asker, service: Service, demo_database: str, keys: PrivacyKeys
) -> None:
    token_of = await tokens(ask, demo_database, keys)
    alone = {me: await ask.data(MINE, token=token) for me, token in token_of.items()}
    assert [answer["me"]["id"] for answer in alone.values()] == list(token_of)
    chance = random.Random(2569)  # noqa: S311 - an order, no secret
    callers = iter(chance.choices(list(token_of), k=REQUESTS))
    seen = 0

    async def viewer() -> None:
        nonlocal seen
        for me in callers:
            asking = asyncio.create_task(ask.data(MINE, token=token_of[me]))
            if chance.random() < LEAVING:
                for _ in range(chance.randrange(40)):
                    await asyncio.sleep(0)
                asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                assert asking.result() == alone[me]
                seen += 1

    with service.database.recording() as statements:
        await asyncio.gather(*(viewer() for _ in range(AT_ONCE)))
    assert seen > REQUESTS * (1 - 2 * LEAVING)
    assert len(statements) < REQUESTS  # they were mixed: alone it is four each
    assert [queue.held for queue in service.queues._queues.values() if queue.held] == []
    gc.collect()


async def test_an_agency_and_strangers_among_them_see_what_they_may(
    ask: Asker, demo_database: str, keys: PrivacyKeys
) -> None:
    token_of = await tokens(ask, demo_database, keys)
    of = "query ($id: ID!) { citizen(id: $id) { id givenName } }"
    ids = list(token_of)[:60]
    agency = ask.agency("citizen:read")

    async def asked(me: str, token: str | None) -> Any:
        return (await ask.answer(of, {"id": me}, token=token))["data"]["citizen"]

    for_agency, for_neighbour, for_nobody, for_self = [
        await asyncio.gather(*each)
        for each in [
            [asyncio.ensure_future(asked(me, token)) for me, token in zip(ids, who, strict=True)]
            for who in (
                [agency] * len(ids),
                [token_of[me] for me in ids[1:] + ids[:1]],
                [None] * len(ids),
                [token_of[me] for me in ids],
            )
        ]
    ]
    assert [citizen["id"] for citizen in for_agency] == ids
    assert for_self == for_agency
    assert for_neighbour == for_nobody == [None] * len(ids)
