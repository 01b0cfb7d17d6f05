"""LocalAuthority: who pays, and whom to call."""

from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from app.rules.vocabulary import Language
from loaders.asked import Perhaps
from loaders.reference import LocalAuthorityRow
from resolvers.context import Context
from resolvers.fields import plain, resolved


@strawberry.federation.type(
    keys=["code"],
    description="A local authority (องค์กรปกครองส่วนท้องถิ่น, อปท.) that registers and pays.",
)
class LocalAuthority:
    code: strawberry.ID = plain("Eight digits, always text: a leading zero counts.")
    kind: str = plain("Its kind in Thai, such as เทศบาลตำบล.")
    province: str = plain("Its province, in Thai.")
    phone: str | None = plain("Where to call.")

    @resolved("Its name; in Thai where no English one is known.")
    def name(
        root: strawberry.Parent[LocalAuthorityRow], language: Language | None = Language.TH
    ) -> str:
        return root.name(language or Language.TH)

    @classmethod
    def is_type_of(cls, value: object, _info: GraphQLResolveInfo[Any]) -> bool:
        return isinstance(value, LocalAuthorityRow)


def local_authority(context: Context, code: str | None) -> Perhaps[LocalAuthorityRow]:
    """The authority of a code; None where there is none such."""
    return None if code is None else context.loaders.local_authority(code)
