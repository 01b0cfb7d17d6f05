"""Trusted documents: who may run what."""

from pathlib import Path

import pytest

from app import screens
from app.errors import SettingsError
from app.limits.trusted import TrustedDocuments, document_id
from tests.serving import Caller, Serving

SCREENS = Path(screens.__file__).parent
HOME = screens.document("old_age_home")
OTHER = "{me{id}}"


async def code(caller: Caller, query: str, **who: str | None) -> str | None:
    answer = (await caller.post({"query": query}, **who)).json()
    assert ("errors" in answer) or answer["data"] is not None
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


def test_an_id_is_the_one_of_the_specification() -> None:
    text = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"
    digest = "7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"
    assert document_id(text) == f"sha256:{digest}"


async def test_citizens_and_nobody_run_the_shipped_documents_alone(serving: Serving) -> None:
    async with serving(trusted_documents=SCREENS) as caller:
        for token in (caller.citizen(), None, caller.agency("agency")):
            for name in screens.NAMES:
                assert await code(caller, screens.document(name), token=token) is None
            for text in (OTHER, HOME + " ", HOME.replace("age", "age "), "{", "{__typename}"):
                assert await code(caller, text, token=token) == "QUERY_NOT_IN_SAFELIST"


async def test_a_refused_document_is_not_run(serving: Serving) -> None:
    async with serving(trusted_documents=SCREENS) as caller:
        with caller.service.database.recording() as statements:
            answer = (await caller.post({"query": OTHER}, caller.citizen())).json()
        assert answer.get("data") is None
        assert answer["errors"][0]["message"] == (
            "This document is none of those that are shipped. Send one of them, by its documentId "
            "or its exact text."
        )
        assert statements == []


@pytest.mark.parametrize("name", screens.NAMES)
async def test_a_document_runs_by_its_id(serving: Serving, name: str) -> None:
    async with serving(trusted_documents=SCREENS, get_queries=True) as caller:
        token, whole = caller.citizen(), document_id(screens.document(name))
        expected = (await caller.post({"query": screens.document(name)}, token)).json()
        assert expected["data"]["me"]
        for identifier in (whole, whole.removeprefix("sha256:")):
            answer = await caller.post({"documentId": identifier, "variables": {}}, token)
            assert answer.json() == expected
        answer = await caller.http.get(
            "/graphql",
            params={"documentId": whole, "variables": '{"language":"TH"}'},
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )
        assert answer.json() == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (document_id(OTHER), "PERSISTED_QUERY_NOT_FOUND"),
        (document_id(HOME).upper(), "PERSISTED_QUERY_NOT_FOUND"),
        ("md5:" + "0" * 32, "PERSISTED_QUERY_NOT_FOUND"),
        ("", "PERSISTED_QUERY_NOT_FOUND"),
        (7, "BAD_REQUEST"),
        (["sha256:"], "BAD_REQUEST"),
        ({}, "BAD_REQUEST"),
    ],
)
async def test_an_id_that_is_none_is_400_with_one_error(
    serving: Serving, identifier: object, expected: str
) -> None:
    async with serving(trusted_documents=SCREENS) as caller:
        answer = await caller.post({"documentId": identifier}, caller.citizen())
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": expected}


async def test_where_no_documents_are_kept_an_id_says_so(serving: Serving) -> None:
    async with serving() as caller:
        answer = await caller.post({"documentId": document_id(HOME)}, caller.citizen())
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}
        assert await code(caller, OTHER, token=caller.citizen()) is None


async def test_a_variable_may_be_called_document_id(serving: Serving) -> None:
    async with serving(get_queries=True) as caller:
        query = "query ($documentId: ID!) { localAuthority(code: $documentId) { code } }"
        params = {"query": query, "variables": '{"documentId":"0"}'}
        answer = await caller.http.get("/graphql", params=params, headers={"Accept": "*/*"})
        assert answer.json() == {"data": {"localAuthority": None}}


async def test_a_gateway_sends_planned_queries_for_a_citizen(serving: Serving) -> None:
    async with serving(trusted_documents=SCREENS, gateway_client_ids={"portal", "x"}) as caller:
        citizen, gateway = caller.citizen(), caller.agency("portal", "")
        assert await code(caller, OTHER, token=gateway) is None
        answer = (await caller.post({"query": OTHER}, citizen, gateway)).json()
        assert answer["data"]["me"]["id"]  # the citizen's own data: the gateway adds no right
        nobody = (await caller.post({"query": OTHER}, None, gateway)).json()
        assert nobody == {"data": {"me": None}}


async def test_who_is_no_gateway_is_refused(serving: Serving) -> None:
    async with serving(trusted_documents=SCREENS, gateway_client_ids={"portal"}) as caller:
        citizen = caller.citizen()
        for pretender in (caller.agency("other"), citizen):
            answer = await caller.post({"query": OTHER}, citizen, pretender)
            assert answer.status_code == 403
            assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
        assert (await caller.post({"query": OTHER}, citizen, "made.up.x")).status_code == 401


@pytest.mark.parametrize("directory", ["nowhere", "."])
def test_a_directory_without_documents_is_refused(tmp_path: Path, directory: str) -> None:
    with pytest.raises(SettingsError, match=r"TRUSTED_DOCUMENTS: expected a directory with \.gra"):
        TrustedDocuments.load(tmp_path / directory)


async def test_gateways_come_from_a_list_parted_by_commas(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_CLIENT_IDS", " portal, other ,")
    async with serving(trusted_documents=SCREENS) as caller:
        given = caller.service.settings.model_dump(exclude={"gateway_client_ids"})
        settings = type(caller.service.settings)(**given)
        assert settings.gateway_client_ids == {"portal", "other"}
