"""The same answer from every server: asked one by one, brought to one form and compared."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import click
import httpx

from app.ids import encode_citizen_id
from bench.servers import Server
from bench.workloads import POSTGRAPHILE, Request


class WrongAnswer(click.ClickException):
    """A server answered with an error, or otherwise than the others."""


def ask(server: Server, requests: Sequence[Request]) -> tuple[list[Any], float]:
    """The data of the answers in one form, and their mean size in bytes on the wire.

    `WrongAnswer` where one is an error.
    """
    answers, size = [], 0
    with httpx.Client() as http:
        for request in requests:
            headers = {"Authorization": f"Bearer {request.token}"} if request.token else {}
            answer = http.post(server.url, json=request.body, headers=headers, timeout=60)
            size += len(answer.content)
            body = answer.json()
            if answer.status_code != httpx.codes.OK or body.get("errors"):
                raise WrongAnswer(
                    f"{server.name} answers {answer.status_code}: {answer.text[:300]}"
                )
            data = body["data"]
            answers.append(_of_postgraphile(data) if server.name == POSTGRAPHILE else data)
    return answers, size / len(requests)


def _of_postgraphile(data: Any) -> Any:
    """PostGraphile's own shapes and raw columns, as the others have them."""
    if isinstance(data, list):
        return [_of_postgraphile(each) for each in data]
    if not isinstance(data, dict):
        return data
    if set(data) == {"__typename"}:
        return data
    return dict(
        _field(name, value) for name, value in data.items() if name != "lastFour"
    ) | _number(data)


def _field(name: str, value: Any) -> tuple[str, Any]:
    match name:
        case "entitlements" | "_entities":
            return name, _of_postgraphile(value["nodes"])
        case "rowId":
            return "id", encode_citizen_id(UUID(value))
        case "period":
            return name, value[:7]
        case "amountSatang":
            return "amount", f"{value / 100:.2f}"
        case "bankCode":
            return "bank", {"code": value}
        case _:
            return name, _of_postgraphile(value)


def _number(data: dict[str, Any]) -> dict[str, str]:
    return {"maskedNumber": f"xxxxxx{data['lastFour']}"} if "lastFour" in data else {}
