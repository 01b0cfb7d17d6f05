"""The made-up register: who the nth citizen is, so that nothing has to be read to ask for them."""

import hashlib
from datetime import date
from uuid import UUID

MONTHS = 60
LAST_MONTH = date(2026, 11, 1)
RIGHTS_PER_CITIZEN = 1.1  # one in ten holds both schemes
PAYMENTS_PER_RIGHT = MONTHS * 1.02  # one payment in fifty fails, and is repaid two months later
BATCHES_A_MONTH = 30  # files of a month and scheme, the first and the corrected ones


def citizens_of(payments: int) -> int:
    """How many citizens have about that many payments."""
    return max(10, round(payments / RIGHTS_PER_CITIZEN / PAYMENTS_PER_RIGHT))


def citizen_id(n: int) -> UUID:
    return UUID(hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest())


def national_id_hmac(n: int) -> bytes:
    return hashlib.sha256(n.to_bytes(8, "big")).digest()


def months() -> list[date]:
    """Every month with payments, oldest first."""
    last = LAST_MONTH.year * 12 + LAST_MONTH.month - 1
    return [date(m // 12, m % 12 + 1, 1) for m in range(last - MONTHS + 1, last + 1)]
