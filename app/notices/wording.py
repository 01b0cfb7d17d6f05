"""The words of a notification, from what is kept of it; it names no national ID and no account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.rules.calendar import YearMonth
from app.rules.texts import Texts, amount
from app.rules.vocabulary import Language, NotificationKind, Scheme
from app.rules.windows import RegistrationWindow


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification tells. `facts` as the table keeps them: by kind `amount` (satang),
    `reason` (our code), `expires_on`, or `opens_on` with `closes_on`."""

    kind: NotificationKind
    scheme: Scheme
    period: YearMonth | None
    facts: Mapping[str, Any]

    def title(self, texts: Texts, language: Language) -> str:
        """What it is about, in a few words."""
        return texts.notification_title(self.scheme, self.kind, language)

    def body(self, texts: Texts, language: Language) -> str:
        """What it says, in a sentence or two."""
        satang, reason = self.facts.get("amount"), self.facts.get("reason")
        explanation, action = texts.reason(reason, language) if reason else (None, None)
        expires_on, window = self.facts.get("expires_on"), self._window()
        return texts.notification_body(
            self.scheme,
            self.kind,
            language,
            month=None if self.period is None else texts.month(self.period, language),
            amount=None if satang is None else amount(satang),
            reason=explanation,
            action=action,
            date=expires_on and texts.date(date.fromisoformat(expires_on), language),
            window=None if window is None else texts.window(window, language),
        )

    def _window(self) -> RegistrationWindow | None:
        if "opens_on" not in self.facts:
            return None
        opens_on, closes_on = (
            date.fromisoformat(self.facts[name]) for name in ("opens_on", "closes_on")
        )
        return RegistrationWindow(opens_on, closes_on, self.facts["fiscal_year"])
