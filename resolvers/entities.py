"""`_entities`: from a gateway's representations to our objects, each with its own error."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from app.accountability import CATEGORIES
from app.errors import BadInput
from app.execution.waiting import Started, settle
from app.ids import (
    EntitlementKey,
    PaymentKey,
    decode_citizen_id,
    decode_entitlement_id,
    decode_payment_id,
)
from app.policies import Scope
from resolvers.access import citizens_of_hmacs, may_read, readable_citizens
from resolvers.context import Context
from resolvers.entitlement_view import entitlements_by_key
from resolvers.local_authority import local_authority
from resolvers.query import read_national_id

Representation = Mapping[str, Any]


async def entities(context: Context, representations: Sequence[object]) -> list[Any]:
    """The object of each representation; None where unknown or forbidden.

    A `BadInput` where one is no object, of an unknown type or without a key: an error at its own
    position, while the others answer. Fields beyond the key are left unread. Those of one kind are
    asked together.
    """
    found: list[Any] = [None] * len(representations)
    asked: dict[_Load, list[tuple[int, Any]]] = defaultdict(list)
    for index, representation in enumerate(representations):
        try:
            load, key = _asked(context, representation)
        except BadInput as error:
            found[index] = error
        else:
            asked[load].append((index, key))
    started = [Started(_loaded(load, context, some)) for load, some in asked.items()]
    await settle(started)
    for some, loading in zip(asked.values(), started, strict=True):
        for (index, _key), value in zip(some, loading.value, strict=True):
            found[index] = value
    return found


async def _loaded(
    load: "_Load", context: Context, asked: Sequence[tuple[int, Any]]
) -> Sequence[Any]:
    try:
        return await load(context, [key for _index, key in asked])
    except Exception as error:  # theirs alone
        return [error] * len(asked)


def _asked(context: Context, representation: object) -> "tuple[_Load, Any]":
    if not isinstance(representation, dict):
        raise BadInput("representations: expected an object with __typename and a key.")
    read = _TYPES.get(str(representation.get("__typename")))
    if read is None:
        raise BadInput(f"representations: __typename is expected to be one of {_NAMES}.")
    return read(context, representation)


def _citizen(context: Context, representation: Representation) -> "tuple[_Load, Any]":
    if "id" in representation:
        return _citizens_by_id, decode_citizen_id(_key(representation, "Citizen", "id"))
    national_id = read_national_id("nationalId", _key(representation, "Citizen", "nationalId"))
    return _citizens_by_hmac, context.keys.national_id_hmac(national_id)


async def _citizens_by_id(context: Context, ids: Sequence[UUID]) -> Sequence[Any]:
    return await readable_citizens(context, ids, Scope.CITIZEN_READ)


async def _citizens_by_hmac(context: Context, hmacs: Sequence[bytes]) -> Sequence[Any]:
    return await citizens_of_hmacs(context, hmacs, Scope.CITIZEN_LOOKUP)


def _entitlement(_context: Context, representation: Representation) -> "tuple[_Load, Any]":
    key = decode_entitlement_id(_key(representation, "Entitlement", "id"))
    return _entitlements, key


async def _entitlements(context: Context, keys: Sequence[EntitlementKey]) -> Sequence[Any]:
    load = partial(entitlements_by_key, context)
    return await _permitted(context, keys, Scope.ENTITLEMENT_READ, load)


def _payment(_context: Context, representation: Representation) -> "tuple[_Load, Any]":
    return _payments, decode_payment_id(_key(representation, "Payment", "id"))


async def _payments(context: Context, keys: Sequence[PaymentKey]) -> Sequence[Any]:
    load = context.loaders.payment_by_key.load_each
    return await _permitted(context, keys, Scope.PAYMENT_READ, load)


async def _permitted(
    context: Context,
    keys: Sequence[Any],
    scope: Scope,
    load: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]],
) -> Sequence[Any]:
    """What these keys give where it may be read, and a note of whose that was."""
    found: list[Any] = list(await may_read(context, [key.citizen_id for key in keys], scope))
    allowed = [index for index, may in enumerate(found) if may is True]
    values = await load([keys[index] for index in allowed])
    given = [
        keys[index].citizen_id
        for index, value in zip(allowed, values, strict=True)
        if value is not None and not isinstance(value, Exception)
    ]
    if given:
        context.note_reads(given, CATEGORIES[scope])
    by_index = dict(zip(allowed, values, strict=True))
    return [by_index.get(index, None if may is False else may) for index, may in enumerate(found)]


def _local_authority(_context: Context, representation: Representation) -> "tuple[_Load, Any]":
    return _local_authorities, _key(representation, "LocalAuthority", "code")


async def _local_authorities(context: Context, codes: Sequence[str]) -> Sequence[Any]:
    """Some may have to be awaited yet."""
    return [local_authority(context, code) for code in codes]


def _key(representation: Representation, typename: str, name: str) -> str:
    value = representation.get(name)
    if not isinstance(value, str):
        raise BadInput(f"representations: a {typename} is expected to have its {name} as text.")
    return value


_Load = Callable[[Context, Sequence[Any]], Awaitable[Sequence[Any]]]
_TYPES: dict[str, Callable[[Context, Representation], tuple[_Load, Any]]] = {
    "Citizen": _citizen,
    "Entitlement": _entitlement,
    "LocalAuthority": _local_authority,
    "Payment": _payment,
}
_NAMES = ", ".join(_TYPES)
