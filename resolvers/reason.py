"""Reason: why, and what to do about it."""

from dataclasses import dataclass

import strawberry

from app.rules.texts import shown_reason_code
from app.rules.vocabulary import Language
from resolvers.context import Info
from resolvers.fields import plain, resolved


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A code of our catalogue, and the sender's own where it was another."""

    code: str
    source_code: str | None

    @classmethod
    def of(cls, code: str, source_code: str | None) -> "ReasonRow":
        """The reason as it may be shown: a death never is, neither by our code nor the sender's."""
        shown = shown_reason_code(code)
        return cls(shown, source_code if shown == code else None)


@strawberry.type(description="Why something is as it is, and what the citizen can do about it.")
class Reason:
    code: str = plain("Our code, such as ACCOUNT_CLOSED; OTHER where the sender's is none of ours.")
    source_code: str | None = plain("The sender's code as it came.")

    @resolved("Why, in a sentence for the citizen.")
    def explanation(
        root: strawberry.Parent[ReasonRow], info: Info, language: Language | None = Language.TH
    ) -> str:
        explanation, _action = info.context.texts.reason(root.code, language or Language.TH)
        return explanation

    @resolved("What to do, in a sentence for the citizen.")
    def action(
        root: strawberry.Parent[ReasonRow], info: Info, language: Language | None = Language.TH
    ) -> str:
        _explanation, action = info.context.texts.reason(root.code, language or Language.TH)
        return action
