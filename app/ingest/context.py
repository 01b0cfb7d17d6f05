"""What the layouts need to know beside the file."""

from dataclasses import dataclass
from datetime import date, datetime

from app.privacy import PrivacyKeys

# The codes of domain.md section 4 and the reasons of its section 3.
BANK_CODES = frozenset(
    {"002", "004", "006", "011", "014", "020", "022", "024", "025", "030"}
    | {"033", "034", "066", "067", "069", "070", "071", "073", "098"}
)
REASON_CODES = frozenset(
    {
        "ACCOUNT_CLOSED",
        "ACCOUNT_DORMANT",
        "NAME_MISMATCH",
        "ACCOUNT_INVALID",
        "PROMPTPAY_NOT_LINKED",
        "CARD_EXPIRED",
        "MOVED",
        "NOT_QUALIFIED",
        "WAIVED",
        "DECEASED",
        "BUDGET_DELAY",
        "OTHER",
        "UNKNOWN",
    }
)


@dataclass(frozen=True, slots=True)
class Context:
    """One import.

    `now` is its moment, `today` the same in Thailand; `authorities` are the known codes; `absent`
    the optional columns that the file lacks; `seen_before` whether its bytes were imported before.
    """

    keys: PrivacyKeys
    now: datetime
    today: date
    authorities: frozenset[str]
    import_file_id: int
    seen_before: bool
    absent: frozenset[str] = frozenset()
