"""Citizen: the person, and the way to everything else."""

from datetime import date
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from app.ids import encode_citizen_id
from app.policies import Scope
from app.rules.age import displayed_age
from app.rules.national_id import NationalId, mask_national_id
from app.rules.vocabulary import DatePrecision, Scheme
from loaders.asked import Perhaps
from loaders.citizens import CitizenRow
from loaders.reference import LocalAuthorityRow
from resolvers.access_record import (
    DEFAULT_PAGE_SIZE,
    AccessRecordConnection,
    AccessRecordConnectionRow,
    access_history,
)
from resolvers.context import Info
from resolvers.entitlement import Entitlement
from resolvers.entitlement_view import EntitlementView, entitlements
from resolvers.fields import at_most, page_of, plain_scoped, resolved
from resolvers.local_authority import LocalAuthority, local_authority
from resolvers.notification import DEFAULT_PAGE_SIZE as NOTIFICATIONS
from resolvers.notification import (
    NotificationConnection,
    NotificationConnectionRow,
    notifications,
)

_READ = Scope.CITIZEN_READ


@strawberry.federation.type(
    keys=["id", "nationalId"],
    description="A person in the register (ประชาชน).",
)
class Citizen:
    title: str | None = plain_scoped(_READ, "The title (คำนำหน้าชื่อ).")
    given_name: str = plain_scoped(_READ, "The given name (ชื่อ).")
    family_name: str = plain_scoped(_READ, "The family name (นามสกุล).")
    birth_date: date | None = plain_scoped(
        _READ, "The birth date, Gregorian; the deemed one where the day or month is unknown."
    )
    birth_date_precision: DatePrecision = plain_scoped(_READ, "What is known of the birth date.")

    @resolved("Opaque and stable; can not be derived from the national ID.")
    def id(root: strawberry.Parent[CitizenRow]) -> strawberry.ID:
        return strawberry.ID(encode_citizen_id(root.citizen_id))

    @resolved(
        "The national ID, for the gateway's joins only: no client ever sees it.",
        scope=Scope.CITIZEN_LOOKUP,
        inaccessible=True,
    )
    def national_id(root: strawberry.Parent[CitizenRow], info: Info) -> NationalId:
        keys = info.context.keys
        return NationalId(keys.decrypt_national_id(root.national_id_encrypted, root.citizen_id))

    @resolved("The national ID as it may be shown: `x-xxxx-xxxxx-12-3`.", scope=_READ)
    def masked_national_id(root: strawberry.Parent[CitizenRow]) -> str:
        return mask_national_id(root.national_id_tail)

    @resolved("Completed years, from the birthday on.", scope=_READ)
    def age(root: strawberry.Parent[CitizenRow], info: Info) -> int:
        return displayed_age(root.birth_date, info.context.today)

    @resolved("The local authority of domicile (ตามทะเบียนบ้าน).", gives=LocalAuthority, scope=_READ)
    def local_authority(
        root: strawberry.Parent[CitizenRow], info: Info
    ) -> Perhaps[LocalAuthorityRow]:
        return local_authority(info.context, root.local_authority_code)

    @resolved(
        "One entitlement per scheme, registered or not.",
        gives=list[Entitlement],
        cost=at_most(len(Scheme)),
        scope=Scope.ENTITLEMENT_READ,
    )
    def entitlements(
        root: strawberry.Parent[CitizenRow], info: Info, scheme: Scheme | None = None
    ) -> list[EntitlementView]:
        return entitlements(info.context, root, scheme)

    @resolved(
        "What the citizen was told, newest first. For the citizen alone.",
        gives=NotificationConnection,
        own=True,
        cost=page_of("first"),
    )
    async def notifications(
        root: strawberry.Parent[CitizenRow],
        info: Info,
        first: int | None = NOTIFICATIONS,
        after: str | None = None,
        unread_only: bool | None = False,
    ) -> NotificationConnectionRow:
        return await notifications(
            info.context, root.citizen_id, first, after, unread_only=bool(unread_only)
        )

    @resolved(
        "Who read these data, when and what for, newest first. For the citizen alone; their own "
        "reading leaves no record.",
        gives=AccessRecordConnection,
        own=True,
        cost=page_of("first"),
    )
    async def access_history(
        root: strawberry.Parent[CitizenRow],
        info: Info,
        first: int | None = DEFAULT_PAGE_SIZE,
        after: str | None = None,
    ) -> AccessRecordConnectionRow:
        return await access_history(info.context, root.citizen_id, first, after)

    @classmethod
    def is_type_of(cls, value: object, _info: GraphQLResolveInfo[Any]) -> bool:
        return isinstance(value, CitizenRow)
