"""National IDs that nobody has: the first digit 9 is no person type, the check digit is right."""

from app.rules.national_id import check_digit

_IDS = 9 * 10**10
_STEP = 58_316_497_123
"""Prime to the number of IDs, so that steps of it meet each ID once before they meet one again."""


def crowd_id(start: int, place: int) -> str:
    """The ID of the person at a place in the crowd; different places have different IDs.

    Its second digit is never 0, so it is never a persona's. `start` moves the whole crowd.
    """
    number = 10**10 + (start + place * _STEP) % _IDS
    return _with_check_digit(f"9{number:011}")


def persona_id(number: int) -> str:
    """The ID of a persona, from a number under 100."""
    return _with_check_digit(f"9000000000{number:02}")


def _with_check_digit(twelve: str) -> str:
    return f"{twelve}{check_digit(twelve)}"
