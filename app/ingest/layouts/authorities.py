"""The reference file of local authorities."""

from app.ingest import fields
from app.ingest.layout import Column, Layout, Record

FIELDS = ("code", "name_th", "kind", "province", "name_en", "phone")


def authorities_layout() -> Layout:
    """The layout; a staged record is the line and `FIELDS`."""
    return Layout(
        columns=(
            Column("code", fields.read_new_authority_code, required=True, seldom_repeats=True),
            Column("name_th", fields.read_text, required=True),
            Column("kind", fields.read_text, required=True),
            Column("province", fields.read_text, required=True),
            Column("name_en", fields.read_text),
            Column("phone", fields.read_phone),
        ),
        record=_record,
        counted_by=("code",),
    )


def _record(line: int, *values: object) -> Record:
    return (line, *values)
