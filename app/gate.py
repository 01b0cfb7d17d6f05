"""Who comes in: the viewer of a token, and what is theirs to spend."""

from functools import lru_cache, partial
from typing import NamedTuple

from app.errors import Forbidden, Unauthenticated
from app.known_tokens import KEPT_TOKENS
from app.limits.admission import Admission
from app.limits.connections import Connections
from app.limits.rate import RateLimit
from app.viewer import AgencyViewer, Anonymous, CitizenViewer, TokenReader, Viewer


class Credentials(NamedTuple):
    """What a request or a connection says of itself."""

    authorization: str | None
    gateway: str | None  # X-Gateway-Authorization: a gateway's own token beside a citizen's
    purpose: str | None
    address: str


class Gate:
    """Tells gateways from other callers, and charges each for asking."""

    def __init__(
        self,
        tokens: TokenReader,
        rate: RateLimit,
        connections: Connections,
        gateways: frozenset[str],
        max_cost: int,
        max_agency_cost: int,
    ) -> None:
        self.rate = rate
        self._tokens = tokens
        self.connections = connections
        self._gateways = gateways
        self._max_cost = max_cost
        self._max_agency_cost = max_agency_cost
        self._of_gateway = Admission(max_agency_cost, any_document=True)
        self._of_known = lru_cache(KEPT_TOKENS)(self._of)

    async def admit(self, credentials: Credentials) -> tuple[Viewer, Admission]:
        """Who asks, and what they may; `Unauthenticated`, `Forbidden` or `TooManyRequests`."""
        try:
            viewer = await self._tokens.viewer(credentials.authorization, credentials.purpose)
            gateway = self._is_gateway(viewer) or await self._has_gateway(credentials)
        except (Unauthenticated, Forbidden):
            # A made-up token has no bucket of its own, or each would have a new one.
            self.rate.spend(self.rate.of_address(credentials.address))
            raise
        if gateway:
            return viewer, self._of_gateway
        if isinstance(viewer, Anonymous):
            caller, admission = self._of(viewer, credentials.address)
        else:
            caller, admission = self._of_known(viewer)
        self.rate.spend(caller)
        return viewer, admission

    def _of(self, viewer: Viewer, address: str = "") -> tuple[bytes, Admission]:
        """By what name a caller is charged, and what they may. `address` of who has no token."""
        caller = self._caller(viewer, address)
        agency = isinstance(viewer, AgencyViewer)
        return caller, Admission(
            self._max_agency_cost if agency else self._max_cost,
            charge=partial(self.rate.spend, caller),
            connect=partial(self.connections.hold, caller),
        )

    def _caller(self, viewer: Viewer, address: str) -> bytes:
        """Who the token is of: a token can be renewed, and be spelled in two ways."""
        match viewer:
            case CitizenViewer():
                return self.rate.of_citizen(viewer.national_id_hmac)
            case AgencyViewer():
                return self.rate.of_client(viewer.client_id)
            case Anonymous():
                return self.rate.of_address(address)

    def _is_gateway(self, viewer: Viewer) -> bool:
        return isinstance(viewer, AgencyViewer) and viewer.client_id in self._gateways

    async def _has_gateway(self, credentials: Credentials) -> bool:
        if credentials.gateway is None:
            return False
        if self._is_gateway(await self._tokens.viewer(credentials.gateway)):
            return True
        raise Forbidden("X-Gateway-Authorization: expected the token of a gateway known here.")
