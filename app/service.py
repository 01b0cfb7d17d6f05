"""What lives as long as the process, and the context that it gives each request."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from app import clock
from app.database import Database
from app.errors import BadInput
from app.gate import Credentials, Gate
from app.limits.admission import Admission
from app.limits.connections import Connections
from app.limits.rate import RateLimit
from app.notices.telling import Telling
from app.rules.texts import Texts
from app.settings import Settings
from app.signing_keys import SigningKeys
from app.viewer import TokenReader, TokenRules, Viewer
from loaders.batching import Queues
from loaders.bundle import Loaders
from loaders.live_notifications import LiveNotifications
from loaders.portal_users import PortalUsers
from loaders.reference import Reference
from resolvers.context import Context

_log = logging.getLogger("allowances.reference")

_FIRST_PLAYED_YEAR, _LAST_PLAYED_YEAR = 1900, 2200
_SUBMISSIONS_AT_ONCE = 2  # they take turns in the database: one works, one stands ready


@dataclass(slots=True)
class Service:
    """The pool, the reference data, the gate."""

    settings: Settings
    database: Database
    submissions: Database | None  # as the role that writes
    queues: Queues
    reference: Reference
    gate: Gate
    texts: Texts
    live: LiveNotifications
    portal_users: PortalUsers
    demo: bool
    played: date | None  # the day that the demo plays; None: today
    telling: Telling

    async def context(self, credentials: Credentials, played: str | None) -> Context:
        """Who asks, and the loaders for them; `Unauthenticated` for a token that is not good.

        `played` is the day that a request to the demo plays, as it came.
        """
        return self.context_of(*await self.gate.admit(credentials), played)

    def context_of(self, viewer: Viewer, admission: Admission, played: str | None) -> Context:
        """A context for one operation of somebody who has been let in."""
        now = clock.now()
        self.portal_users.note(viewer)
        return Context(
            viewer=viewer,
            loaders=Loaders(self.queues, self.reference),
            book=self.reference.current.book,
            texts=self.texts,
            keys=self.settings.privacy_keys,
            now=now,
            today=self._today(now, played),
            max_representations=self.settings.max_representations,
            admission=admission,
            submissions=self.submissions,
            telling=self.telling,
            live=self.live,
            again=partial(self.context_of, viewer, admission, played),
        )

    def _today(self, now: datetime, header: str | None) -> date:
        if header is None or not self.demo:
            return self.played or now.date()
        try:
            day = date.fromisoformat(header)
        except ValueError:
            raise BadInput("X-Demo-Today: expected a date such as 2026-11-10.") from None
        if not _FIRST_PLAYED_YEAR <= day.year <= _LAST_PLAYED_YEAR:
            raise BadInput(
                f"X-Demo-Today: expected a year of {_FIRST_PLAYED_YEAR} to {_LAST_PLAYED_YEAR}."
            )
        return day


@contextlib.asynccontextmanager
async def running_service(
    settings: Settings, *, demo: bool, played: date | None
) -> AsyncIterator[Service]:
    """Open what the service needs, and close it again; `AllowancesError` says what is missing."""
    keys = SigningKeys(settings.token_jwks)
    await keys.load()
    async with contextlib.AsyncExitStack() as opened:
        database = await Database.connect(
            settings.database_url,
            size=settings.pool_size,
            statement_cache_size=settings.statement_cache_size,
            statement_timeout=settings.statement_timeout_seconds,
        )
        opened.push_async_callback(database.close)
        submissions = await _submissions(settings)
        if submissions is not None:
            opened.push_async_callback(submissions.close)
        reference = await Reference.load(database)
        refreshing = asyncio.create_task(_keep_fresh(reference, settings.reference_refresh_seconds))
        opened.push_async_callback(_cancel, refreshing)
        gate, texts = _gate(settings, keys), Texts.load()
        live, portal_users = LiveNotifications(database), PortalUsers(database)
        await live.start()
        listening = settings.listen_database_url or settings.database_url
        for lasting in (live.run(listening), portal_users.run()):
            opened.push_async_callback(_cancel, asyncio.create_task(lasting))
        yield Service(
            settings,
            database,
            submissions,
            Queues(database),
            reference,
            gate,
            texts,
            live,
            portal_users,
            demo,
            played,
            settings.telling,
        )


async def _submissions(settings: Settings) -> Database | None:
    """The pool of the role that writes, where one is named; a submission may take the whole
    request."""
    if settings.submission_database_url is None:
        return None
    return await Database.connect(
        settings.submission_database_url,
        size=_SUBMISSIONS_AT_ONCE,
        statement_cache_size=settings.statement_cache_size,
        statement_timeout=settings.request_deadline_seconds,
    )


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _gate(settings: Settings, keys: SigningKeys) -> Gate:
    rules = TokenRules(
        settings.token_issuer,
        settings.token_audience,
        settings.token_algorithm,
        settings.token_leeway_seconds,
    )
    return Gate(
        TokenReader(rules, keys, settings.privacy_keys),
        RateLimit(settings.requests_per_minute),
        Connections(settings.connections_per_caller),
        settings.gateway_client_ids,
        settings.max_cost,
        settings.max_agency_cost,
    )


async def _keep_fresh(reference: Reference, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await reference.refresh()
        except Exception as error:
            _log.warning("the reference data were not refreshed: %s", type(error).__name__)
