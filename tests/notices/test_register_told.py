"""What the register tells by the daily run: to register, a right, a card, a month that is late."""

import asyncio
from datetime import date, timedelta

import asyncpg
from hypothesis import given

from app.notices.daily import run_daily
from app.notices.making import Moment
from app.notices.telling import BY_DEFAULT
from app.rules.age import BirthDate
from app.rules.assessment import Facts
from app.rules.entitlement import assess
from app.rules.reminders import register_now
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import EntitlementState, Scheme
from tests.ingest.office import NOW, Office, citizen, disbursement, national_id, registration
from tests.notices.told import notify, rows, true
from tests.rules.strategies import births, todays

URGED, GRANTED = "REGISTER_NOW", "ENTITLEMENT_GRANTED"
CARD, LATE = "CARD_EXPIRING", "PAYMENT_DELAYED"
NEXT_YEAR = "OLD_AGE_ALLOWANCE 2571"
BOOK = shipped_rule_book()


@given(births, todays)
def test_who_is_of_age_is_who_the_rules_say(birth: date, today: date) -> None:
    facts = Facts(Scheme.OLD_AGE_ALLOWANCE, BirthDate(birth))
    answer = assess(facts, today, BOOK)
    plan = register_now(today, BOOK)
    of_age = answer.state is EntitlementState.ELIGIBLE_NOT_REGISTERED
    assert (birth <= plan.of_age_until) == of_age
    if not of_age and birth <= plan.told_until:
        assert answer.registration_window == plan.window


async def test_who_is_of_age_and_not_registered(office: Office) -> None:
    await office.open(1)
    changes: list[dict[str, str]] = [
        {},
        {"birth_date": "1966-11-24"},
        {"birth_date": "1966-11-25"},
        {"birth_date": "1968-09-01"},
        {"birth_date": "1968-09-02"},
        {"died_on": "2026-01-01"},
        {"nationality": "LA"},
        {},
    ]
    blank = {"died_on": "", "nationality": "TH"}
    people = [citizen(number, **blank | each) for number, each in enumerate(changes, 1)]
    await office.citizens(*people)
    await office.registrations(registration(8, status="ENDED", status_reason="WAIVED"))
    told = await notify(office)
    assert told.made[URGED] == 4
    facts = sorted(row["facts"] for row in await rows(office))
    assert facts[0] == facts[1]
    assert "opens_on" in facts[0]
    assert facts[2:] == ["{}", "{}"]
    assert (await notify(office)).made[URGED] == 0


async def test_who_registers_is_no_longer_told_to(office: Office) -> None:
    await office.open(2)
    await notify(office)
    assert await true(office) == [(URGED, NEXT_YEAR)] * 2
    await office.registrations(registration(1, registered_on="2026-11-20"))
    assert await true(office) == [(URGED, NEXT_YEAR), (GRANTED, "OLD_AGE_ALLOWANCE")]
    await office.disbursements(disbursement(2))
    assert URGED not in dict(await true(office))


async def test_the_next_year_tells_again(office: Office) -> None:
    await office.open(1)
    await notify(office)
    later = await notify(office, day=330)
    assert (later.made[URGED], later.withdrawn) == (1, 1)
    assert await true(office) == [(URGED, "OLD_AGE_ALLOWANCE 2572")]


async def test_a_right_known_from_its_first_payment(office: Office) -> None:
    await office.open(3)
    await office.disbursements(disbursement(1, period="2026-10"), disbursement(2, period="2026-10"))
    assert GRANTED not in dict(await true(office))
    await office.disbursements(disbursement(1), disbursement(3))
    granted = [row for row in await rows(office) if row["kind"] == GRANTED]
    third = await office.value(
        "select citizen_id from registration where first_paid_month > '2026-10-01'"
    )
    assert [row["citizen_id"] for row in granted] == [third]


async def test_a_right_that_is_suspended_is_told_when_it_is_active(office: Office) -> None:
    await office.open(2)
    lately = {"registered_on": "2026-11-20"}
    await office.registrations(registration(1, **lately, status="SUSPENDED"))
    await notify(office)
    assert GRANTED not in dict(await true(office))
    await office.registrations(registration(1, **lately))
    assert GRANTED in dict(await true(office))
    await office.registrations(registration(1, **lately, status="SUSPENDED"))
    assert GRANTED not in dict(await true(office))


async def test_a_card_is_told_of_twice_and_no_more_when_it_is_renewed(office: Office) -> None:
    await office.open(1)
    disability = {"scheme": "DISABILITY_ALLOWANCE", "disability_types": "1"}
    await office.registrations(registration(1, **disability, card_expires_on="2027-02-21"))
    seen = []
    for day in (-1, 0, 1, 59, 60, 61, 90, 91):
        seen.append((await notify(office, day)).made[CARD])
    assert seen == [0, 1, 0, 0, 1, 0, 0, 0]
    cards = [subject for kind, subject in await true(office) if kind == CARD]
    assert cards == [f"DISABILITY_ALLOWANCE 2027-02-21 {days}" for days in (90, 30)]
    await office.registrations(registration(1, **disability, card_expires_on="2035-02-21"))
    assert CARD not in dict(await true(office))


async def test_a_month_that_is_late_is_told_until_it_comes(office: Office) -> None:
    await office.open(2)
    october = [disbursement(number, period="2026-10") for number in (1, 2)]
    await office.disbursements(*october)
    assert (await notify(office, -14)).made[LATE] == 0
    assert (await notify(office, -12)).made[LATE] == 2
    assert (await notify(office)).made[LATE] == 0
    await office.disbursements(disbursement(1))
    late = [row for row in await rows(office) if row["kind"] == LATE]
    assert len(late) == 1
    await notify(office)
    assert LATE not in dict(await true(office))


BY_BUDGET = {"status": "SUBMITTED", "failure_code": "BUDGET_DELAY", "paid_on": ""}


async def paid_in_october(office: Office, citizens: int) -> list[str]:
    """So many citizens, paid last month and told of it; their ids in the order of their numbers."""
    await office.open(citizens)
    people = range(1, citizens + 1)
    await office.disbursements(
        *(disbursement(n, period="2026-10", paid_on="2026-10-09") for n in people)
    )
    query = "select citizen_id::text as id from citizen_lookup where national_id_hmac = $1"
    hmacs = (office.keys.national_id_hmac(national_id(n)) for n in people)
    return [await office.connection.fetchval(query, hmac) for hmac in hmacs]


async def told_late(office: Office) -> set[str]:
    return {str(row["citizen_id"]) for row in await rows(office) if row["kind"] == LATE}


async def test_a_file_that_says_the_money_is_late_is_no_arrival(office: Office) -> None:
    everyone = await paid_in_october(office, 3)
    await office.disbursements(disbursement(1, **BY_BUDGET), disbursement(2, **BY_BUDGET))
    assert await told_late(office) == set(everyone[:2])
    await notify(office)
    assert await told_late(office) == set(everyone)
    await office.disbursements(disbursement(1), disbursement(2, **BY_BUDGET, amount="700"))
    await notify(office, day=1)  # the month is there, but for whom its sender says it is not
    assert await told_late(office) == {everyone[1]}


async def test_who_has_the_month_already_is_not_told_that_it_is_late(office: Office) -> None:
    everyone = await paid_in_october(office, 3)
    await office.disbursements(
        disbursement(1), disbursement(2, status="FAILED", paid_on="", failure_code="ACCOUNT_CLOSED")
    )
    # As while the file is applied: what its first slices brought stands, its counts do not yet.
    await office.connection.execute(
        "update disbursement_batch set rows = 0, accepted = 0, amount_satang = 0,"
        " status = 'RECEIVED' where period = '2026-11-01'"
    )
    await notify(office)
    assert await told_late(office) == {everyone[2]}


async def test_one_submission_is_not_the_month(office: Office) -> None:
    everyone = await paid_in_october(office, 2)
    await notify(office)
    assert await told_late(office) == set(everyone)
    await office.disbursements(disbursement(1))
    await office.connection.execute(
        "update import_file set request_id = 'one' where id = (select max(id) from import_file)"
    )
    await notify(office, day=1)
    assert await told_late(office) == {everyone[1]}


async def test_several_at_once_tell_once(office: Office, database_url: str) -> None:
    await office.open(20)
    connections = [await asyncpg.connect(database_url) for _ in range(3)]
    moments = [Moment(NOW + timedelta(seconds=each), BY_DEFAULT) for each in range(3)]
    told = await asyncio.gather(
        *(
            run_daily(connection, moment, BOOK, citizens_at_once=3)
            for connection, moment in zip(connections, moments, strict=True)
        )
    )
    assert sum(each.made[URGED] for each in told) == 20
    assert len(await true(office)) == 20
    assert await office.value("select count(*) from notification_outbox") == 20
    for connection in connections:
        await connection.close()
