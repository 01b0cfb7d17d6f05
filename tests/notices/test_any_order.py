"""Whatever is imported, corrected and taken back, in whatever order: what is told is what the facts
that stand ask for, and nothing else."""

import json
import random
from datetime import date, timedelta
from typing import Any

import pytest

from app.ingest.reverting import revert_batch
from tests.ingest.office import NOW, Office, citizen, disbursement, registration
from tests.notices.told import notify, rows

PEOPLE, STEPS = 6, 14
MONTHS = ("2025-12", "2026-09", "2026-10", "2026-11")
STATUSES = ("PAID", "FAILED", "RETURNED", "WITHHELD", "SUBMITTED", "CANCELLED")
REASONS = ("ACCOUNT_CLOSED", "BUDGET_DELAY", "odd")
FIRST_TOLD = date(2026, 10, 1)
TODAY = NOW.date()

PAYMENTS = """
select p.citizen_id, p.scheme::text || to_char(p.period, ' YYYY-MM ') || p.sequence as subject,
  p.status::text, p.amount_satang, p.reason_code, greatest(p.period, p.paid_on) as told_by
from payment p join citizen c on c.id = p.citizen_id where c.died_on is null
"""
PEOPLE_NOW = """
select c.*, r.scheme::text, r.status::text, r.registered_on, r.first_paid_month,
  r.latest_paid_month, r.card_expires_on
from citizen c left join registration r on r.citizen_id = c.id where c.died_on is null
"""
BATCHES = """
select b.scheme::text, b.period, b.status::text, b.accepted + b.unchanged as rows, b.reverts,
  exists (select from disbursement_batch v where v.reverts = b.id) as reverted
from disbursement_batch b
"""

MONTHS_NOW = """
select citizen_id, scheme::text, period, status::text, reason_code from payment where sequence = 0
"""

Wanted = set[tuple[Any, ...]]


async def payments_ask(office: Office) -> Wanted:
    """What the payments ask to be told, worked out one by one."""
    found: Wanted = set()
    for row in await office.connection.fetch(PAYMENTS):
        if row["told_by"] < FIRST_TOLD:
            continue
        key = row["citizen_id"], row["subject"]
        if row["status"] == "PAID" and row["amount_satang"] > 0:
            found.add(("PAYMENT_SENT", *key, ("amount", row["amount_satang"])))
        elif row["status"] in {"FAILED", "RETURNED", "WITHHELD"}:
            found.add(("PAYMENT_FAILED", *key, ("reason", row["reason_code"] or "UNKNOWN")))
    return found


async def register_asks(office: Office) -> Wanted:
    """What the registers ask to be told by the end of the day."""
    batches = await office.connection.fetch(BATCHES)
    months = {
        (row["citizen_id"], row["scheme"], row["period"]): (row["status"], row["reason_code"])
        for row in await office.connection.fetch(MONTHS_NOW)
    }
    answered = {key for key, (status, _) in months.items() if status != "SUBMITTED"}
    put_off = {key for key, fate in months.items() if fate == ("SUBMITTED", "BUDGET_DELAY")}
    found: Wanted = set()
    people = await office.connection.fetch(PEOPLE_NOW)
    registered = {row["id"] for row in people if row["scheme"] == "OLD_AGE_ALLOWANCE"}
    for row in people:
        person, scheme = row["id"], row["scheme"]
        if person not in registered and row["birth_date"] <= date(1967, 9, 1):
            advance = row["birth_date"] > date(1966, 11, 24)
            facts = (("opens_on", "2027-01-01"),) if advance else ()
            if not advance:
                found.add(("REGISTER_NOW", person, "OLD_AGE_ALLOWANCE 2571", *facts))
        if scheme is None:
            continue
        known = [
            b["period"]
            for b in batches
            if b["scheme"] == scheme and b["reverts"] is None and b["status"] != "REJECTED"
        ]
        if row["status"] == "ACTIVE" and new_right(row, min(known, default=None)):
            found.add(("ENTITLEMENT_GRANTED", person, scheme))
        expires = row["card_expires_on"]
        if row["status"] != "ACTIVE":
            continue
        if expires is not None and TODAY <= expires <= TODAY + timedelta(days=90):
            days = 30 if expires <= TODAY + timedelta(days=30) else 90
            subject = f"{scheme} {expires} {days}"
            found.add(("CARD_EXPIRING", person, subject, ("expires_on", str(expires))))
        came = any(
            b["scheme"] == scheme
            and b["period"] == date(2026, 11, 1)
            and b["rows"] > 0
            and b["reverts"] is None
            and not b["reverted"]
            and b["status"] != "DELAYED"
            for b in batches
        )
        late = not came and row["latest_paid_month"]
        november = (person, scheme, date(2026, 11, 1))
        if (late or november in put_off) and not (expires and expires < TODAY):
            found.add(("PAYMENT_DELAYED", person, f"{scheme} 2026-11"))
        if november in answered:
            found.discard(("PAYMENT_DELAYED", person, f"{scheme} 2026-11"))
        if (person, scheme, date(2026, 10, 1)) in put_off and not (expires and expires < TODAY):
            found.add(("PAYMENT_DELAYED", person, f"{scheme} 2026-10"))
    return found


def new_right(row: Any, known_since: date | None) -> bool:
    if row["registered_on"] is not None:
        return bool(FIRST_TOLD <= row["registered_on"] <= TODAY)
    first = row["first_paid_month"]
    return bool(first and known_since and first >= FIRST_TOLD and first > known_since)


async def told(office: Office, *kinds: str) -> Wanted:
    return {
        (row["kind"], row["citizen_id"], row["subject"], *json.loads(row["facts"]).items())
        for row in await rows(office)
        if row["kind"] in kinds
    }


OF_PAYMENTS = ("PAYMENT_SENT", "PAYMENT_FAILED")
OF_THE_REGISTER = ("REGISTER_NOW", "ENTITLEMENT_GRANTED", "CARD_EXPIRING", "PAYMENT_DELAYED")


class Chance:
    """What an office may do next, by chance."""

    def __init__(self, seed: int, office: Office) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.office = office

    async def step(self) -> None:
        acts = [self.pay, self.pay, self.pay, self.revert, self.register, self.die]
        await self.random.choice(acts)()

    async def pay(self) -> None:
        pick = self.random.choice
        chosen = {}
        for _ in range(self.random.randint(1, 8)):
            number, month = self.random.randint(1, PEOPLE), pick(MONTHS)
            scheme = pick(("OLD_AGE_ALLOWANCE", "DISABILITY_ALLOWANCE"))
            status = pick(STATUSES)
            why = {"failure_code": pick(REASONS)} if status in STATUSES[1:5] else {}
            paid_on = pick((f"{month}-10", "2026-11-20")) if status == "PAID" else ""
            chosen[number, month, scheme] = disbursement(
                number,
                scheme=scheme,
                period=month,
                status=status,
                paid_on=paid_on,
                amount=pick(("600", "700")),
                account_number=f"986000{number:04}",
                **why,
            )
        await self.office.disbursements(*chosen.values())

    async def revert(self) -> None:
        newest = await self.office.value(
            "select max(id) from disbursement_batch b where reverts is null"
            " and not exists (select from disbursement_batch r where r.reverts = b.id)"
        )
        if newest is not None:
            await revert_batch(self.office.connection, newest, reverted_by="", now=NOW)

    async def register(self) -> None:
        pick = self.random.choice
        card = pick(("", "2026-12-01", "2027-01-31", "2030-01-01"))
        disability = {
            "scheme": "DISABILITY_ALLOWANCE",
            "card_expires_on": card,
            "disability_types": "1",
        }
        row = registration(
            self.random.randint(1, PEOPLE),
            registered_on=pick(("2016-02-15", "2026-10-05", "2026-11-01")),
            status=pick(("ACTIVE", "ACTIVE", "SUSPENDED", "ENDED")),
            **pick(({}, disability)),
        )
        await self.office.registrations(row)

    async def die(self) -> None:
        if self.random.random() < 0.3:
            number = self.random.randint(1, PEOPLE)
            await self.office.citizens(citizen(number, died_on="2026-11-22"))


@pytest.mark.parametrize("seed", range(8))
async def test_what_is_told_is_what_the_facts_ask_for(office: Office, seed: int) -> None:
    await office.open(PEOPLE)
    chance = Chance(seed, office)
    for _ in range(STEPS):
        await chance.step()
        assert await told(office, *OF_PAYMENTS) == await payments_ask(office)
        if chance.random.random() < 0.5:
            await notify(office, citizens_at_once=chance.random.choice((1, 2, 100)))
            assert await told(office, *OF_THE_REGISTER) == await register_asks(office)
            again = await notify(office)
            assert (sum(again.made.values()), again.withdrawn) == (0, 0)
    assert await told(office, *OF_PAYMENTS) == await payments_ask(office)
    waiting = await office.value(
        "select count(*) from notification n join notification_outbox o on notification_id = id"
        " where (o.state = 'WAITING') <> (n.withdrawn_at is null)"
    )
    assert waiting == 0
    assert await office.value("select count(*) from notification") == await office.value(
        "select count(*) from notification_outbox"
    )
