"""No answer to an agency leaves before what it read of citizens is on record."""

import hashlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import StreamExecutionResult

from app.accountability import Access, Reads
from app.errors import Unavailable
from app.presentable import make_presentable
from app.rules.national_id import holds_national_id
from app.viewer import AgencyViewer, Viewer
from resolvers.context import Context

_log = logging.getLogger("allowances.accountability")

_LONGEST_NAME = 200
_WITHHELD = "This read can not be put on record just now, so nothing is given. Try again later."


class Accountability(SchemaExtension):
    """Gathers an agency's reads while an operation runs; writes them, or withholds the answer."""

    async def on_execute(self) -> AsyncIterator[None]:
        execution = self.execution_context
        execution.context = begun(execution.context)
        yield
        await self._settle(execution.result)

    async def on_stream_result(self, result: StreamExecutionResult) -> AsyncIterator[None]:
        await self._settle(result)
        yield

    async def _settle(self, result: Any) -> None:
        execution = self.execution_context
        await settle(execution.context, execution.query or "", execution.operation_name, result)


def begun(context: Context) -> Context:
    """The context of an operation that begins: each has its own reads, those of one WebSocket
    too."""
    agency = isinstance(context.viewer, AgencyViewer)
    return replace(context, reads=Reads()) if agency else context


async def settle(context: Context, text: str, operation_name: str | None, result: Any) -> None:
    """Durable once this returns; `result` loses its data where that could not be. `text` of the
    document."""
    if context.reads is None or not (categories := context.reads.take()):
        return
    try:
        access = _access(context.viewer, text, operation_name, categories)
        await context.loaders.record_access(access)
    except Exception as error:  # whatever went wrong, nothing may be given
        _log.error("an access record was not written: %s", type(error).__name__)
        _withhold(result)


def _access(viewer: Viewer, text: str, operation_name: str | None, categories: Any) -> Access:
    if not isinstance(viewer, AgencyViewer) or viewer.purpose is None:
        raise Unavailable(_WITHHELD)  # policies give nothing without a purpose
    return Access(
        agency=viewer.client_id,
        purpose=viewer.purpose,
        operation=_name(operation_name),
        operation_hash=hashlib.sha256(text.encode()).digest(),
        categories=categories,
    )


def _name(given: str | None) -> str:
    """The operation's name as it may be kept: its author may have put anything into it."""
    name = (given or "")[:_LONGEST_NAME]
    return "" if holds_national_id(name) else name


def _withhold(result: Any) -> None:
    refusal = GraphQLError(_WITHHELD, original_error=Unavailable(_WITHHELD))
    make_presentable(refusal)
    if result is None:  # a subscription that has not begun
        raise refusal
    result.data, result.errors = None, [refusal]
