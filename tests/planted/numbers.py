"""What nothing may hold in clear: national IDs of tests, account numbers of the demo, tokens."""

import base64
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import BinaryIO

from app.demo.crowd import crowd
from app.demo.personas import PERSONAS
from app.rules.national_id import check_digit

NATIONAL_ID, ACCOUNT_NUMBER, TOKEN = "national ID", "account number", "token"

_CHUNK, _OVERLAP = 1 << 20, 1 << 12  # a token is shorter than the overlap
_CROWD, _DAY = 500, date(2026, 11, 23)

# Digits of a UUID or a hash, and the decimals of a float, are no number of ours. An escape before
# one (`\n9...`, `%229...`) is no part of it.
_BEFORE = rb"(?:(?<![0-9A-Za-z])(?<![0-9]\.)|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_AFTER = rb"(?![0-9A-Za-z])"
_ID = rb"9[0-9]{12}|9([- ])[0-9]{4}\1[0-9]{5}\1[0-9]{2}\1[0-9]"
_ACCOUNT = rb"[0-9]{10,15}|[0-9]{3}-[0-9]-[0-9]{5}-[0-9]"
_JWT = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")
_HEX = re.compile(rb"[0-9A-Fa-f]{20,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{14,}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789"))


def _numbers(before: bytes, after: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    return (
        re.compile(before + rb"(?:" + _ID + rb")" + after),
        re.compile(before + rb"(?:" + _ACCOUNT + rb")" + after),
    )


_IN_TEXT = _numbers(_BEFORE, _AFTER)
_IN_BYTES = _numbers(rb"(?<![0-9])", rb"(?![0-9])")


def kinds_in_file(file: BinaryIO) -> set[str]:
    """The kinds that a file of any size holds."""
    found: set[str] = set()
    rest = b""
    while chunk := file.read(_CHUNK):
        found |= kinds_in(rest + chunk)
        rest = chunk[-_OVERLAP:]
    return found


def kinds_in(data: bytes) -> set[str]:
    """The kinds that stand in the data: as they are, in hex or in base64."""
    found = set(_kinds(data, _IN_TEXT))
    if _JWT.search(data):
        found.add(TOKEN)
    for decoded in _decoded(data):
        found.update(_kinds(decoded, _IN_BYTES))
    return found


def _kinds(data: bytes, patterns: tuple[re.Pattern[bytes], re.Pattern[bytes]]) -> Iterator[str]:
    ids, accounts = patterns
    if any(_is_national_id(_digits(match[0])) for match in ids.finditer(data)):
        yield NATIONAL_ID
    if any(_digits(match[0]) in _account_numbers() for match in accounts.finditer(data)):
        yield ACCOUNT_NUMBER


def _digits(text: bytes) -> str:
    return text.translate(None, _NO_DIGITS).decode()


def _is_national_id(digits: str) -> bool:
    return check_digit(digits[:12]) == int(digits[12])


def _decoded(data: bytes) -> Iterator[bytes]:
    """What hex and base64 in the data may stand for, wherever in a run of it they begin."""
    for run in set(_HEX.findall(data)):
        for start in range(2):
            yield bytes.fromhex(run[start : start + (len(run) - start) // 2 * 2].decode())
    for run in set(_BASE64.findall(data)):
        plain = run.translate(_URL_SAFE)
        for start in range(4):
            part = plain[start:]
            if len(part) % 4 == 1:
                part = part[:-1]
            yield base64.b64decode(part + b"=" * (-len(part) % 4))


@cache
def _account_numbers() -> frozenset[str]:
    people = [*(persona.person(_DAY) for persona in PERSONAS.values()), *crowd(_CROWD, 1)]
    return frozenset(
        account.number
        for person in people
        for holding in person.holdings
        for account in holding.accounts
    )
