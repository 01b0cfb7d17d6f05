"""The texts that citizens read, from one catalogue; years are Buddhist era in both languages."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources

from app.rules.assessment import reason_code_for
from app.rules.calendar import BUDDHIST_OFFSET, YearMonth
from app.rules.catalogue import Entry, parse_catalogue
from app.rules.vocabulary import (
    EntitlementState,
    Language,
    NotificationKind,
    ReasonCode,
    Scheme,
)
from app.rules.windows import RegistrationWindow

_SATANG = 100


class Texts:
    """The catalogue; a mapping of dotted keys to entries stands behind the methods."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = entries

    @classmethod
    def load(cls) -> "Texts":
        """The catalogue that comes with the project, read and checked once."""
        return _shipped()

    def _text(self, key: str, language: Language, **values: str | None) -> str:
        return self.entries[key].render(language, values)

    def scheme(self, scheme: Scheme, language: Language) -> str:
        """The name of an allowance."""
        return self._text(f"scheme.{scheme.value}", language)

    def state(
        self,
        scheme: Scheme,
        state: EntitlementState,
        language: Language,
        reason_code: str | None = None,
        **values: str | None,
    ) -> str:
        """The heading of a screen; some reasons have one of their own.

        `KeyError` for a state that the scheme does not know.
        """
        return self._by_state("heading", scheme, state, language, reason_code, values)

    def message(
        self,
        scheme: Scheme,
        state: EntitlementState,
        language: Language,
        reason_code: str | None = None,
        **values: str | None,
    ) -> str:
        """The sentence below the heading; words without a value (None) are written around."""
        return self._by_state("message", scheme, state, language, reason_code, values)

    def _by_state(
        self,
        kind: str,
        scheme: Scheme,
        state: EntitlementState,
        language: Language,
        reason_code: str | None,
        values: Mapping[str, str | None],
    ) -> str:
        by_reason = f"{kind}.{scheme.value}.{reason_code}"
        by_state = f"{kind}.{scheme.value}.{state.value}"
        key = by_reason if by_reason in self.entries else by_state
        return self.entries[key].render(language, values)

    def notification_title(self, scheme: Scheme, kind: NotificationKind, language: Language) -> str:
        """What a notification is about; `KeyError` for a kind that the scheme does not know."""
        return self._text(f"notification.{scheme.value}.{kind.value}.title", language)

    def notification_body(
        self, scheme: Scheme, kind: NotificationKind, language: Language, **values: str | None
    ) -> str:
        """What a notification says; words without a value (None) are written around."""
        return self._text(f"notification.{scheme.value}.{kind.value}.body", language, **values)

    def reason(self, code: str, language: Language) -> tuple[str, str]:
        """Explanation and action, for the citizen. A code that we lack, and DECEASED, read as
        OTHER: somebody who signs in is alive, and an error of the register is for officers."""
        return self.officer_reason(shown_reason_code(code), language)

    def officer_reason(self, code: str, language: Language) -> tuple[str, str]:
        """Explanation and action as an officer may read them, DECEASED too."""
        key = f"reason.{reason_code_for(code)}"
        return self._text(f"{key}.explanation", language), self._text(f"{key}.action", language)

    def push(self, kind: str, language: Language, month: str | None) -> str:
        """What a telephone shows of a kind of notification; `month` as `month` writes it."""
        return self._text(f"notification.push.{kind}", language, month=month)

    def bank(self, code: str, language: Language) -> str:
        """The name of a bank by its three-digit code, or a text with the code."""
        if f"bank.{code}" in self.entries:
            return self._text(f"bank.{code}", language)
        return self._text("format.unknown_bank", language, code=code)

    def bank_codes(self) -> frozenset[str]:
        """The three-digit codes of the banks that have a name here."""
        return frozenset(key[5:] for key in self.entries if key.startswith("bank."))

    def month(self, month: YearMonth, language: Language) -> str:
        """`พฤศจิกายน 2569`, `November 2569 BE`."""
        year = str(month.year + BUDDHIST_OFFSET)
        name = self._text(f"month.{month.month}", language)
        return self._text("format.month", language, month=name, year=year)

    def date(self, day: date, language: Language) -> str:
        """`10 พฤศจิกายน 2569`, `10 November 2569 BE`."""
        year = str(day.year + BUDDHIST_OFFSET)
        name = self._text(f"month.{day.month}", language)
        return self._text("format.date", language, day=str(day.day), month=name, year=year)

    def window(self, window: RegistrationWindow, language: Language) -> str:
        """Both days of a registration window."""
        opens, closes = self.date(window.opens_on, language), self.date(window.closes_on, language)
        return self._text("format.window", language, opens=opens, closes=closes)


def amount(satang: int) -> str:
    """An amount for a sentence that says baht itself: `600`, `1,000`, `1,000.50`."""
    baht, rest = divmod(satang, _SATANG)
    return f"{baht:,}.{rest:02}" if rest else f"{baht:,}"


def shown_reason_code(code: str) -> str:
    """The reason code that a citizen may see: DECEASED is shown as OTHER."""
    known = reason_code_for(code)
    return ReasonCode.OTHER.value if known == ReasonCode.DECEASED.value else known


@cache
def _shipped() -> Texts:
    toml = resources.files(__package__).joinpath("texts.toml").read_text("utf-8")
    return Texts(parse_catalogue(toml))
