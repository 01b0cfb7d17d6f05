"""Keys that exist in the demo, and strategies that draw them among others that do not."""

from dataclasses import dataclass
from typing import Any

import graphql
import httpx
from hypothesis import strategies as st

from app.demo import personas
from app.ids import encode_access_cursor, encode_batch_cursor, encode_payment_cursor
from app.rules.calendar import year_month
from tests.suites.live import Live

_KEYS = """{ me {
  id localAuthority { code }
  entitlements { id payments(first: 2) { nodes { id } } } } }"""

PERSONAS = ("both", "failed-repaid", "proxy")  # few, so that a citizen is asked for by itself too
PAYMENT_CURSOR = encode_payment_cursor(year_month(2026, 3), 1)
ACCESS_CURSOR = encode_access_cursor(5)
BATCH_CURSOR = encode_batch_cursor(5)


@dataclass(frozen=True, slots=True)
class Known:
    """Keys of the personas, and of what is theirs."""

    citizens: tuple[str, ...]
    national_ids: tuple[str, ...]
    authorities: tuple[str, ...]
    entitlements: tuple[str, ...]
    payments: tuple[str, ...]

    @classmethod
    def of(cls, live: Live) -> "Known":
        """As each persona reads them."""
        found = [_me(live, persona) for persona in PERSONAS]
        rights = [right for me in found for right in me["entitlements"]]
        return cls(
            citizens=tuple(me["id"] for me in found),
            national_ids=tuple(personas.PERSONAS[name].national_id for name in PERSONAS),
            authorities=tuple(me["localAuthority"]["code"] for me in found),
            entitlements=tuple(right["id"] for right in rights),
            payments=tuple(each["id"] for right in rights for each in right["payments"]["nodes"]),
        )

    def representations(self) -> st.SearchStrategy[dict[str, str]]:
        """What a gateway sends for each of the four entity types."""
        return st.one_of(
            _each("Citizen", "id", self.citizens),
            _each("Citizen", "nationalId", self.national_ids),
            _each("Entitlement", "id", self.entitlements),
            _each("Payment", "id", self.payments),
            _each("LocalAuthority", "code", self.authorities),
        )

    def scalars(self) -> dict[str, st.SearchStrategy[graphql.ValueNode]]:
        """The scalars of our own, as they stand in a query."""
        return {
            "_Any": self.representations().map(literal),
            "NationalId": st.sampled_from(self.national_ids).map(literal),
            "Date": st.dates().map(str).map(literal),
            "DateTime": st.datetimes().map(lambda at: literal(f"{at.isoformat()}+07:00")),
            "YearMonth": st.dates().map(lambda day: literal(str(day)[:7])),
            "Baht": st.decimals(-9999, 9999, places=2).map(str).map(literal),
        }


def _me(live: Live, persona: str) -> Any:
    headers = {"Authorization": f"Bearer {live.citizen(persona)}"}
    answer = httpx.post(f"{live.url}/graphql", json={"query": _KEYS}, headers=headers)
    return answer.json()["data"]["me"]


def _each(typename: str, key: str, values: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from(values).map(lambda value: {"__typename": typename, key: value})


def literal(value: str | int | dict[str, str]) -> graphql.ValueNode:
    """A value as it stands in a query."""
    if isinstance(value, int):
        return graphql.IntValueNode(value=str(value))
    if isinstance(value, str):
        return graphql.StringValueNode(value=value)
    fields = [
        graphql.ObjectFieldNode(
            name=graphql.NameNode(value=name), value=graphql.StringValueNode(value=text)
        )
        for name, text in value.items()
    ]
    return graphql.ObjectValueNode(fields=tuple(fields))
