"""The sentence that a telephone shows of a notification, also while it is locked."""

from datetime import date

from app.rules.calendar import month_of
from app.rules.texts import Texts
from app.rules.vocabulary import Language


def message(kind: str, period: date | None, texts: Texts, language: Language) -> str:
    """The sentence for a kind of notification; `period` is the first of the month it is about.

    Anybody may read over a shoulder, so it names no number, no amount and no disability.
    """
    month = None if period is None else texts.month(month_of(period), language)
    return texts.push(kind, language, month)
