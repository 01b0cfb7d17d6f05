"""Where a payment stands within its month: part of its key, so that ids and files agree on it."""

from app.rules.calendar import YearMonth
from app.rules.vocabulary import PaymentKind

# Negative, so that newest first shows the month's own payment before what was added to it.
_FIRST_YEAR = 2000
_MONTHS_PER_KIND = 8000
_RANKS = {
    PaymentKind.REGULAR: 0,
    PaymentKind.BACKPAY: 1,
    PaymentKind.SUPPLEMENT: 2,
    PaymentKind.ADJUSTMENT: 3,
}


def payment_sequence(kind: PaymentKind, repays_period: YearMonth | None) -> int:
    """The place of a payment within its (citizen, scheme, month), -32,767 to 0.

    REGULAR is 0; the others go down by kind and by the month they repay (Gregorian, from 2000 on),
    so one month holds one payment of each kind for each month repaid. A regular payment repays
    nothing. `ValueError` for a repaid month before 2000 or after 2666.
    """
    if kind is PaymentKind.REGULAR:
        return 0
    return -(_MONTHS_PER_KIND * _RANKS[kind] + _months_since_2000(repays_period))


def _months_since_2000(month: YearMonth | None) -> int:
    if month is None:
        return 0
    months = (month.year - _FIRST_YEAR) * 12 + month.month - 1
    if not 0 < months < _MONTHS_PER_KIND:
        raise ValueError("A payment can repay a month of the years 2000 to 2666 only.")
    return months
