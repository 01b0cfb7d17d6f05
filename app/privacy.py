"""Keys at work: what makes a national ID or an account number unreadable at rest."""

import hmac
import os
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import Unavailable

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class PrivacyKeys:
    """Two secrets of 32 bytes each, and the one-byte id of the encryption key."""

    lookup_key: bytes = field(repr=False)
    encryption_key: bytes = field(repr=False)
    encryption_key_id: int = 1

    def national_id_hmac(self, national_id: str) -> bytes:
        """The look-up key of a national ID (32 bytes): the same ID gives the same bytes."""
        return hmac.digest(self.lookup_key, b"national-id:" + national_id.encode(), "sha256")

    def account_hmac(self, bank_code: str, number: str) -> bytes:
        """What tells two accounts apart without holding their numbers (32 bytes)."""
        message = f"account:{bank_code}:{number}".encode()
        return hmac.digest(self.lookup_key, message, "sha256")

    def encrypt_national_id(self, national_id: str, citizen_id: UUID) -> bytes:
        """Key id, nonce and AES-256-GCM text, bound to the citizen: rows can't be swapped."""
        nonce = os.urandom(_NONCE_BYTES)
        text = AESGCM(self.encryption_key).encrypt(nonce, national_id.encode(), citizen_id.bytes)
        return bytes([self.encryption_key_id]) + nonce + text

    def decrypt_national_id(self, encrypted: bytes, citizen_id: UUID) -> str:
        """The national ID in clear, for a gateway's join; `Unavailable` if the key is another."""
        if encrypted[0] != self.encryption_key_id:
            raise Unavailable("This record was encrypted with a key that is not configured.")
        nonce, text = encrypted[1 : _NONCE_BYTES + 1], encrypted[_NONCE_BYTES + 1 :]
        try:
            return AESGCM(self.encryption_key).decrypt(nonce, text, citizen_id.bytes).decode()
        except InvalidTag:
            raise Unavailable("This record can not be decrypted with the configured key.") from None
