"""Callers of every kind, and what of an answer is a datum."""

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from app.demo.issuer import AUDIENCE, ISSUER, DevelopmentIssuer
from app.demo.personas import PERSONAS

PERSONA = "both"


def leaves(value: Any) -> list[Any]:
    """Everything in an answer that is a datum."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [] if value is None else [value]


def signed(issuer: DevelopmentIssuer, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 60, "pid": PERSONAS[PERSONA].national_id}
    return jwt.encode(claims | changes, issuer.private_key, "RS256", {"kid": issuer.key_id})


def untrusted(issuer: DevelopmentIssuer) -> dict[str, str]:
    """Tokens that would be the citizen's own, were they good."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60}
    claims |= {"pid": PERSONAS[PERSONA].national_id}
    return {
        "expired": signed(issuer, exp=1),
        "wrong audience": signed(issuer, aud="other"),
        "wrong key": signed(DevelopmentIssuer(stranger, issuer.key_id, issuer.jwks_file)),
        "alg none": jwt.encode(claims, "", "none", {"kid": issuer.key_id}),
    }


def office(issuer: DevelopmentIssuer, scope: str, *codes: str) -> str:
    """The token of an agency limited to these local authorities."""
    agency = {"pid": None, "client_id": "office", "scope": scope, "purpose": "registration"}
    return signed(issuer, **agency, local_authority_codes=list(codes))
