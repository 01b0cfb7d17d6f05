"""The national ID of a row, alike in every file about a citizen."""

from app.ingest import fields
from app.ingest.layout import Column, Own
from app.ingest.layouts.digests import digests
from app.privacy import PrivacyKeys

NATIONAL_ID = Column(
    "national_id",
    fields.read_national_id,
    required=True,
    seldom_repeats=True,
    convert_all=fields.read_national_ids,
)


def national_id_place(keys: PrivacyKeys, place: int) -> Own:
    """The look-up key of the national ID, at `place` of a record."""
    return Own(place, NATIONAL_ID.name, lambda ids, _: digests(keys.national_id_hmacs, ids))
