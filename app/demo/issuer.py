"""The development issuer: signs tokens for personas and agencies. `serve` never trusts it."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from app.errors import SettingsError
from app.private_file import replacing

ISSUER = "urn:allowances:development"
AUDIENCE = "allowances"
ALGORITHM: Final = "RS256"
TOKEN_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DevelopmentIssuer:
    """A private key in the data directory, and the public half beside it as JWKS."""

    private_key: rsa.RSAPrivateKey
    key_id: str
    jwks_file: Path

    @classmethod
    def open(cls, directory: Path) -> "DevelopmentIssuer":
        """The issuer of a data directory; made on first use, readable by its owner alone."""
        key_file, jwks_file = directory / "issuer.pem", directory / "issuer.jwks.json"
        if not key_file.exists() or not jwks_file.exists():
            _make(key_file, jwks_file)
        private_key = load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(private_key, rsa.RSAPrivateKey):
            raise SettingsError(f"{key_file} is no RSA key; remove it, and a new one is made.")
        key_id = json.loads(jwks_file.read_text(encoding="utf-8"))["keys"][0]["kid"]
        return cls(private_key, key_id, jwks_file)

    def citizen_token(self, national_id: str, now: datetime) -> str:
        """A token as the portal's sign-in gives it (ThaID: `pid`), good for a day."""
        return self._sign({"pid": national_id, "scope": "openid pid", "ial": 2.3}, now)

    def agency_token(self, client_id: str, scope: str, purpose: str | None, now: datetime) -> str:
        """A client-credentials token; `scope` is a list parted by spaces."""
        claims = {"client_id": client_id, "sub": client_id, "scope": scope}
        return self._sign(claims | ({"purpose": purpose} if purpose else {}), now)

    def _sign(self, claims: Mapping[str, Any], now: datetime) -> str:
        times = {"iat": now, "nbf": now, "exp": now + TOKEN_LIFETIME}
        whole = {"iss": ISSUER, "aud": AUDIENCE, **times, **claims}
        return jwt.encode(whole, self.private_key, ALGORITHM, headers={"kid": self.key_id})


def _make(key_file: Path, jwks_file: Path) -> None:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with replacing(key_file) as handle:
        handle.write(pem.decode())
    public = RSAAlgorithm.to_jwk(private_key.public_key(), as_dict=True)
    key_id = secrets.token_hex(8)
    keys = [{**public, "kid": key_id, "use": "sig", "alg": ALGORITHM}]
    with replacing(jwks_file) as handle:
        json.dump({"keys": keys}, handle)
