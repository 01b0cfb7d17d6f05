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
from app.viewer import AgencyViewer
from resolvers.context import Context

_log = logging.getLogger("allowances.accountability")

_LONGEST_NAME = 200
_WITHHELD = "This read can not be put on record just now, so nothing is given. Try again later."


class Accountability(SchemaExtension):
    """Gathers an agency's reads while an operation runs; writes them, or withholds the answer."""

    async def on_execute(self) -> AsyncIterator[None]:
        self.begin()
        yield
        await self.settle(self.execution_context.result)

    async def on_stream_result(self, result: StreamExecutionResult) -> AsyncIterator[None]:
        await self.settle(result)
        yield

    def begin(self) -> None:
        """Gather anew: each operation has its own reads, those of one WebSocket too."""
        execution = self.execution_context
        if isinstance(_context(execution).viewer, AgencyViewer):
            execution.context = replace(_context(execution), reads=Reads())

    async def settle(self, result: Any) -> None:
        """Durable once this returns; `result` loses its data where that could not be."""
        context = _context(self.execution_context)
        if context.reads is None or not (categories := context.reads.take()):
            return
        try:
            await context.loaders.record_access(self._access(context, categories))
        except Exception as error:  # whatever went wrong, nothing may be given
            _log.error("an access record was not written: %s", type(error).__name__)
            _withhold(result)

    def _access(self, context: Context, categories: Any) -> Access:
        viewer, execution = context.viewer, self.execution_context
        if not isinstance(viewer, AgencyViewer) or viewer.purpose is None:
            raise Unavailable(_WITHHELD)  # policies give nothing without a purpose
        document = (execution.query or "").encode()
        return Access(
            agency=viewer.client_id,
            purpose=viewer.purpose,
            operation=_name(execution.operation_name),
            operation_hash=hashlib.sha256(document).digest(),
            categories=categories,
        )


def _name(given: str | None) -> str:
    """The operation's name as it may be kept: its author may have put anything into it."""
    name = (given or "")[:_LONGEST_NAME]
    return "" if holds_national_id(name) else name


def _context(execution: Any) -> Context:
    context: Context = execution.context
    return context


def _withhold(result: Any) -> None:
    refusal = GraphQLError(_WITHHELD, original_error=Unavailable(_WITHHELD))
    make_presentable(refusal)
    if result is None:  # a subscription that has not begun
        raise refusal
    result.data, result.errors = None, [refusal]
