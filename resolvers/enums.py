"""The vocabularies of the domain as GraphQL enums, each value described."""

import enum
from collections.abc import Mapping

import strawberry

from app.rules import vocabulary


def _describe(kind: type[enum.Enum], description: str, values: Mapping[str, str]) -> None:
    strawberry.enum(kind, description=description)
    for value in kind.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by the line above
        value.description = values.get(value.name)


_describe(vocabulary.Language, "A language of the texts.", {"TH": "Thai.", "EN": "English."})
_describe(
    vocabulary.Scheme,
    "An allowance that the state pays monthly through local authorities.",
    {
        "OLD_AGE_ALLOWANCE": "The old-age allowance (เบี้ยยังชีพผู้สูงอายุ).",
        "DISABILITY_ALLOWANCE": "The disability allowance (เบี้ยความพิการ).",
    },
)
_describe(
    vocabulary.EntitlementState,
    "Where a citizen stands in a scheme; exactly one holds on any day.",
    {
        "NOT_YET_ELIGIBLE": "Old age: not yet of age (อายุยังไม่ถึงเกณฑ์).",
        "ELIGIBLE_NOT_REGISTERED": "Old age: of age, and has not registered, or confirmed the "
        "right (อายุถึงเกณฑ์ ยังไม่ได้ลงทะเบียนรับสิทธิ์).",
        "NOT_REGISTERED": "Disability: no registration is known (ยังไม่ได้ลงทะเบียนรับสิทธิ์).",
        "REGISTERED": "Registered in advance; the first payable month is still ahead.",
        "RECEIVING": "Registered and payable (รับสิทธิ์แล้ว).",
        "SUSPENDED": "Payment has stopped for a time, for example by an expired disability card.",
        "ENDED": "The right has ended.",
    },
)
_describe(
    vocabulary.DatePrecision,
    "The smallest part of a birth date that the civil register knows.",
    {"DAY": "The day is known.", "MONTH": "Month and year.", "YEAR": "The year alone."},
)
_describe(
    vocabulary.PaymentKind,
    "Why money was sent.",
    {
        "REGULAR": "The month's allowance.",
        "BACKPAY": "Arrears (ตกเบิก): makes good a month that was not paid.",
        "SUPPLEMENT": "A one-off addition.",
        "ADJUSTMENT": "A correction of an amount; may be negative.",
    },
)
_describe(
    vocabulary.PaymentStatus,
    "How far a payment has come.",
    {
        "SCHEDULED": "Planned, not yet sent.",
        "SUBMITTED": "Sent to be paid.",
        "PAID": "Paid.",
        "FAILED": "The transfer failed; `reason` says why and what to do.",
        "RETURNED": "The bank sent the money back.",
        "WITHHELD": "Held back, for example while a card is expired.",
        "CANCELLED": "Withdrawn by the sender.",
    },
)
_describe(
    vocabulary.BatchStatus,
    "What became of a batch.",
    {
        "RECEIVED": "Its rows are being applied; the counts come when all are.",
        "LOADED": "Every row was taken.",
        "PARTIAL": "Some rows were rejected.",
        "REJECTED": "Every row was rejected.",
        "DELAYED": "Its payments wait for the budget; none is paid.",
        "CORRECTED": "The month had a batch before; this one changed it.",
    },
)
_describe(
    vocabulary.PaymentChannel,
    "How the money reaches the citizen.",
    {"BANK_TRANSFER": "Into a bank account.", "CASH": "In cash at the local authority."},
)
_describe(
    vocabulary.AccountHolder,
    "Whose account it is.",
    {
        "SELF": "The citizen's own.",
        "PROXY": "Of a person the citizen authorised in writing (ผู้รับมอบอำนาจ).",
    },
)
_describe(
    vocabulary.DisabilityType,
    "One of the seven types of disability (ประเภทความพิการ).",
    {
        "VISION": "Vision (ทางการเห็น).",
        "HEARING": "Hearing or communication (ทางการได้ยินหรือสื่อความหมาย).",
        "MOBILITY": "Movement or body (ทางการเคลื่อนไหวหรือทางร่างกาย).",
        "MENTAL": "Mind or behaviour (ทางจิตใจหรือพฤติกรรม).",
        "INTELLECTUAL": "Intellect (ทางสติปัญญา).",
        "LEARNING": "Learning (ทางการเรียนรู้).",
        "AUTISM": "Autism (ออทิสติก).",
    },
)
_describe(
    vocabulary.NotificationKind,
    "What a citizen is told.",
    {
        "REGISTER_NOW": "Of age, or of the next cohort to be, and not registered.",
        "PAYMENT_FAILED": "A payment did not arrive; the body says why and what to do.",
        "PAYMENT_SENT": "A payment was made.",
        "ENTITLEMENT_GRANTED": "A right is registered.",
        "CARD_EXPIRING": "The disability card expires within 90 days, or within 30.",
        "PAYMENT_DELAYED": "The month is past its pay day, for everybody.",
    },
)
