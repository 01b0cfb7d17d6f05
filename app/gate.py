"""Who comes in: the viewer of a token, and what is theirs to spend."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from app.errors import Forbidden, Unauthenticated
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


@dataclass(frozen=True, slots=True)
class Gate:
    """Tells gateways from other callers, and charges each for asking."""

    tokens: TokenReader
    rate: RateLimit
    connections: Connections
    gateways: frozenset[str]
    max_cost: int
    max_agency_cost: int

    async def admit(self, credentials: Credentials) -> tuple[Viewer, Admission]:
        """Who asks, and what they may; `Unauthenticated`, `Forbidden` or `TooManyRequests`."""
        try:
            viewer = await self.tokens.viewer(credentials.authorization, credentials.purpose)
            gateway = self._is_gateway(viewer) or await self._has_gateway(credentials)
        except (Unauthenticated, Forbidden):
            # A made-up token has no bucket of its own, or each would have a new one.
            self.rate.spend(self.rate.of_address(credentials.address))
            raise
        agency = gateway or isinstance(viewer, AgencyViewer)
        limit = self.max_agency_cost if agency else self.max_cost
        if gateway:
            return viewer, Admission(limit, any_document=True)
        caller = self._caller(viewer, credentials.address)
        self.rate.spend(caller)
        return viewer, Admission(
            limit,
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
        return isinstance(viewer, AgencyViewer) and viewer.client_id in self.gateways

    async def _has_gateway(self, credentials: Credentials) -> bool:
        if credentials.gateway is None:
            return False
        if self._is_gateway(await self.tokens.viewer(credentials.gateway)):
            return True
        raise Forbidden("X-Gateway-Authorization: expected the token of a gateway known here.")
