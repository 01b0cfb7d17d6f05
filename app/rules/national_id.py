"""The Thai national ID: thirteen digits, the last of which checks the others [S53]."""

import re
from typing import NewType

NationalId = NewType("NationalId", str)
"""Thirteen digits without separators, their check digit verified."""

_SEPARATORS = str.maketrans("", "", " -")
_THIRTEEN_DIGITS = re.compile(r"[0-9]{13}")
_THIRTEEN_DIGITS_IN_TEXT = re.compile(r"(?<!\d)\d(?:[ -]?\d){12}(?!\d)")
_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_THREE_DIGITS = re.compile(r"[0-9]{3}")
_WEIGHTS = range(13, 1, -1)
# By ASCII code: what each digit adds at its place, below 11, so that twelve fit in a byte; and the
# check digit that belongs to a sum.
_ADDS = [
    bytes((ord("0") <= c) * (c - ord("0")) % 11 * w % 11 for c in range(256)) for w in _WEIGHTS
]
_CHECK_DIGITS = bytes(ord("0") + (11 - total % 11) % 10 for total in range(256))


class InvalidNationalId(ValueError):
    """Not a national ID; the text says why and never repeats what was given."""


def parse_national_id(text: str) -> NationalId:
    """Read a national ID, with or without dashes and spaces; `InvalidNationalId` if it is none.

    The first digit is not judged: it does not decide nationality [S53b].
    """
    digits = text.translate(_SEPARATORS)
    if not _THIRTEEN_DIGITS.fullmatch(digits):
        raise InvalidNationalId("A national ID has 13 digits; dashes and spaces may part them.")
    if check_digit(digits[:12]) != int(digits[12]):
        raise InvalidNationalId(
            "The last digit of this national ID does not fit the others; look for a typing error."
        )
    return NationalId(digits)


def check_digit(first_twelve: str) -> int:
    """The thirteenth digit that belongs to twelve; `InvalidNationalId` if they are not digits."""
    if not _TWELVE_DIGITS.fullmatch(first_twelve):
        raise InvalidNationalId("A check digit is made from the first 12 digits of a national ID.")
    total = sum(int(d) * weight for d, weight in zip(first_twelve, _WEIGHTS, strict=True))
    return (11 - total % 11) % 10


def are_national_ids(joined: bytes) -> bool:
    """Whether each thirteen bytes are digits, without separators, that `parse_national_id` reads.

    Worked out for all at once: one digit of every text makes a number of one byte for each.
    """
    if not joined:
        return True
    count, rest = divmod(len(joined), 13)
    if rest or not joined.isdigit():
        return False
    totals = sum(
        int.from_bytes(joined[place::13].translate(adds), "little")
        for place, adds in enumerate(_ADDS)
    )
    return totals.to_bytes(count, "little").translate(_CHECK_DIGITS) == joined[12::13]


def mask_national_id(tail: str) -> str:
    """The form that may be shown, `x-xxxx-xxxxx-12-3`, from the last three digits."""
    if not _THREE_DIGITS.fullmatch(tail):
        raise InvalidNationalId("A national ID is masked from its last 3 digits.")
    return f"x-xxxx-xxxxx-{tail[:2]}-{tail[2]}"


def holds_national_id(text: str) -> bool:
    """Whether thirteen digits stand in a text that are a national ID."""
    return any(map(_is_national_id, _THIRTEEN_DIGITS_IN_TEXT.findall(text)))


def _is_national_id(digits: str) -> bool:
    try:
        parse_national_id(digits)
    except InvalidNationalId:
        return False
    return True
