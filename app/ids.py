"""The opaque ids of the graph: none can be derived from a national ID.

What is of a citizen carries the citizen.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg.pgproto import pgproto

from app.errors import BadInput
from app.rules.calendar import YearMonth, year_month
from app.rules.vocabulary import Scheme


class EntitlementKey(NamedTuple):
    """One scheme of one citizen."""

    citizen_id: UUID
    scheme: Scheme


class PaymentKey(NamedTuple):
    """One payment: its month, and its place within the month."""

    citizen_id: UUID
    scheme: Scheme
    period: YearMonth
    sequence: int


class BankAccountKey(NamedTuple):
    """One account of one citizen."""

    citizen_id: UUID
    number: int


class NotificationKey(NamedTuple):
    """One notification of one citizen."""

    citizen_id: UUID
    number: int


class AccessRecordKey(NamedTuple):
    """One citizen's record of a batch of access records."""

    citizen_id: UUID
    seq: int


# Ids are decoded to the UUIDs that rows have: the driver's own, made and hashed in C.
_CITIZEN = struct.Struct(">c16s")
_ENTITLEMENT = struct.Struct(">c16sB")
_PAYMENT = struct.Struct(">c16sBHh")
_BANK_ACCOUNT = struct.Struct(">c16sQ")
_CURSOR = struct.Struct(">cHh")
_ACCESS_RECORD = struct.Struct(">c16sq")
_ACCESS_CURSOR = struct.Struct(">cq")
_NOTIFICATION = struct.Struct(">c16sq")
_NOTIFICATION_CURSOR = struct.Struct(">cq")
_BATCH = struct.Struct(">cq")

_SCHEMES = (Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE)
_SCHEME_NUMBERS = {scheme: number for number, scheme in enumerate(_SCHEMES)}


def encode_citizen_id(citizen_id: UUID) -> str:
    return _text(_CITIZEN.pack(b"C", citizen_id.bytes))


def decode_citizen_id(text: str) -> UUID:
    """The citizen of an id; `BadInput` when it is no id of a Citizen."""
    (citizen,) = _fields(_CITIZEN, b"C", text, "Citizen")
    return pgproto.UUID(citizen)


def encode_entitlement_id(key: EntitlementKey) -> str:
    return _text(_ENTITLEMENT.pack(b"E", key.citizen_id.bytes, _SCHEME_NUMBERS[key.scheme]))


def decode_entitlement_id(text: str) -> EntitlementKey:
    """The key of an id; `BadInput` when it is no id of an Entitlement."""
    citizen, scheme = _fields(_ENTITLEMENT, b"E", text, "Entitlement")
    return EntitlementKey(pgproto.UUID(citizen), _scheme(scheme, "Entitlement"))


def encode_payment_id(key: PaymentKey) -> str:
    scheme = _SCHEME_NUMBERS[key.scheme]
    month = _month_number(key.period)
    return _text(_PAYMENT.pack(b"P", key.citizen_id.bytes, scheme, month, key.sequence))


def decode_payment_id(text: str) -> PaymentKey:
    """The key of an id; `BadInput` when it is no id of a Payment."""
    citizen, scheme, month, sequence = _fields(_PAYMENT, b"P", text, "Payment")
    period = _month(month, f"id: {_NOT_OURS.format('a Payment')}")
    return PaymentKey(pgproto.UUID(citizen), _scheme(scheme, "Payment"), period, sequence)


def encode_bank_account_id(key: BankAccountKey) -> str:
    return _text(_BANK_ACCOUNT.pack(b"A", key.citizen_id.bytes, key.number))


def encode_access_record_id(key: AccessRecordKey) -> str:
    return _text(_ACCESS_RECORD.pack(b"R", key.citizen_id.bytes, key.seq))


def encode_payment_cursor(period: YearMonth, sequence: int) -> str:
    """Where a payment stands in its entitlement's list."""
    return _text(_CURSOR.pack(b"p", _month_number(period), sequence))


def decode_payment_cursor(argument: str, text: str) -> tuple[YearMonth, int]:
    """The place a cursor names; `BadInput` names the argument (`after` or `before`)."""
    message = _NO_CURSOR.format(argument)
    fields = _unpack(_CURSOR, b"p", text)
    if fields is None:
        raise BadInput(message)
    return _month(fields[0], message), fields[1]


def encode_access_cursor(seq: int) -> str:
    """Where an access record stands in its citizen's list."""
    return _text(_ACCESS_CURSOR.pack(b"r", seq))


def decode_access_cursor(argument: str, text: str) -> int:
    """The place a cursor names; `BadInput` names the argument."""
    return _number_of_cursor(argument, _ACCESS_CURSOR, b"r", text)


def encode_notification_id(key: NotificationKey) -> str:
    return _text(_NOTIFICATION.pack(b"N", key.citizen_id.bytes, key.number))


def decode_notification_id(argument: str, text: str) -> NotificationKey:
    """The key of an id; `BadInput` names the argument when it is no id of a Notification."""
    fields = _unpack(_NOTIFICATION, b"N", text)
    if fields is None:
        raise BadInput(f"{argument}: {_NOT_OURS.format('a Notification')}")
    return NotificationKey(pgproto.UUID(fields[0]), fields[1])


def encode_notification_cursor(number: int) -> str:
    """Where a notification stands in its citizen's list."""
    return _text(_NOTIFICATION_CURSOR.pack(b"n", number))


def decode_notification_cursor(argument: str, text: str) -> int:
    """The place a cursor names; `BadInput` names the argument."""
    return _number_of_cursor(argument, _NOTIFICATION_CURSOR, b"n", text)


def encode_batch_id(number: int) -> str:
    return _text(_BATCH.pack(b"B", number))


def encode_batch_cursor(number: int) -> str:
    """Where a batch stands in the list of all."""
    return _text(_BATCH.pack(b"b", number))


def decode_batch_cursor(argument: str, text: str) -> int:
    """The place a cursor names; `BadInput` names the argument."""
    return _number_of_cursor(argument, _BATCH, b"b", text)


_NO_CURSOR = "{}: expected a cursor of this connection, as `pageInfo` or an edge gave it."
_NOT_OURS = "expected an id of {} as this service gave it."


def _number_of_cursor(argument: str, layout: struct.Struct, kind: bytes, text: str) -> int:
    fields = _unpack(layout, kind, text)
    if fields is None:
        raise BadInput(_NO_CURSOR.format(argument))
    number: int = fields[0]
    return number


def _text(packed: bytes) -> str:
    return urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def _fields(layout: struct.Struct, kind: bytes, text: str, name: str) -> tuple[Any, ...]:
    fields = _unpack(layout, kind, text)
    if fields is None:
        raise BadInput(f"id: {_NOT_OURS.format(f'{_article(name)} {name}')}")
    return fields


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOU" else "a"


def _unpack(layout: struct.Struct, kind: bytes, text: str) -> tuple[Any, ...] | None:
    try:
        packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        return None
    if len(packed) != layout.size or packed[:1] != kind or _text(packed) != text:
        return None
    return layout.unpack(packed)[1:]


def _scheme(number: int, name: str) -> Scheme:
    if number >= len(_SCHEMES):
        raise BadInput(f"id: {_NOT_OURS.format(f'{_article(name)} {name}')}")
    return _SCHEMES[number]


def _month_number(period: date) -> int:
    return period.year * 12 + period.month - 1


def _month(number: int, message: str) -> YearMonth:
    year, month = divmod(number, 12)
    if not 1 <= year <= 5000:
        raise BadInput(message)
    return year_month(year, month + 1)
