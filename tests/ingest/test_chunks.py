"""Rows converted many at a time give exactly what they give one by one, whatever they hold."""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest.arrow import Array
from app.ingest.context import Context
from app.ingest.converter import Chunk, RowConverter
from app.ingest.copy_binary import copy_field
from app.ingest.fields import (
    read_account_number,
    read_account_numbers,
    read_national_id,
    read_national_ids,
)
from app.ingest.importer import ImportKind
from app.ingest.kinds import KINDS
from app.ingest.layout import Record, read_header
from app.ingest.refusals import Refusal, RefusedError
from app.ingest.source import examine, open_blocks, rows_of
from app.ingest.sources.rows import Row
from app.privacy import PrivacyKeys
from app.rules.national_id import check_digit
from tests.ingest.office import (
    AUTHORITY,
    NOW,
    OTHER_AUTHORITY,
    authority,
    citizen,
    disbursement,
    national_id,
    registration,
)

# Records are at rest under such digests: what they are made of must never change.
NATIONAL_ID_DIGEST = "e95b09c5cf86c5bd6030a43e6aeaad20647b576f537473ce57076b5f6a9bf731"
ACCOUNT_DIGEST = "c65d6c1aadec544dc11f09663d861ee27ca99d9b8d8eec996dc2994bed2a09a7"
KEYS = PrivacyKeys(b"\1" * 32, b"\2" * 32, b"\3" * 32)
CONTEXT = Context(
    keys=KEYS,
    now=NOW,
    today=NOW.date(),
    authorities=frozenset({AUTHORITY, OTHER_AUTHORITY}),
    import_file_id=1,
    newest=1,
)
ROWS = {
    ImportKind.AUTHORITIES: authority(name_en="", phone=""),
    ImportKind.CITIZENS: citizen(nationality="", died_on="", phone=""),
    ImportKind.REGISTRATIONS: registration(),
    ImportKind.DISBURSEMENTS: disbursement(),
}

NUMBERS = st.one_of(
    st.integers(0, 30).map(national_id),
    st.sampled_from(
        ["9-0000-00000-01-3", "9000000000013", "9.00000E+12", "๙000000000012", "900000000001"]
    ),
)
TEXTS: dict[str, st.SearchStrategy[str]] = {
    "national_id": NUMBERS,
    "local_authority_code": st.sampled_from([AUTHORITY, OTHER_AUTHORITY, "5810109", "99999999"]),
    "code": st.sampled_from([AUTHORITY, OTHER_AUTHORITY, "5810109"]),
    "scheme": st.sampled_from(["OLD_AGE_ALLOWANCE", "disability_allowance", "x"]),
    "period": st.sampled_from(["2026-11", "2026-10", "2569-11", "1999-01"]),
    "repays_period": st.sampled_from(["", "", "2026-09", "2026-12", "x"]),
    "amount": st.sampled_from(["600", "1,000.00", "-600", "x", "9999999"]),
    "status": st.sampled_from(["PAID", "FAILED", "ACTIVE", "x", "SCHEDULED"]),
    "kind": st.sampled_from(["REGULAR", "BACKPAY", "ADJUSTMENT", "SUPPLEMENT", ""]),
    "channel": st.sampled_from(["", "CASH", "BANK_TRANSFER"]),
    "bank_code": st.sampled_from(["006", "6", "034", ""]),
    "account_number": st.sampled_from(["9860000014", "986-0-00002-2", "", "12", "9.8E+12", "\n"]),
    "account_name": st.sampled_from(["", "มาลี ใจดี", "สมชาย", "9860000014"]),
    "holder": st.sampled_from(["", "SELF", "PROXY"]),
    "failure_text": st.sampled_from(["", "บัญชีปิด", "9860000014"]),
    "failure_code": st.sampled_from(["", "ACCOUNT_CLOSED", "E17"]),
    "disability_types": st.sampled_from(["", "1", "VISION; 3", "9"]),
}
PLAIN = re.compile(r'[,"\r\n\0\ud800-\udfff]')
DATES = st.sampled_from(["", "2026-11-10", "10/11/2569", "2020-02-30", "1957-05-20", "2569-01-01"])
BLANKS = st.sampled_from(["", "", "", " ", "\t", "\u00a0", "\n"])


def field(name: str) -> st.SearchStrategy[str]:
    """A text for a column: of its kind mostly, or anything; maybe padded."""
    kind = DATES if name.endswith(("_on", "_date")) else TEXTS.get(name, st.text(max_size=6))
    return st.one_of(kind, kind, kind, st.builds("{}{}{}".format, BLANKS, st.text() | kind, BLANKS))


def rows(kind: ImportKind) -> st.SearchStrategy[list[Row]]:
    """Rows that differ from a good one in a few columns, so many are good; some of any width."""
    good = ROWS[kind]
    changes = st.lists(
        st.sampled_from(list(good)).flatmap(lambda name: st.tuples(st.just(name), field(name))),
        max_size=4,
    )
    whole = changes.map(lambda changed: list((good | dict(changed)).values()))
    odd = st.lists(st.text(max_size=3), max_size=18)
    several = st.lists(st.one_of(whole, whole, whole, whole, odd), max_size=8)
    return several.map(lambda fields: list(enumerate(fields, 2)))


def one_by_one(converter: RowConverter, rows: list[Row]) -> tuple[list[Record], list[Refusal]]:
    records: list[Record] = []
    refusals: list[Refusal] = []
    for line, fields in rows:
        try:
            records.append(converter.record(line, fields))
        except RefusedError as refused:
            refusals.append(converter.refusal(line, fields, refused))
    return records, refusals


def copied(kind: ImportKind, records: Sequence[Record]) -> list[bytes]:
    """The records as rows for COPY, one by one, in any order."""
    places = KINDS[kind].layout(CONTEXT).copy_places(len(records[0]) if records else 0)
    rows = (b"".join(copy_field(record[place]) for place in places) for record in records)
    return sorted(struct.pack(">h", len(places)) + row for row in rows)


def rows_in(data: bytes) -> Iterator[bytes]:
    """The rows that COPY would read."""
    start, end = 19, len(data) - 2
    while start < end:
        fields, at = struct.unpack_from(">h", data, start)[0], start + 2
        for _ in range(fields):
            at += 4 + max(struct.unpack_from(">i", data, at)[0], 0)
        yield data[start:at]
        start = at


def agrees(kind: ImportKind, chunk: Chunk, expected: tuple[list[Record], list[Refusal]]) -> bool:
    """Whether a chunk takes the rows expected, and refuses the others in their order."""
    if not KINDS[kind].layout(CONTEXT).own:
        assert not chunk.data
        taken = sorted(chunk.records, key=itemgetter(0)) == expected[0]
    else:
        rows = sorted([*rows_in(chunk.data), *copied(kind, chunk.records)])
        taken = rows == copied(kind, expected[0])
    return (
        taken
        and chunk.rows == len(expected[0]) + len(expected[1])
        and chunk.refusals == expected[1]
    )


def converter(kind: ImportKind, names: list[str]) -> RowConverter:
    layout = KINDS[kind].layout(CONTEXT)
    return RowConverter(layout, read_header(layout, names))


@pytest.mark.parametrize("kind", ROWS)
def test_many_at_a_time_as_one_by_one(kind: ImportKind) -> None:
    names = list(ROWS[kind])
    reference, warm = converter(kind, names), converter(kind, names)

    @settings(max_examples=150, deadline=None)
    @given(rows(kind))
    def check(rows: list[Row]) -> None:
        expected = one_by_one(reference, [row for row in rows if any(row[1])])
        assert agrees(kind, warm.chunk(rows), expected)
        assert agrees(kind, converter(kind, names).chunk(iter(rows)), expected)

    check()


@pytest.mark.parametrize("kind", ROWS)
def test_a_block_of_plain_text_as_one_by_one(kind: ImportKind, tmp_path: Path) -> None:
    path, names = tmp_path / "plain.csv", list(ROWS[kind])
    reference, warm = converter(kind, names), converter(kind, names)

    @settings(max_examples=150, deadline=None)
    @given(rows(kind), st.sampled_from(["\n", "\r\n"]))
    def check(rows: list[Row], end: str) -> None:
        plain = [[PLAIN.sub("", text) for text in fields] for _, fields in rows]
        written = [",".join(fields) for fields in [names, *plain]]
        path.write_bytes(end.join(written).encode())
        with open_blocks(examine(path)) as blocks:
            (block,) = blocks
        expected = one_by_one(reference, list(rows_of(block)))
        whole = all(text.count(",") == len(names) - 1 for text in written)
        assert block.table(len(names)) is not None or not whole
        assert agrees(kind, warm.block(block), expected)

    check()


@pytest.mark.parametrize("kind", ROWS)
def test_one_row_refused_among_thousands(kind: ImportKind) -> None:
    names = list(ROWS[kind])
    fields = list(ROWS[kind].values())
    rows = [(line, list(fields)) for line in range(2, 2_502)]
    rows[1_537] = (1_539, ["x"] * len(fields))  # within a slice of those read one by one
    chunk = converter(kind, names).chunk(rows)
    assert [refusal.line for refusal in chunk.refusals] == [1_539]
    assert not chunk.data or not chunk.records
    assert agrees(kind, chunk, one_by_one(converter(kind, names), rows))


@pytest.mark.parametrize("kind", [ImportKind.REGISTRATIONS, ImportKind.DISBURSEMENTS])
def test_a_name_without_an_account_is_left_out_of_every_row(kind: ImportKind) -> None:
    row = ROWS[kind] | {"bank_code": "", "account_number": "", "account_name": "มาลี"}
    rows = [(line, list(row.values())) for line in (2, 3)]
    chunk = converter(kind, list(row)).chunk(rows)
    assert chunk.rows == 2
    assert agrees(kind, chunk, one_by_one(converter(kind, list(row)), rows))
    assert "มาลี".encode() not in chunk.data


@pytest.mark.parametrize("kind", ROWS)
def test_absent_and_unknown_columns(kind: ImportKind) -> None:
    required = {column.name for column in KINDS[kind].layout(CONTEXT).columns if column.required}
    row = {"x": "1"} | {name: text for name, text in ROWS[kind].items() if name in required}
    rows = [(2, list(row.values())), (3, list(row.values())[1:])]
    expected = one_by_one(converter(kind, list(row)), rows)
    assert [len(part) for part in expected] == [1, 1]
    assert agrees(kind, converter(kind, list(row)).chunk(rows), expected)


ONE_ID = st.integers(0, 10**11 - 1).map(national_id)
MANY = [
    (read_national_ids, read_national_id, st.one_of(ONE_ID, ONE_ID, NUMBERS, st.text(max_size=14))),
    (
        read_account_numbers,
        lambda text: read_account_number(text) if text else None,
        st.one_of(st.from_regex(r"[0-9]{9,16}", fullmatch=True), TEXTS["account_number"]),
    ),
]


@pytest.mark.parametrize(("read_many", "read", "texts"), MANY, ids=["national_id", "account"])
def test_whole_columns_agree_with_the_rule(
    read_many: Callable[[Array], Array | None],
    read: Callable[[str], str | None],
    texts: st.SearchStrategy[str],
) -> None:
    @settings(deadline=None)
    @given(st.lists(texts, max_size=5))
    def check(texts: list[str]) -> None:
        values = read_many(pa.array(texts, pa.string()))
        if values is not None:
            assert values.to_pylist() == [read(text) for text in texts]

    check()
    plain = pa.array([national_id(number) for number in range(300)])
    assert read_many(plain) == plain
    assert read_many(plain.slice(7, 100)) == plain.slice(7, 100)


@pytest.mark.parametrize("place", range(13))
def test_a_wrong_digit_anywhere_in_a_column_is_seen(place: int) -> None:
    texts = [national_id(number) for number in range(300)]
    for digit in "0123456789":
        changed = texts[150][:place] + digit + texts[150][place + 1 :]
        right = check_digit(changed[:12]) == int(changed[12])
        column = [*texts[:150], changed, *texts[151:]]
        assert read_national_ids(pa.array(column)) == (pa.array(column) if right else None)


def test_digests_never_change() -> None:
    """RFC 2104 over the key's purpose and the number, worked out with openssl."""
    assert KEYS.national_id_hmac("9000000000012").hex() == NATIONAL_ID_DIGEST
    assert KEYS.national_id_hmacs(["9000000000012"] * 2) == [bytes.fromhex(NATIONAL_ID_DIGEST)] * 2
    assert KEYS.account_hmac("006", "9860000014").hex() == ACCOUNT_DIGEST
    assert KEYS.account_hmacs(["006:9860000014"]) == [bytes.fromhex(ACCOUNT_DIGEST)]
