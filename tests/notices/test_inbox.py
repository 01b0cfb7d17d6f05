"""A citizen's own inbox: pages, unread, marking as read; nobody else's."""

import asyncio
from typing import Any

import httpx
import pytest

from app.ids import NotificationKey, encode_notification_id
from app.rules.national_id import NationalId
from tests.ingest.office import Office, citizen, disbursement, national_id, registration
from tests.notices.conftest import Open, Town
from tests.notices.told import notify

INBOX = """
query ($first: Int, $after: String, $unread: Boolean) {
  me { notifications(first: $first, after: $after, unreadOnly: $unread) {
    nodes { id kind title body(language: EN) readAt payment { period status reason { code } }
      entitlement { scheme state } }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  } }
}"""
MARK = (
    "mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) { notifications { id readAt } } }"
)
MONTHS = ("2026-10", "2026-11")


async def ask(
    town: Town, query: str, token: str | None, variables: dict[str, Any] | None = None
) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = {"query": query, "variables": variables or {}}
    async with httpx.AsyncClient(timeout=20) as http:
        return (await http.post(f"{town.url}/graphql", json=body, headers=headers)).json()


async def inbox(town: Town, number: int = 1, **variables: Any) -> Any:
    answer = await ask(town, INBOX, town.citizen(number), variables)
    assert "errors" not in answer, answer
    return answer["data"]["me"]["notifications"]


async def tell(office: Office) -> None:
    """Two months of two citizens, of whom one failed once."""
    why = {"status": "FAILED", "paid_on": "", "failure_code": "NAME_MISMATCH"}
    await office.disbursements(
        *(disbursement(1, period=month) for month in MONTHS),
        disbursement(2, period="2026-10", failure_code=""),
        disbursement(2) | why,
    )


async def test_what_one_reads(town: Open, home_office: Office) -> None:
    await tell(home_office)
    async with town() as here:
        page = await inbox(here, 2)
        failed, sent = page["nodes"]
        assert (failed["kind"], sent["kind"]) == ("PAYMENT_FAILED", "PAYMENT_SENT")
        assert failed["title"] == "ยังไม่ได้รับเบี้ยยังชีพผู้สูงอายุ"
        assert failed["body"] == (
            "You have not received the old-age allowance for November 2569 BE. The account name is "
            "neither the citizen's nor the authorised person's. Have the data corrected at the "
            "local authority."
        )
        assert sent["body"] == "Your old-age allowance for October 2569 BE, 600 baht, was paid."
        assert failed["payment"] == {
            "period": "2026-11", "status": "FAILED", "reason": {"code": "NAME_MISMATCH"}
        }  # fmt: skip
        assert failed["entitlement"]["scheme"] == "OLD_AGE_ALLOWANCE"
        assert (await inbox(here, 3))["nodes"] == []


async def test_pages_meet_and_unread_ones_alone(town: Open, home_office: Office) -> None:
    await tell(home_office)
    async with town() as here:
        whole = [node["id"] for node in (await inbox(here))["nodes"]]
        first = await inbox(here, first=1)
        assert first["pageInfo"]["hasNextPage"]
        second = await inbox(here, first=1, after=first["pageInfo"]["endCursor"])
        assert not second["pageInfo"]["hasNextPage"]
        assert [page["nodes"][0]["id"] for page in (first, second)] == whole
        token = here.citizen()
        marked = await ask(here, MARK, token, {"ids": [whole[0], whole[0]]})
        (once,) = marked["data"]["markNotificationsRead"]["notifications"]
        assert once["readAt"]
        again = await ask(here, MARK, token, {"ids": [whole[0]]})
        assert again["data"]["markNotificationsRead"]["notifications"] == [once]
        unread = await inbox(here, unread=True)
        assert [node["id"] for node in unread["nodes"]] == whole[1:]


async def test_nobody_marks_anothers(town: Open, home_office: Office) -> None:
    await tell(home_office)
    async with town() as here:
        others = [node["id"] for node in (await inbox(here, 2))["nodes"]]
        own = [node["id"] for node in (await inbox(here))["nodes"]]
        key = await home_office.row("select citizen_id, id from notification limit 1")
        unknown = encode_notification_id(NotificationKey(key["citizen_id"], 2**40))
        answer = await ask(here, MARK, here.citizen(), {"ids": [*others, unknown, own[0]]})
        found = answer["data"]["markNotificationsRead"]["notifications"]
        assert [each["id"] for each in found] == own[:1]
        read = "select count(*) from notification where read_at is not null"
        assert await home_office.value(read) == 1
        for token, code in (
            (None, "UNAUTHENTICATED"),
            (here.agency("citizen:read payment:read"), "FORBIDDEN"),
        ):
            answer = await ask(here, MARK, token, {"ids": own})
            assert [each["extensions"]["code"] for each in answer["errors"]] == [code]


@pytest.mark.parametrize("ids", [["nonsense"], ["TjE"], ["x"] * 121])
async def test_what_is_no_id_is_told_so(town: Open, ids: list[str]) -> None:
    async with town() as here:
        answer = await ask(here, MARK, here.citizen(), {"ids": ids})
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"].startswith("ids: expected")


async def test_a_withdrawn_one_is_not_there(town: Open, home_office: Office) -> None:
    await home_office.disbursements(disbursement(1))
    async with town() as here:
        (before,) = (await inbox(here))["nodes"]
        await home_office.disbursements(disbursement(1, amount="700"))
        (after,) = (await inbox(here))["nodes"]
        assert before["id"] != after["id"]
        marked = await ask(here, MARK, here.citizen(), {"ids": [before["id"]]})
        assert marked["data"]["markNotificationsRead"]["notifications"] == []


async def test_many_inboxes_cost_one_statement(town: Open, home_office: Office) -> None:
    await tell(home_office)
    async with town() as here:
        with here.service.database.recording() as statements:
            await inbox(here)
        assert sum("from notification n" in each for each in statements) == 1


async def test_every_kind_has_words(town: Open, home_office: Office) -> None:
    await home_office.registrations(
        registration(1, registered_on="2026-11-01"),
        registration(
            2, scheme="DISABILITY_ALLOWANCE", card_expires_on="2026-12-10", disability_types="1"
        ),
    )
    await home_office.disbursements(
        disbursement(2, scheme="DISABILITY_ALLOWANCE", period="2026-10", amount="800")
    )
    await notify(home_office)
    async with town() as here:
        shown = {
            node["kind"]: node["body"]
            for number in (1, 2, 3)
            for node in (await inbox(here, number))["nodes"]
        }
    assert shown == {
        "ENTITLEMENT_GRANTED": "You are registered for the old-age allowance.",
        "CARD_EXPIRING": "Your disability card expires on 10 December 2569 BE. Please renew it and "
        "show it to the local authority, so that payment goes on.",
        "PAYMENT_DELAYED": "The disability allowance for November 2569 BE is delayed. You need not "
        "do anything.",
        "PAYMENT_SENT": "Your disability allowance for October 2569 BE, 800 baht, was paid.",
        "REGISTER_NOW": "You are of age for the old-age allowance. Please register at the "
        "municipality or sub-district office of your house registration.",
    }


async def test_the_portals_name_of_a_citizen_is_learned(town: Open, home_office: Office) -> None:
    names = "select user_id from portal_user order by user_id"
    async with town() as here:
        for number, name in ((1, "u-1"), (2, "u-2"), (1, "u-1b"), (3, "u-2"), (4, 4), (4, "")):
            await ask(here, "{ me { id } }", here.portal_citizen(number, name))
            await until_learned(here)
        await ask(here, "{ me { id } }", here.portal_citizen(4, national_id(4)))
        await until_learned(here)
    found = [row["user_id"] for row in await home_office.connection.fetch(names)]
    assert found == ["u-1b", "u-2"]
    owner = "select citizen_id from portal_user where user_id = 'u-2'"
    third = "select citizen_id from citizen_lookup where national_id_hmac = $1"
    hmac = home_office.keys.national_id_hmac(NationalId(national_id(3)))
    assert await home_office.value(owner) == await home_office.connection.fetchval(third, hmac)


async def test_the_name_of_who_is_not_in_the_register_yet_is_learned_once_they_are(
    town: Open, home_office: Office
) -> None:
    async with town() as here:
        token = here.portal_citizen(5, "u-5")
        await ask(here, "{ me { id } }", token)
        await until_learned(here)
        await home_office.citizens(citizen(5))
        await ask(here, "{ me { id } }", token)
        await until_learned(here)
    assert await home_office.value("select user_id from portal_user") == "u-5"


async def until_learned(here: Town) -> None:
    async with asyncio.timeout(20):
        while here.service.portal_users._waiting:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.02)
