"""Queries of hypothesis-graphql over our schema: every answer is what the schema promises."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import given

from app import clock
from app.demo.home import DataDirectory
from app.demo.personas import PERSONAS
from app.demo.service import create_demo
from tests.suites.answers import problems
from tests.suites.documents import EXAMPLES, SCHEMA, documents
from tests.suites.in_process import InProcess, in_process
from tests.suites.known import Known
from tests.suites.live import EVERY_SCOPE

pytestmark = pytest.mark.xdist_group("suites")

FINDS = {"citizen": {"me", "citizen"}, "agency": {"citizen", "citizenByNationalId"}}


class Marking(Visitor):
    """Asks each object for its type, and gives some fields another name."""

    def __init__(self) -> None:
        super().__init__()
        self._fields = 0

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        self._fields += 1
        if self._fields % 5:
            return None
        alias = NameNode(value=f"alias{self._fields}")
        return FieldNode(
            name=node.name,
            alias=alias,
            arguments=node.arguments,
            selection_set=node.selection_set,
        )

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        typename = FieldNode(name=NameNode(value="__typename"))
        return SelectionSetNode(selections=(*node.selections, typename))


def marked(document: DocumentNode) -> DocumentNode:
    return parse(print_ast(visit(document, Marking())))


@pytest.fixture(scope="module")
def service(demo_database: str, home: DataDirectory) -> Iterator[InProcess]:
    app = create_demo(home, demo_database, 8000, requests_per_minute=10**9)
    with in_process(app) as running:
        yield running


@pytest.mark.answers_national_id
@pytest.mark.parametrize("caller", FINDS)
def test_every_answer_is_what_the_schema_promises(
    service: InProcess, known: Known, home: DataDirectory, caller: str
) -> None:
    issuer, now = home.issuer(), clock.now()
    token = {
        "citizen": issuer.citizen_token(PERSONAS["both"].national_id, now),
        "agency": issuer.agency_token("suite", EVERY_SCOPE, "audit of payments", now),
    }[caller]
    seen: Counter[str] = Counter()

    @EXAMPLES
    @given(document=documents(known, marked))
    def answered(document: DocumentNode) -> None:
        answer = service.ask(print_ast(document), token).json()
        assert problems(SCHEMA, document, answer) == []
        seen.update(str(error["extensions"]["code"]) for error in answer.get("errors", ()))
        seen.update(key for key, value in (answer.get("data") or {}).items() if value is not None)

    answered()
    assert set(seen) >= FINDS[caller]
