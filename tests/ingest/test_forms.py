"""Gzip, zstd, Parquet and XLSX: the same rows give the same tables as in CSV."""

import gzip
import io
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from openpyxl import Workbook

from app.errors import BadInput
from app.ingest.importer import ImportKind
from app.ingest.rejects_file import rejects_path
from app.ingest.source import examine, open_rows
from app.ingest.sources.rows import LONGEST_ROW, MOST_FIELDS
from tests.ingest.forms import (
    FORMS,
    csv_bytes,
    parquet_bytes,
    table_of,
    typed_parquet,
    workbook_bytes,
)
from tests.ingest.office import Office, authority, disbursement, national_id, rejects

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROWS = [
    disbursement(1),
    disbursement(2, amount="", account_name="มาลี  ใจดี"),
    disbursement(3, bank_code="6", channel="BANK_TRANSFER", account_name='a, "b"\nc'),
    disbursement(4, paid_on="10/11/2569"),
    disbursement(9),
]
TABLE = table_of(ROWS)


def read(path: Path, content: bytes) -> list[tuple[int, list[str]]]:
    path.write_bytes(content)
    with open_rows(examine(path)) as rows:
        return list(rows)


async def test_every_form_gives_the_same_tables_and_rejects(office: Office) -> None:
    await office.open(4)
    seen = []
    for form, written in FORMS.items():
        transaction = office.connection.transaction()
        await transaction.start()
        report = await office.load(ImportKind.DISBURSEMENTS, written(TABLE), f"payments.{form}")
        assert report.rejects_file == office.directory / "payments.rejects.csv"
        assert (report.rows, report.accepted, report.rejected, report.waiting) == (5, 3, 1, 1)
        seen.append((await _facts(office), rejects(report)))
        await transaction.rollback()
    facts, (rejected,) = seen[0]
    assert [len(found) for found in facts] == [3, 1, 3]
    assert (rejected["line"], rejected["account_name"]) == ("3", "มาลี  ใจดี")
    assert all(one == seen[0] for one in seen)


async def _facts(office: Office) -> list[list[Any]]:
    """What the rows became, but for the numbers that each import draws anew."""
    queries = (
        "select to_jsonb(p) - 'batch_id' - 'bank_account_id' from payment p order by citizen_id",
        "select national_id_hmac, sequence from waiting_disbursement",
        "select citizen_id, bank_code, number_hmac, name from bank_account order by citizen_id",
    )
    return [list(map(tuple, await office.connection.fetch(query))) for query in queries]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_texts_and_lines(tmp_path: Path, form: str) -> None:
    assert read(tmp_path / "any name", FORMS[form](TABLE)) == [
        (line, texts) for line, texts in zip([1, 2, 3, *_after(form)], TABLE, strict=True)
    ]


def _after(form: str) -> list[int]:
    """A text of two lines stands in the third row, and only CSV counts lines of text."""
    return [4, 6, 7] if form.startswith("csv") else [4, 5, 6]


@pytest.mark.parametrize("form", FORMS)
def test_blank_rows_are_left_out_and_counted(tmp_path: Path, form: str) -> None:
    table = [["a", "b"], ["1", ""], ["", ""], ["", "2"]]
    rows = [(1, ["a", "b"]), (2, ["1", ""]), (4, ["", "2"])]
    assert read(tmp_path / "x", FORMS[form](table)) == rows


def test_typed_parquet_columns_read_as_csv_would_have_them(tmp_path: Path) -> None:
    evening = datetime(1957, 5, 19, 17, 30, tzinfo=UTC)
    columns = {
        "integer": pa.array([9000000000017, None]),
        "float": pa.array([9000000000017.0, float("nan")]),
        "float32": pa.array([9000000000017.0, 600.25], pa.float32()),
        "baht": pa.array([600.0, 1250.3999999999999]),
        "decimal": pa.array([Decimal("600.0000"), Decimal("-0.5000")], pa.decimal128(18, 4)),
        "date": pa.array([date(1957, 5, 20), None]),
        "timestamp": pa.array([datetime(1957, 5, 20, 23, 59), None], pa.timestamp("ns")),
        "utc": pa.array([evening, None], pa.timestamp("ms", "UTC")),
        "truth": pa.array([True, False]),
        "repeated": pa.array(["ก", None]).dictionary_encode(),
        "bytes": pa.array(["ก".encode(), None], pa.binary()),
        "nothing": pa.nulls(2),
    }
    first = ["9000000000017", "9000000000017", "9e+12", "600", "600", "1957-05-20", "1957-05-20"]
    second = ["", "", "600.25", "1250.4", "-0.5", "", ""]
    assert read(tmp_path / "x", typed_parquet(columns)) == [
        (1, list(columns)),
        (2, [*first, "1957-05-20", "TRUE", "ก", "ก", ""]),
        (3, [*second, "", "FALSE", "", "", ""]),
    ]


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_parquet_of_many_batches_and_row_groups(tmp_path: Path, encoding: str) -> None:
    table = [["a", "b"], *([f"{n}", f"{n % 3}"] for n in range(9_000))]
    options: dict[str, Any] = {"row_group_size": 4_000}
    if encoding != "PLAIN":
        options |= {"use_dictionary": ["b"], "column_encoding": {"a": encoding}}
    rows = read(tmp_path / "x", parquet_bytes(table, **options))
    assert rows == list(enumerate(table, 1))


def test_cells_read_as_csv_would_have_them(tmp_path: Path) -> None:
    cells = [
        [*("text", "00012", 9000000000017, 9000000000017.0, 9.2e16, 600.5, 1250.3999999999999)],
        [date(2026, 11, 10), datetime(2026, 11, 10, 14, 30), True, "=1+1", None, "#N/A", "x"],
    ]
    header = [f"c{n}" for n in range(7)]
    assert read(tmp_path / "x", workbook_bytes([header, *cells])) == [
        (1, header),
        (2, ["text", "00012", "9000000000017", "9000000000017", "9.2e+16", "600.5", "1250.4"]),
        (3, ["2026-11-10", "2026-11-10", "TRUE", "", "", "#N/A", "x"]),
    ]


def test_ragged_rows_of_a_sheet(tmp_path: Path) -> None:
    rows = read(tmp_path / "x", workbook_bytes([["a", "b", ""], ["1"], ["1", "2", "3"]]))
    assert rows == [(1, ["a", "b"]), (2, ["1", ""]), (3, ["1", "2", "3"])]


def test_the_only_visible_sheet_with_rows_is_read(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.worksheets[0].title = "empty"
    workbook.create_sheet("rows").append(["a"])
    hidden = workbook.create_sheet("hidden")
    hidden.append(["b"])
    hidden.sheet_state = "hidden"
    target = io.BytesIO()
    workbook.save(target)
    assert read(tmp_path / "x", target.getvalue()) == [(1, ["a"])]


def zipped(parts: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target.getvalue()


def sheet_with(old: str, new: str) -> bytes:
    """A workbook of one sheet, its XML changed."""
    with zipfile.ZipFile(io.BytesIO(workbook_bytes([["a"], ["1"], ["2"]]))) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    return zipped({**parts, sheet: parts[sheet].replace(old, new)})


def zstd_frame(window_log: int) -> bytes:
    """A frame of one raw block that asks for a window of so many bits."""
    text = b"a\n1\n"
    window, block = (window_log - 10) << 3, (len(text) << 3) | 1
    return b"\x28\xb5\x2f\xfd\x00" + bytes([window]) + block.to_bytes(3, "little") + text


def test_a_zstd_window_of_128_mib(tmp_path: Path) -> None:
    assert read(tmp_path / "x", zstd_frame(27)) == [(1, ["a"]), (2, ["1"])]


NESTED = pa.array([[1, 2]])
LONG = "x" * (LONGEST_ROW + 1)
WIDE = ["x"] * (MOST_FIELDS + 1)
LONG_PLAIN = csv_bytes([["a"], ["1"], [LONG]])
REFUSED: list[tuple[str, bytes, str]] = [
    ("truncated zstd", zstd.compress(csv_bytes(TABLE))[:-9], "gzip or zstd file is damaged"),
    ("zstd window", zstd_frame(28), "gzip or zstd file"),
    ("garbled zstd", FORMS["csv.zst"](TABLE)[:40] + b"garbage", "gzip or zstd file is damaged"),
    ("garbled gzip", FORMS["csv.gz"](TABLE)[:40] + b"garbage", "gzip or zstd file is damaged"),
    ("workbook in gzip", gzip.compress(workbook_bytes(TABLE)), "not a CSV file"),
    ("truncated parquet", parquet_bytes(TABLE)[:-9], "Parquet file is damaged"),
    ("garbled parquet", b"PAR1" + bytes(40) + parquet_bytes(TABLE)[44:], "Parquet file is damaged"),
    ("nested parquet", typed_parquet({"9000000000017": NESTED}), "Column 1 holds no texts"),
    ("wide parquet", parquet_bytes([[f"{n}" for n in range(600)], WIDE[:1] * 600]), "500 columns"),
    ("encrypted parquet", b"PARE" + bytes(40), "without encryption"),
    (
        "parquet in Windows-874",
        typed_parquet({"a": pa.array(["ก".encode("cp874")], pa.binary())}),
        "damaged",
    ),
    ("old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old .xls"),
    ("other archive", zipped({"a.txt": "a"}), "no XLSX workbook"),
    ("no workbook inside", zipped({"xl/workbook.xml": "a"}), "workbook is damaged"),
    ("truncated workbook", workbook_bytes(TABLE)[:-30], "workbook is damaged"),
    ("two sheets", workbook_bytes([["a"]], [["b"]]), "Several sheets"),
    ("rows out of order", sheet_with('r="3"', 'r="2"'), "out of order"),
    ("row beyond the sheet", sheet_with('row r="3"', 'row r="1048577"'), "out of order"),
    ("zip bomb", sheet_with("<sheetData>", " " * 2_000_000 + "<sheetData>"), "unpacks to too much"),
    ("entities", sheet_with("<worksheet", "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet"), "damaged"),
    ("long row", LONG_PLAIN, "row on line 3 has more than"),
    ("long row in gzip", gzip.compress(LONG_PLAIN), "row on line 3 has more than"),
    ("open quote", b'a\n1\n"' + b"x\n" * LONGEST_ROW * 2, "row that starts on line 3"),
    ("no line ends", b"x," * LONGEST_ROW, "row on line 1 has more than"),
    ("long row of parquet", parquet_bytes([["a"], [LONG]]), "row on line 2"),
    (
        "long text stored once",
        parquet_bytes([["a"], ["x" * 50_000]]),
        "A text of the file",
    ),
    ("long row of a sheet", workbook_bytes([["a"], [LONG]]), "row on line 2"),
    ("wide row", csv_bytes([["a"], WIDE]), "row on line 2"),
    ("wide sheet", workbook_bytes([["a"], WIDE]), "500 columns"),
]


@pytest.mark.parametrize(
    ("content", "sentence"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_whole_files_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refusal:
        read(tmp_path / "x", content)
    assert not any(text in refusal.value.message for text in ("9000000000017", "xxx"))


async def test_codes_and_numbers_of_typed_columns(office: Office) -> None:
    await office.open(1)
    row: dict[str, Any] = disbursement(1) | {
        "national_id": int(national_id(1)),
        "local_authority_code": 5810109,
        "amount": 600,
        "paid_on": date(2026, 11, 10),
        "bank_code": 6,
    }
    sheet = await office.load(
        ImportKind.DISBURSEMENTS, workbook_bytes([list(row), list(row.values())]), "a.xlsx"
    )
    assert (sheet.accepted, sheet.amount_satang) == (1, 60_000)
    columns = {name: pa.array([value]) for name, value in row.items()}
    again = await office.load(ImportKind.DISBURSEMENTS, typed_parquet(columns), "a.parquet")
    assert (again.unchanged, again.amount_satang) == (1, 60_000)


async def test_a_refusal_in_the_middle_changes_nothing(office: Office) -> None:
    rows = [authority(code=f"{number:08}") for number in range(12_000)]
    before = await office.tables()
    with pytest.raises(BadInput, match="row on line 12002"):
        await office.load(
            ImportKind.AUTHORITIES, parquet_bytes(table_of([*rows, authority(kind=LONG)]))
        )
    assert await office.tables() == before


@pytest.mark.parametrize(
    "name",
    ["citizens", *(f"citizens.{form}" for form in FORMS), "citizens.gz", "citizens.rejects.csv"],
)
def test_where_rejects_go(name: str) -> None:
    expected = "citizens.rejects.rejects.csv" if "rejects" in name else "citizens.rejects.csv"
    assert rejects_path(Path("in") / name) == Path("in") / expected
