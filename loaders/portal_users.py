"""By what name the portal knows a citizen, learned in the background from whoever signs in."""

import asyncio
import logging
from collections import OrderedDict

from app import clock
from app.database import Database
from app.viewer import CitizenViewer, Viewer
from loaders.notifications import learn_portal_users

_log = logging.getLogger("allowances.portal_users")

_KEPT = 50_000  # known to be known; about 10 MB
_MOST_WAITING = 10_000
_AT_ONCE = 1_000
_PAUSE_SECONDS = 1.0


class PortalUsers:
    """Remembers whose name this process has passed on, so that a name is written when it is new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._waiting: dict[bytes, str] = {}
        self._called = asyncio.Event()

    def note(self, viewer: Viewer) -> None:
        """Somebody is here. Where too many wait already they are learned when they come again."""
        if not isinstance(viewer, CitizenViewer) or viewer.portal_user_id is None:
            return
        citizen, name = viewer.national_id_hmac, viewer.portal_user_id
        if self._known.get(citizen) == name or len(self._waiting) >= _MOST_WAITING:
            return
        self._waiting[citizen] = name
        self._called.set()

    async def run(self) -> None:
        """Write what is new, many at once, until cancelled."""
        while True:
            await self._called.wait()
            self._called.clear()
            while self._waiting:
                await self._write_some()
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _write_some(self) -> None:
        some = dict(list(self._waiting.items())[:_AT_ONCE])
        try:
            learned = await learn_portal_users(self._database, some, clock.now())
        except Exception as error:
            _log.warning("names of the portal were not kept: %s", type(error).__name__)
            return
        for citizen, name in some.items():
            if self._waiting.get(citizen) == name:
                del self._waiting[citizen]
            if citizen in learned:  # else they are asked of again when they come again
                self._remember(citizen, name)

    def _remember(self, citizen: bytes, name: str) -> None:
        self._known[citizen] = name
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
