"""Bytes to rows: encodings, compression, quotes, headers, and files that are none of ours."""

import gzip

import pytest

from app.errors import BadInput
from app.ingest.importer import ImportKind, import_file
from tests.ingest.office import (
    AUTHORITY,
    NOW,
    Office,
    authority,
    citizen,
    csv_text,
    reasons,
    rejects,
)

PLAIN = csv_text([authority()])


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("cp874"),
        gzip.compress(PLAIN.encode("cp874"), mtime=0),
        gzip.compress(PLAIN.encode("utf-8-sig"), mtime=0),
        PLAIN.replace("\r\n", "\n").encode(),
        PLAIN.replace("\r\n", "\r").encode(),
        (PLAIN + "\r\n,,,\r\n\r\n").encode(),
    ],
    ids=["utf-8", "bom", "874", "gzip 874", "gzip bom", "lf", "cr", "blank rows"],
)
async def test_encodings_line_ends_and_gzip(office: Office, content: bytes) -> None:
    report = await office.load(ImportKind.AUTHORITIES, content)
    assert (report.rows, report.accepted) == (1, 1)
    assert await office.value("select name_th from local_authority") == "เทศบาลตำบลทดสอบ"


async def test_header_in_any_order_case_and_with_columns_unknown(office: Office) -> None:
    text = f" Province ,NAME_TH,x,Kind,code\nกระบี่,ก,y,ข,{AUTHORITY}\n"
    report = await office.load(ImportKind.AUTHORITIES, text)
    assert (report.accepted, report.unknown_columns) == (1, ["x"])


async def test_lines_are_true_after_fields_of_several_lines(office: Office) -> None:
    await office.authorities(authority())
    rows = [citizen(1, given_name="มา\nลี\n"), citizen(2, given_name=""), citizen(3)]
    report = await office.citizens(*rows, citizen(4, birth_date="x"))
    assert reasons(report) == [
        (5, "given_name", "MISSING_VALUE"),
        (7, "birth_date", "DATE_INVALID"),
    ]
    assert await office.value("select count(*) from citizen where given_name = 'มา ลี'") == 1


async def test_rejects_stand_beside_the_file_and_go_when_none_is_left(office: Office) -> None:
    await office.authorities(authority())
    report = await office.citizens(citizen(1), citizen(2, birth_date="x"))
    assert report.rejects_file == office.directory / "citizens.rejects.csv"
    (row,) = rejects(report)
    assert row["given_name"] == "มาลี"
    assert list(row)[-4:] == ["line", "field", "code", "reason"]
    assert report.rejects_file.stat().st_mode & 0o077 == 0
    corrected = report.rejects_file.read_text(encoding="utf-8").replace(",x,", ",1957-01-01,")
    again = await office.load(ImportKind.CITIZENS, corrected, "corrected.csv")
    assert (again.accepted, again.unknown_columns) == (1, ["line", "field", "code", "reason"])
    report = await office.citizens(citizen(1))
    assert report.rejects_file is None
    assert not (office.directory / "citizens.rejects.csv").exists()
    assert not list(office.directory.glob(".*"))


REFUSED: list[tuple[str, bytes, str]] = [
    ("empty", b"", "empty"),
    ("blank lines", b"\n\n", "empty"),
    ("no rows", PLAIN.split("\n")[0].encode(), "no rows"),
    ("missing", b"name_th,kind\na,b\n", "missing: code, province"),
    ("semicolons", PLAIN.replace(",", ";").encode(), "separated by commas"),
    ("doubled", b"code,code,name_th,kind,province\n1,1,a,b,c\n", "twice: code"),
    ("doubled unknown", b"x,x,code,name_th,kind,province\n1,1,1,a,b,c\n", "twice"),
    ("workbook", b"PK\x03\x04rest", "workbook is damaged"),
    ("parquet", b"PAR1rest", "Parquet file is damaged"),
    ("zstd", b"\x28\xb5\x2f\xfdrest", "zstd file is damaged"),
    ("NUL", PLAIN.encode("utf-16-le"), "NUL"),
    ("no encoding", PLAIN.encode("cp874") + b"\xff\xdb", "neither UTF-8 nor Windows-874"),
    ("open quote", (PLAIN + '"05810110,a,b,c\n').encode(), "line 3"),
    ("text after a quote", (PLAIN + '05810110,"a"x,b,c\n').encode(), "line 3"),
    ("broken gzip", gzip.compress(PLAIN.encode())[:-9], "gzip"),
]


@pytest.mark.parametrize(
    ("content", "sentence"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
async def test_whole_files_refused(office: Office, content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refusal:
        await office.load(ImportKind.AUTHORITIES, content)
    assert refusal.value.message.startswith("authorities.csv: ")
    assert await office.value("select count(*) from import_file where state <> 'REFUSED'") == 0
    assert await office.value("select count(*) from local_authority") == 0


async def test_no_such_file(office: Office) -> None:
    path = office.directory / "gone.csv"
    with pytest.raises(BadInput, match=r"gone\.csv: There is no such file"):
        await import_file(
            office.connection, ImportKind.AUTHORITIES, path, keys=office.keys, now=NOW
        )


async def test_progress_ends_at_the_size(office: Office) -> None:
    heard: list[tuple[int, int]] = []
    rows = [authority(code=f"{number:08}") for number in range(25_000)]
    await office.load(
        ImportKind.AUTHORITIES, rows, progress=lambda done, total: heard.append((done, total))
    )
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert len(heard) == 3
    assert heard[-1][0] == heard[-1][1] == len(csv_text(rows).encode())
