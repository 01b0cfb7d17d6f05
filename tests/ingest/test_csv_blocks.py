"""A CSV file is read in blocks; where they end makes no difference to its rows."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import BadInput
from app.ingest.source import examine, open_rows

BLOCK = 1 << 20
WIDE = "b" * 480 + ",c\n"
FIELDS = st.sampled_from(["", "a", "ก,ข", 'he said "x"', "two\nlines", "two\r\nlines", " ", "'"])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def quoted(field: str) -> str:
    doubled = field.replace('"', '""')
    return f'"{doubled}"' if set(field) & set(',"\r\n') else field


TEXTS = st.lists(
    st.builds(
        lambda fields, end: ",".join(map(quoted, fields)) + end,
        st.lists(FIELDS, min_size=1, max_size=3),
        ENDS,
    ),
    min_size=1,
    max_size=8,
).map("".join)


def rows_of(path: Path) -> list[tuple[int, list[str]]]:
    with open_rows(examine(path)) as rows:
        return list(rows)


def by_the_library(text: str) -> list[tuple[int, list[str]]]:
    reader, line, rows = csv.reader(io.StringIO(text, newline=""), strict=True), 1, []
    for fields in reader:
        if any(fields):
            rows.append((line, fields))
        line = reader.line_num + 1
    return rows


def test_rows_around_the_end_of_a_block(tmp_path: Path) -> None:
    path = tmp_path / "blocks.csv"

    @settings(max_examples=150, deadline=None)
    @given(TEXTS, TEXTS, st.integers(0, 40), st.booleans())
    def check(first: str, around: str, before: int, cut_off: bool) -> None:
        wide, rest = divmod(BLOCK - before - len(first), len(WIDE))
        filler = WIDE * wide + "b" * max(rest - 1, 0) + "\n"
        text = first + filler + around + "b,c\r\n" * 3 + "end" + "\n" * cut_off
        path.write_bytes(text.encode())
        assert rows_of(path) == by_the_library(text)

    check()


LINES = BLOCK // 64 - 1  # of 64 characters: the first block ends 64 characters after them
AROUND_THE_END = {
    "returns and feeds": ("a" * 62 + "\r\n") * LINES + "a\r\n" * 40,
    "returns": ("a" * 62 + ",\r") * LINES + "a,\r" * 40,
    "nothing": "\n" * BLOCK + "a",
    "one return": ("x" * 63 + "\n") * LINES + "x\n" * 31 + "y\rz\n",
}


@pytest.mark.parametrize("text", AROUND_THE_END.values(), ids=AROUND_THE_END)
def test_blocks_that_end_within_the_end_of_a_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ends.csv"
    for shift in range(3):
        shifted = "x" * shift + text
        path.write_text(shifted, encoding="utf-8", newline="")
        assert rows_of(path) == by_the_library(shifted)


ENDS_OF_CHUNKS = st.lists(
    st.one_of(
        st.sampled_from(["ก", "a", "é", "😀", "\u07ff", "\uffff"]).map(str.encode),
        st.sampled_from([b"\xa1", b"\xc0\xaf", b"\xe0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]),
        st.integers(0x80, 0xFF).map(lambda byte: bytes([byte])),
    ),
    max_size=4,
).map(b"".join)


def as_text(data: bytes) -> str | None:
    """As the standard library reads UTF-8, else Windows-874."""
    for encoding in ("utf-8", "cp874"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return None


def test_an_encoding_is_told_wherever_a_chunk_ends(tmp_path: Path) -> None:
    path = tmp_path / "encoded.csv"
    filler = b"".join([b"a" * 511, b"\n"] * (BLOCK // 512 - 1)) + b"a" * 503 + b"\n"

    @settings(max_examples=300, deadline=None)
    @given(ENDS_OF_CHUNKS, st.integers(0, 5))
    def check(end: bytes, before: int) -> None:
        path.write_bytes(filler + b"b" * before + end)
        last = as_text(b"b" * before + end)
        if last is None:
            with pytest.raises(BadInput, match="neither UTF-8 nor Windows-874"):
                rows_of(path)
        else:
            assert "".join(fields[0] for _, fields in rows_of(path)[BLOCK // 512 :]) == last

    check()
