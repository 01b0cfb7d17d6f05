"""The privacy keys of a data directory, in a file that its owner alone can read."""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.privacy import PrivacyKeys
from app.private_file import replacing


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a production keeps in a vault; made on first use."""

    path: Path

    def keys(self) -> PrivacyKeys:
        """The keys that the file holds."""
        if not self.path.exists():
            self._write(
                {"lookup": _new_key(), "account": _new_key(), "encryption": {"1": _new_key()}}
            )
        return _keys(self._read())

    def with_new_encryption_key(self) -> PrivacyKeys:
        """Add an encryption key, which becomes the current one; returns all keys."""
        self.keys()
        held = self._read()
        held["encryption"][str(max(map(int, held["encryption"])) + 1)] = _new_key()
        self._write(held)
        return _keys(held)

    def _read(self) -> dict[str, Any]:
        held: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        if isinstance(held["encryption"], str):  # a file of the time before keys were rotated
            held["encryption"] = {"1": held["encryption"]}
        return {"account": held["lookup"]} | held

    def _write(self, held: dict[str, Any]) -> None:
        with replacing(self.path) as file:
            json.dump(held, file)


def _keys(held: dict[str, Any]) -> PrivacyKeys:
    encryption = {int(number): b64decode(key) for number, key in held["encryption"].items()}
    current = max(encryption)
    return PrivacyKeys(
        lookup_key=b64decode(held["lookup"]),
        encryption_key=encryption.pop(current),
        account_key=b64decode(held["account"]),
        encryption_key_id=current,
        previous_encryption_keys=encryption,
    )


def _new_key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
