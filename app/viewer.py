"""From a bearer token to who asks. The only place that reads a JWT."""

import contextlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

import jwt

from app import clock
from app.errors import Unauthenticated
from app.known_tokens import Known, KnownTokens
from app.privacy import PrivacyKeys
from app.rules.national_id import InvalidNationalId, holds_national_id, parse_national_id
from app.signing_keys import SigningKeys

_LONGEST_LINE = 200
_KEPT_HEADERS = 100
# Controls, halves of characters, and what turns the direction of what is seen.
_NO_TEXT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_CITIZEN_CLAIMS = ("pid", "citizen_id")  # ThaID; DGA Digital ID
_PERSON = "openid"  # a scope of tokens of people alone: their client is where they signed in


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No token: the public fields alone."""

    expires_at: None = None


@dataclass(frozen=True, slots=True)
class CitizenViewer:
    """A person who signed in: sees themselves alone."""

    national_id_hmac: bytes
    expires_at: float | None = field(default=None, compare=False)  # seconds since 1970
    portal_user_id: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AgencyViewer:
    """Another agency's system: sees what its scopes allow, for a stated purpose."""

    client_id: str
    scopes: frozenset[str]
    purpose: str | None
    local_authority_codes: frozenset[str] | None = None  # None: every authority
    expires_at: float | None = field(default=None, compare=False)


Viewer = Anonymous | CitizenViewer | AgencyViewer


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token has to say to be trusted."""

    issuer: str
    audience: str
    algorithm: str
    leeway_seconds: int


class TokenReader:
    """Reads the `Authorization` header against the issuer's keys."""

    def __init__(self, rules: TokenRules, keys: SigningKeys, privacy: PrivacyKeys) -> None:
        self._rules = rules
        self._keys = keys
        self._privacy = privacy
        self._known: KnownTokens[Viewer, jwt.PyJWK] = KnownTokens(clock.timestamp)
        # Of verified tokens alone: an issuer writes the same few, and reading one takes long.
        self._kids: dict[str, str] = {}

    async def viewer(self, authorization: str | None, purpose: str | None = None) -> Viewer:
        """Who asks; `Unauthenticated` when a token was sent that can not be trusted.

        `purpose` is the `X-Purpose` header, used where the token itself states none.
        """
        if authorization is None:
            return Anonymous()
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Unauthenticated("Authorization: expected `Bearer` and a token.")
        token = token.strip()
        name = self._known.name_of(token, purpose)
        known = self._known.find(name)
        if known is not None:
            if await self._keys.find(known.key_id) is known.key:
                return known.holder
            self._known.forget(name)
        key, claims = await self._claims(token)
        viewer = self._citizen(claims) or _agency(claims, purpose)
        expires_at = claims["exp"] + self._rules.leeway_seconds
        viewer = replace(viewer, expires_at=expires_at)
        self._known.keep(name, Known(viewer, str(key.key_id), key, expires_at))
        return viewer

    async def _claims(self, token: str) -> tuple[jwt.PyJWK, dict[str, Any]]:
        header, _, _ = token.partition(".")
        try:
            kid = self._kids.get(header) or jwt.get_unverified_header(token).get("kid")
            key = await self._keys.find(kid)
            claims = jwt.decode(
                token,
                key,
                algorithms=[self._rules.algorithm],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=self._rules.leeway_seconds,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(_sentence(error)) from None
        except jwt.PyJWTError:
            raise Unauthenticated("The token's key does not fit its algorithm.") from None
        if len(self._kids) < _KEPT_HEADERS:
            self._kids[header] = str(kid)
        return key, claims

    def _citizen(self, claims: dict[str, Any]) -> CitizenViewer | None:
        claimed = next((claims[name] for name in _CITIZEN_CLAIMS if claims.get(name)), None)
        if claimed is None:
            return None
        try:
            national_id = parse_national_id(str(claimed))
        except InvalidNationalId:
            raise Unauthenticated("The token names no valid national ID.") from None
        return CitizenViewer(
            self._privacy.national_id_hmac(national_id), portal_user_id=_portal_user(claims)
        )


def _portal_user(claims: dict[str, Any]) -> str | None:
    """By what name the portal knows the citizen, if its token says so."""
    name = claims.get("user_id")
    if not isinstance(name, str) or not name or not _is_line(name) or holds_national_id(name):
        return None
    return name


def _agency(claims: dict[str, Any], purpose: str | None) -> AgencyViewer:
    client = claims.get("client_id") or claims.get("azp")
    scopes = frozenset(str(claims.get("scope", "")).split())
    if not isinstance(client, str):
        raise Unauthenticated("The token names neither a citizen (pid) nor a client (client_id).")
    if _PERSON in scopes:
        raise Unauthenticated("The token is of a person who signed in, and names no citizen (pid).")
    if not _is_line(client):
        raise Unauthenticated(f"client_id: expected a line of at most {_LONGEST_LINE} letters.")
    return AgencyViewer(
        client_id=client,
        scopes=scopes,
        purpose=_purpose(claims.get("purpose") or _text_of_header(purpose)),
        local_authority_codes=_authorities(claims),
    )


def _purpose(stated: object) -> str | None:
    """What it reads for, as the citizen will see it."""
    purpose = str(stated or "").strip()
    if not _is_line(purpose):
        raise Unauthenticated(f"The purpose is to be a line of at most {_LONGEST_LINE} letters.")
    if holds_national_id(purpose):
        raise Unauthenticated("The purpose is to hold no national ID: it is kept as it stands.")
    return purpose or None


def _is_line(text: str) -> bool:
    """Whether an access record can hold it and a citizen read it."""
    return len(text) <= _LONGEST_LINE and not _NO_TEXT.search(text)


def _text_of_header(value: str | None) -> str | None:
    """A header as it was meant: Thai is sent in UTF-8 and read as Latin-1."""
    with contextlib.suppress(UnicodeError):
        return None if value is None else value.encode("latin-1").decode()
    return value


def _authorities(claims: dict[str, Any]) -> frozenset[str] | None:
    """The claim's codes; None, which is every authority, only where there is no such claim."""
    if "local_authority_codes" not in claims:
        return None
    codes = claims["local_authority_codes"]
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise Unauthenticated("local_authority_codes: expected a list of codes as text.")
    return frozenset(codes)


def _sentence(error: jwt.InvalidTokenError) -> str:
    """Why a token was refused, without a word of the token itself."""
    for kind, text in _SENTENCES.items():
        if isinstance(error, kind):
            return text
    return "The token can not be read."


_SENTENCES: dict[type[jwt.InvalidTokenError], str] = {
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidAudienceError: "The token is for another audience.",
    jwt.InvalidIssuerError: "The token is from another issuer.",
    jwt.InvalidAlgorithmError: "The token is signed by an algorithm that is not accepted.",
    jwt.MissingRequiredClaimError: "The token lacks one of exp, iss, aud.",
    jwt.InvalidSignatureError: "The token's signature is not valid.",
}
