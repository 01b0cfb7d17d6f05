"""Every caller times every field: on refusal no datum is in the answer.

POLICIES states who may read each field. A field of the schema that is not stated here, or is stated
otherwise than the schema prints, fails the comparison.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from app.policies import Scope
from app.schema import build_schema
from tests.callers import PERSONA, leaves, untrusted
from tests.conftest import Asker

SCHEMA = build_schema()._schema
OWN = "own"  # the citizen alone, never an agency
AGENCY = "agency "  # before a scope: agencies that have it, never a citizen
OPEN = "open"  # nothing of a person, or nothing beyond what the edge to its type has let through


def words(text: str) -> list[str]:
    return text.split()


# Types whose every field is open: behind a guarded edge, or of nobody.
OPEN_TYPES = words("""
    AccessRecord AccessRecordConnection AccessRecordEdge
    Bank BankAccount BatchTotals DataFreshness DisabilityCard DisbursementBatch
    DisbursementBatchConnection DisbursementBatchEdge LocalAuthority MarkNotificationsReadPayload
    Notification NotificationConnection NotificationEdge PageInfo PaymentConnection
    PaymentEdge PaymentTotals Rate Reason RegistrationWindow RejectedRecord SchemeFreshness
    SubmitDisbursementsPayload UpcomingPayment _Service
""")
PERSONAL = words("""
    title givenName familyName birthDate birthDatePrecision maskedNationalId age localAuthority
""")
OF_AN_ENTITLEMENT = words("""
    id citizen scheme state stateReason stateText stateMessage asOf registeredOn effectiveFrom
    endedOn eligibleOn firstPayableMonth registrationWindow monthlyAmount rate nextPayment
    localAuthority
""")
OF_A_PAYMENT = words("""
    id scheme period kind amount status channel paidOn dueOn reason repays repaidBy batch
""")
ROOTS = words("me citizen citizenByNationalId localAuthority dataFreshness _entities _service")

POLICIES: dict[str, str] = {
    **{f"Query.{name}": OPEN for name in ROOTS},
    "Query.disbursementBatches": f"{AGENCY}batch:read",
    "Mutation.submitDisbursements": f"{AGENCY}disbursement:write",
    "Mutation.markNotificationsRead": OWN,
    "Subscription.notificationAdded": OWN,
    "Citizen.id": OPEN,
    "Citizen.nationalId": "citizen:lookup",
    "Citizen.entitlements": "entitlement:read",
    "Citizen.accessHistory": OWN,
    "Citizen.notifications": OWN,
    **{f"Citizen.{name}": "citizen:read" for name in PERSONAL},
    **{f"Entitlement.{name}": OPEN for name in OF_AN_ENTITLEMENT},
    "Entitlement.bankAccount": "bank-account:read",
    "Entitlement.disabilityCard": "disability:read",
    "Entitlement.latestPayment": "payment:read",
    "Entitlement.payments": "payment:read",
    "Entitlement.totals": "payment:read",
    **{f"Payment.{name}": OPEN for name in OF_A_PAYMENT},
    "Payment.entitlement": "entitlement:read",
    "Payment.bankAccount": "bank-account:read",
}


def fields() -> Iterator[tuple[str, str, Any]]:
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                yield kind.name, name, field


def test_every_field_has_a_policy_and_no_policy_lacks_its_field() -> None:
    there = {f"{kind}.{name}" for kind, name, _ in fields() if kind not in OPEN_TYPES}
    assert set(POLICIES) == there


def test_what_is_printed_is_what_is_stated() -> None:
    sdl = build_schema().as_str()
    for kind, name, _ in fields():
        policy = POLICIES.get(f"{kind}.{name}", OPEN)
        block = sdl.partition(f"\ntype {kind} ")[2].partition("\n}")[0]
        line = next(
            line for line in block.splitlines() if line.startswith((f"  {name}:", f"  {name}("))
        )
        printed = "@requiresScopes" in line
        assert printed == (policy != OPEN), f"{kind}.{name}"
        if printed:
            assert f"scopes: {printed_scopes(policy)})" in line


def printed_scopes(policy: str) -> str:
    if policy == OWN:
        return '[["openid"]]'
    if policy.startswith(AGENCY):
        return f'[["{policy.removeprefix(AGENCY)}"]]'
    return f'[["openid"], ["{policy}"]]'


# The way to each type that belongs to a person, and the scopes that open the way.
WAYS = {
    "Citizen": ("%s", set[str]()),
    "Entitlement": ("entitlements { %s }", {"entitlement:read"}),
    "Payment": ("entitlements { latestPayment { %s } }", {"entitlement:read", "payment:read"}),
}


def asked(kind: str, name: str) -> str:
    """A query of one citizen that asks for one field."""
    field = SCHEMA.get_type(kind).fields[name]  # type: ignore[union-attr]  # an object type
    of_type = get_named_type(field.type)
    inner = "" if is_leaf_type(of_type) else " { __typename }"
    return f"query ($id: ID!) {{ citizen(id: $id) {{ {WAYS[kind][0] % (name + inner)} }} }}"


@dataclass(frozen=True)
class Case:
    kind: str
    name: str

    @property
    def scopes(self) -> set[str]:
        """What an agency needs to read it."""
        policy = POLICIES[f"{self.kind}.{self.name}"]
        return {"citizen:read"} | WAYS[self.kind][1] | ({policy} - {OPEN, OWN})

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


CASES = [Case(kind, name) for kind, name, _ in fields() if kind in WAYS]
MARKS = {"Citizen.nationalId": [pytest.mark.answers_national_id]}


@pytest.fixture(scope="module")
async def citizen_id(ask: Asker) -> str:
    data = await ask.data("{ me { id } }", token=ask.citizen(PERSONA))
    return str(data["me"]["id"])


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=str(case), marks=MARKS.get(str(case), ())) for case in CASES]
)
async def test_a_field_times_every_caller(ask: Asker, citizen_id: str, case: Case) -> None:
    query, variables = asked(case.kind, case.name), {"id": citizen_id}
    everything = " ".join(case.scopes)
    allowed = {"citizen self": ask.citizen(PERSONA)}
    if POLICIES[str(case)] != OWN:
        allowed["agency with scope"] = ask.agency(everything)
    for caller, token in allowed.items():
        answer = await ask.answer(query, variables, token=token)
        assert "errors" not in answer, caller
        assert answer["data"]["citizen"] is not None, caller
    for caller, refused in {
        "nobody": None,
        "citizen other": ask.citizen("proxy"),
        "agency without any scope": ask.agency(""),
        "agency with scope but no purpose": ask.agency(everything, None),
    }.items():
        answer = await ask.answer(query, variables, token=refused)
        assert leaves(answer["data"]) == [], caller
    for caller, bad in untrusted(ask.home.issuer()).items():
        response = await ask.post(query, variables, token=bad)
        assert response.status_code == 401, caller
        assert "data" not in response.json(), caller


GUARDED = [case for case in CASES if POLICIES[str(case)] not in {OPEN, OWN}]


@pytest.mark.parametrize("case", GUARDED, ids=str)
async def test_the_fields_own_scope_is_what_opens_it(
    ask: Asker, citizen_id: str, case: Case
) -> None:
    scope = POLICIES[str(case)]
    others = {each.value for each in Scope if each.value != scope}
    token = ask.agency(" ".join(others))
    answer = await ask.answer(asked(case.kind, case.name), {"id": citizen_id}, token=token)
    assert leaves(answer["data"]) in ([], ["Citizen"])
    if scope != "citizen:read":  # without it, the citizen itself is the same as unknown
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


@pytest.mark.parametrize("case", [c for c in CASES if POLICIES[str(c)] == OWN], ids=str)
async def test_what_is_the_citizens_own_is_for_no_agency(
    ask: Asker, citizen_id: str, case: Case
) -> None:
    token = ask.agency(" ".join(scope.value for scope in Scope))
    answer = await ask.answer(asked(case.kind, case.name), {"id": citizen_id}, token=token)
    assert leaves(answer["data"]) == []
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
