"""How old data are: a moment comes as a number, and is the same to the microsecond."""

from datetime import date
from uuid import UUID

import asyncpg

from app.ids import EntitlementKey
from app.rules.vocabulary import DatePrecision, Scheme
from app.service import Service
from loaders.citizens import CitizenRow, citizens_by_id
from loaders.entitlements import EntitlementRow, entitlements_of

NOBODY = UUID(int=9)
MOMENTS = """
select t, date_part('epoch', t) as seconds
from generate_series(timestamptz '1990-01-01', '2090-01-01', '37 days 0.123457 seconds') t"""
OF_REGISTER = """
select c.id, r.scheme::text, greatest(c.as_of, r.as_of) as as_of
from citizen c join registration r on r.citizen_id = c.id"""


def entitlement(seconds: float) -> EntitlementRow:
    key = EntitlementKey(NOBODY, Scheme.OLD_AGE_ALLOWANCE)
    birth = date(1950, 1, 1), DatePrecision.DAY
    row = CitizenRow(NOBODY, b"", "", None, "", "", *birth, "TH", None, "10010000", seconds, ())
    return EntitlementRow(key, row, None)


async def test_a_moment_is_the_same_to_the_microsecond(connection: asyncpg.Connection) -> None:
    moments = await connection.fetch(MOMENTS)
    assert len(moments) > 900
    for moment, seconds in moments:
        assert entitlement(seconds).as_of == moment


async def test_it_is_the_younger_of_citizen_and_registration(
    service: Service, demo_database: str
) -> None:
    owner = await asyncpg.connect(demo_database)
    expected = {(id_, scheme): as_of for id_, scheme, as_of in await owner.fetch(OF_REGISTER)}
    await owner.close()
    citizens = await citizens_by_id(service.database, list({id_ for id_, _ in expected}))
    found = {
        (row.key.citizen_id, row.key.scheme.value): row.as_of
        for citizen in citizens
        if citizen is not None
        for row in entitlements_of(citizen, None)
        if row.registration is not None
    }
    assert found == expected
