"""Sends what is due in the outbox: several pushes at once, no faster than it is allowed to."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable

import asyncpg

from app import clock
from app.database import Database
from app.delivery.breaker import Breaker, BreakerState
from app.delivery.counts import Counts
from app.delivery.message import message
from app.delivery.outbox import NoPush, Outbox, Push
from app.delivery.pace import Pace, backoff
from app.delivery.portal import Message, Portal, PortalFailure, PortalRefusal
from app.delivery.quiet_hours import next_allowed
from app.errors import AllowancesError, Unavailable
from app.rules.texts import Texts
from app.settings import DeliverySettings

_log = logging.getLogger("allowances.delivery")

_STATEMENT_SECONDS = 10.0
_STATEMENTS_KEPT = 32
_TOLD_EVERY = 60.0  # seconds
_UNEXPECTED = "UNEXPECTED"  # as a code beside those of the portal
_DATABASE_ERRORS = (AllowancesError, asyncpg.PostgresError)


class Sender:
    """One process's part in sending; any number of them share an outbox."""

    def __init__(self, settings: DeliverySettings, outbox: Outbox, portal: Portal) -> None:
        self._settings = settings
        self._outbox = outbox
        self._portal = portal
        self._texts = Texts.load()
        self._breaker = Breaker(settings.breaker_failures, settings.breaker_seconds, time.monotonic)
        self._pace = Pace(settings.push_messages_per_second, time.monotonic)
        self._held_until = float("-inf")  # the portal said when to come again
        self._in_trouble = False
        self._stumbles = 0  # in a row
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._told_at, self._told_sent = time.monotonic(), 0
        self.counts = Counts()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: DeliverySettings, dsn: str) -> AsyncIterator["Sender"]:
        """A sender with its own connections; `Unavailable` when the database does not answer."""
        database = await Database.connect(
            dsn,
            size=settings.pushes_at_once + 1,
            statement_cache_size=_STATEMENTS_KEPT,
            statement_timeout=_STATEMENT_SECONDS,
        )
        outbox = Outbox(
            database,
            batch=settings.push_batch_size,
            lease_seconds=settings.push_lease_seconds,
            max_age_days=settings.push_max_age_days,
        )
        try:
            async with Portal.open(settings) as portal:
                yield cls(settings, outbox, portal)
        finally:
            await database.close()

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished first."""
        self._stopping.set()

    async def run(self) -> None:
        """Send what is due, and what becomes due, until `stop`, whatever goes wrong meanwhile."""
        while not self._stopping.is_set():
            try:
                pause = min(await self._step(), self._settings.push_poll_seconds)
                self._stumbles = 0
            except _DATABASE_ERRORS as error:
                _log.warning("the outbox can not be read: %s", type(error).__name__)
                pause = self._settings.push_poll_seconds
            except Exception as error:
                pause = self._stumbled(error)
            self._tell()
            if pause:
                await self._rest(pause)
        await self._finish()

    def _stumbled(self, error: Exception) -> float:
        """Note an error that nobody foresaw; the seconds to wait, more after each in a row."""
        _log.error("a step of the sender ended by an error: %s", type(error).__name__)
        self._stumbles += 1
        self.counts.failures[_UNEXPECTED] += 1
        return self._backoff(self._stumbles)

    def _backoff(self, attempts: int) -> float:
        settings = self._settings
        return backoff(
            attempts, settings.push_backoff_seconds, settings.push_longest_backoff_seconds
        )

    async def drain(self) -> None:
        """Send what is due now, then end; `Unavailable` when the portal does not take it."""
        while not self._stopping.is_set():
            shut, busy = self._shut_for(), bool(self._under_way)
            pause = shut or await self._step()
            if pause and self._under_way:
                await self._one_settled(pause)
            elif pause and not busy and (shut or not self._pace.wait()):
                break  # and what was under way before the look left nothing that is due
            elif pause and not busy:
                await self._rest(pause)
        await self._finish()
        if self._in_trouble:
            raise Unavailable("The portal does not take notifications just now; they wait.")

    async def _step(self) -> float:
        """Begin one push, or clear what is not to be sent; or the seconds to wait until there may
        be another."""
        if len(self._under_way) >= self._settings.pushes_at_once:
            await self._one_settled(None)
        if pause := max(self._shut_for(), self._pace.wait()):
            return pause
        if not await self._signed_in():
            return self._settings.push_poll_seconds
        push = await self._outbox.claim()
        if push is NoPush.NOTHING_DUE:
            self.counts.lag_seconds = 0.0
            return self._settings.push_poll_seconds
        if isinstance(push, Push):
            self._begin(push)
        return 0.0

    def _shut_for(self) -> float:
        """Seconds for which nothing may be sent, for the citizens' sake or the portal's."""
        held = self._held_until - time.monotonic()
        return max(0.0, self._quiet_for(), self._breaker.wait(), held)

    def _quiet_for(self) -> float:
        now = clock.now()
        return (next_allowed(now, self._settings.quiet_hours) - now).total_seconds()

    async def _signed_in(self) -> bool:
        """Without a token nothing is claimed, so that no push counts an attempt that was none."""
        try:
            await self._portal.sign_in()
        except PortalFailure as failure:
            self._note(failure)
            _log.warning("the portal gives no token: %s", failure.code)
            return False
        return True

    def _begin(self, push: Push) -> None:
        self._breaker.let_through()
        self._pace.spend(len(push.members))
        self.counts.lag_seconds = push.lag
        task = asyncio.create_task(self._send(push))
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a push was left by an error: %s", type(error).__name__)

    def _messages(self, push: Push) -> list[Message]:
        language = self._settings.push_language
        return [
            Message(each.user_id, message(each.kind, each.period, self._texts, language))
            for each in push.members
        ]

    async def _send(self, push: Push) -> None:
        try:
            await self._portal.push(push.key, self._messages(push))
        except PortalRefusal as refusal:
            self._succeeded()
            await self._settle(self._refused(push, refusal.code))
        except PortalFailure as failure:
            await self._missed(push, failure)
        except Exception as error:  # else a breaker that lets one through waits for it for ever
            _log.error("a push ended by an error: %s", type(error).__name__)
            await self._missed(push, PortalFailure(_UNEXPECTED))
        else:
            self._succeeded()
            await self._settle(self._accepted(push))

    async def _missed(self, push: Push, failure: PortalFailure) -> None:
        self._note(failure)
        await self._settle(self._failed(push, failure))

    async def _settle(self, settling: Awaitable[None]) -> None:
        """What could not be written down is sent again, by the same key, when its lease is over."""
        try:
            await settling
        except _DATABASE_ERRORS as error:
            _log.warning("what became of a push is not written down: %s", type(error).__name__)

    async def _accepted(self, push: Push) -> None:
        self.counts.pushes["accepted"] += 1
        await self._outbox.sent(push)
        self.counts.sent += len(push.members)

    async def _refused(self, push: Push, code: str) -> None:
        self.counts.pushes["refused"] += 1
        self.counts.failures[code] += 1
        dead = await self._outbox.refused(push, code)
        self.counts.dead += dead  # not in one line with the waiting: others count meanwhile
        level = logging.WARNING if dead else logging.INFO
        _log.log(level, "a push of %d is refused: %s", len(push.members), code)

    async def _failed(self, push: Push, failure: PortalFailure) -> None:
        self.counts.pushes["failed"] += 1
        if push.attempts >= self._settings.push_max_attempts:
            await self._outbox.given_up(push, failure.code)
            self.counts.dead += len(push.members)
            _log.warning("a push of %d is given up: %s", len(push.members), failure.code)
            return
        longest = self._settings.push_longest_backoff_seconds
        delay = max(self._backoff(push.attempts), min(failure.retry_after or 0.0, longest))
        await self._outbox.failed(push, failure.code, delay)
        _log.info(
            "a push of %d failed (attempt %d, %s): again in %.1f s",
            *(len(push.members), push.attempts, failure.code, delay),
        )

    def _note(self, failure: PortalFailure) -> None:
        """A portal that says when to come again is not broken: it is left alone until then."""
        self._in_trouble = True
        self.counts.failures[failure.code] += 1
        if failure.retry_after is not None:
            self._breaker.succeeded()
            longest = self._settings.push_longest_backoff_seconds
            self._held_until = time.monotonic() + min(failure.retry_after, longest)
        elif self._breaker.failed():
            _log.warning("the portal is left alone for %g s", self._settings.breaker_seconds)
        self.counts.breaker_open = self._breaker.state is not BreakerState.CLOSED

    def _succeeded(self) -> None:
        if self._breaker.state is not BreakerState.CLOSED:
            _log.warning("the portal works again")
        self._breaker.succeeded()
        self._in_trouble = self.counts.breaker_open = False

    def _tell(self, *, at_once: bool = False) -> None:
        now, sent = time.monotonic(), self.counts.sent - self._told_sent
        if sent and (at_once or now - self._told_at > _TOLD_EVERY):
            _log.info("%d notifications sent", sent)
            self._told_at, self._told_sent = now, self.counts.sent

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _one_settled(self, seconds: float | None) -> None:
        await asyncio.wait(self._under_way, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._tell(at_once=True)


@contextlib.asynccontextmanager
async def delivering(settings: DeliverySettings | None) -> AsyncIterator[Counts | None]:
    """Send in the background while inside, where there are settings for it.

    `Unavailable` when the database does not answer, `SettingsError` when none is named.
    """
    if settings is None:
        yield None
        return
    async with Sender.open(settings, settings.own_database_url()) as sender:
        running = asyncio.create_task(sender.run())
        try:
            yield sender.counts
        finally:
            sender.stop()
            await running
