"""The closed vocabularies of the domain: each value is its name in the GraphQL contract."""

import enum


class Word(enum.Enum):
    """An enum hashed by its identity: others hash their names, anew each time; keys hold many."""

    __hash__ = object.__hash__


class Scheme(Word):
    """The allowances: old age (เบี้ยยังชีพผู้สูงอายุ) and disability (เบี้ยความพิการ)."""

    OLD_AGE_ALLOWANCE = "OLD_AGE_ALLOWANCE"
    DISABILITY_ALLOWANCE = "DISABILITY_ALLOWANCE"


class EntitlementState(Word):
    """Where a citizen stands in one scheme; exactly one holds on any day."""

    NOT_YET_ELIGIBLE = "NOT_YET_ELIGIBLE"
    ELIGIBLE_NOT_REGISTERED = "ELIGIBLE_NOT_REGISTERED"
    NOT_REGISTERED = "NOT_REGISTERED"
    REGISTERED = "REGISTERED"
    RECEIVING = "RECEIVING"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"


class RegistrationStatus(Word):
    """What the register of the local authority says of a registration."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"


class DatePrecision(Word):
    """The smallest part of a birth date that the civil register knows."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class PaymentKind(Word):
    """Why money was sent: the month's allowance, arrears (ตกเบิก), a supplement, a correction."""

    REGULAR = "REGULAR"
    BACKPAY = "BACKPAY"
    SUPPLEMENT = "SUPPLEMENT"
    ADJUSTMENT = "ADJUSTMENT"


class PaymentStatus(Word):
    """How far a payment has come."""

    SCHEDULED = "SCHEDULED"
    SUBMITTED = "SUBMITTED"
    PAID = "PAID"
    FAILED = "FAILED"
    RETURNED = "RETURNED"
    WITHHELD = "WITHHELD"
    CANCELLED = "CANCELLED"


class BatchStatus(Word):
    """What became of a batch of disbursements."""

    RECEIVED = "RECEIVED"
    LOADED = "LOADED"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"
    DELAYED = "DELAYED"
    CORRECTED = "CORRECTED"


class PaymentChannel(Word):
    """How the money reaches the citizen."""

    BANK_TRANSFER = "BANK_TRANSFER"
    CASH = "CASH"


class AccountHolder(Word):
    """Whose account it is: the citizen's own, or that of a person authorised in writing."""

    SELF = "SELF"
    PROXY = "PROXY"


class DisabilityType(Word):
    """The seven types of disability, in their official order 1 to 7 [S3e]."""

    VISION = "VISION"
    HEARING = "HEARING"
    MOBILITY = "MOBILITY"
    MENTAL = "MENTAL"
    INTELLECTUAL = "INTELLECTUAL"
    LEARNING = "LEARNING"
    AUTISM = "AUTISM"


class Language(Word):
    """The languages of the texts."""

    TH = "TH"
    EN = "EN"


class NotificationKind(Word):
    """What a citizen is told."""

    REGISTER_NOW = "REGISTER_NOW"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    PAYMENT_SENT = "PAYMENT_SENT"
    ENTITLEMENT_GRANTED = "ENTITLEMENT_GRANTED"
    CARD_EXPIRING = "CARD_EXPIRING"
    PAYMENT_DELAYED = "PAYMENT_DELAYED"


class ReasonCode(Word):
    """Why an entitlement stands where it does, or why a payment failed: our codes, no source's.

    DECEASED is for officers; `Texts.reason` never shows it.
    """

    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    ACCOUNT_DORMANT = "ACCOUNT_DORMANT"
    NAME_MISMATCH = "NAME_MISMATCH"
    ACCOUNT_INVALID = "ACCOUNT_INVALID"
    PROMPTPAY_NOT_LINKED = "PROMPTPAY_NOT_LINKED"
    CARD_EXPIRED = "CARD_EXPIRED"
    MOVED = "MOVED"
    NOT_QUALIFIED = "NOT_QUALIFIED"
    WAIVED = "WAIVED"
    BUDGET_DELAY = "BUDGET_DELAY"
    NOT_YET_OF_AGE = "NOT_YET_OF_AGE"
    OF_AGE_NOT_REGISTERED = "OF_AGE_NOT_REGISTERED"
    NO_REGISTRATION = "NO_REGISTRATION"
    FIRST_MONTH_AHEAD = "FIRST_MONTH_AHEAD"
    DECEASED = "DECEASED"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"
