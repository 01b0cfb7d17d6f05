"""`_entities`: from a gateway's representations to our objects, each with its own error."""

from collections.abc import Callable, Mapping
from typing import Any

from app.accountability import Category
from app.errors import BadInput
from app.ids import decode_citizen_id, decode_entitlement_id, decode_payment_id
from app.policies import Scope
from resolvers.access import citizen_of_hmac, may_read, readable_citizen
from resolvers.context import Context
from resolvers.entitlement_view import entitlement
from resolvers.local_authority import local_authority
from resolvers.query import read_national_id

Representation = Mapping[str, Any]


def entity(context: Context, representation: object) -> Any:
    """The object of one representation, or an awaitable of it; None where unknown or forbidden.

    Gives a `BadInput` where it is no object, of an unknown type or without a key: an error at its
    own position, while the others answer. Fields beyond the key are left unread.
    """
    try:
        if not isinstance(representation, Mapping):
            raise BadInput("representations: expected an object with __typename and a key.")
        resolve = _TYPES.get(str(representation.get("__typename")))
        if resolve is None:
            raise BadInput(f"representations: __typename is expected to be one of {_NAMES}.")
        return resolve(context, representation)
    except BadInput as error:
        return error


def _citizen(context: Context, representation: Representation) -> Any:
    if "id" in representation:
        citizen_id = decode_citizen_id(_key(representation, "Citizen", "id"))
        return readable_citizen(context, citizen_id, Scope.CITIZEN_READ)
    national_id = read_national_id("nationalId", _key(representation, "Citizen", "nationalId"))
    hmac = context.keys.national_id_hmac(national_id)
    return citizen_of_hmac(context, hmac, Scope.CITIZEN_LOOKUP)


async def _entitlement(context: Context, representation: Representation) -> Any:
    key = decode_entitlement_id(_key(representation, "Entitlement", "id"))
    if not await may_read(context, key.citizen_id, Scope.ENTITLEMENT_READ):
        return None
    found = await entitlement(context, key)
    if found is not None:
        context.note_reads([key.citizen_id], Category.ENTITLEMENT)
    return found


async def _payment(context: Context, representation: Representation) -> Any:
    key = decode_payment_id(_key(representation, "Payment", "id"))
    if not await may_read(context, key.citizen_id, Scope.PAYMENT_READ):
        return None
    found = await context.loaders.payment_by_key.load(key)
    if found is not None:
        context.note_reads([key.citizen_id], Category.PAYMENT)
    return found


def _local_authority(context: Context, representation: Representation) -> Any:
    return local_authority(context, _key(representation, "LocalAuthority", "code"))


def _key(representation: Representation, typename: str, name: str) -> str:
    value = representation.get(name)
    if not isinstance(value, str):
        raise BadInput(f"representations: a {typename} is expected to have its {name} as text.")
    return value


_TYPES: dict[str, Callable[[Context, Representation], Any]] = {
    "Citizen": _citizen,
    "Entitlement": _entitlement,
    "LocalAuthority": _local_authority,
    "Payment": _payment,
}
_NAMES = ", ".join(_TYPES)
