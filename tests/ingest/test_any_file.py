"""Whatever a file holds: every row is accounted for, or the file is refused; no other error."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import BadInput
from app.ingest.fields import read_national_id
from app.ingest.importer import ImportKind, Report
from app.ingest.refusals import RefusedError
from app.ingest.sources.rows import LONGEST_ROW
from app.payment_key import payment_sequence
from app.privacy import PrivacyKeys
from app.rules.calendar import year_month
from app.rules.national_id import InvalidNationalId, parse_national_id
from app.rules.vocabulary import PaymentKind
from tests.ingest.forms import FORMS
from tests.ingest.office import Office, citizen, csv_text, disbursement, national_id, registration

FILES = {
    ImportKind.CITIZENS: csv_text([citizen(n, phone="", died_on="") for n in range(1, 5)]),
    ImportKind.REGISTRATIONS: csv_text([registration(n) for n in range(1, 5)]),
    ImportKind.DISBURSEMENTS: csv_text([disbursement(n) for n in range(1, 5)]),
}
SPLINTERS = st.one_of(
    st.sampled_from(
        [",", '"', "\n", "\r\n", "0", "-", "ก", "\u200b", "1E+12", "2569", "PROXY", "CASH"]
    ),
    st.text(max_size=3),
).map(str.encode) | st.binary(max_size=2)
CUTS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), SPLINTERS), min_size=1, max_size=4)
HEADER = list(citizen(1))
WIDTH = len(HEADER)
HUGE = ["x" * 300, "ก" * 5_000, "x" * (LONGEST_ROW + 1)]
CELLS = st.one_of(
    st.sampled_from(["", "=1+1", '=HYPERLINK("x")', "1E+12", "00012", "31/02/2569", "a\nb", *HUGE]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=5),
)
ROWS = st.lists(
    st.lists(CELLS, max_size=WIDTH + 2)
    | st.tuples(st.integers(1, 5), st.integers(0, WIDTH - 1), CELLS).map(
        lambda change: [
            change[2] if at == change[1] else text
            for at, text in enumerate(citizen(change[0]).values())
        ]
    ),
    max_size=6,
)


def mutated(content: bytes, cuts: list[tuple[float, int, bytes]]) -> bytes:
    """The content with a splinter in place of some bytes, at each of the places."""
    for place, length, splinter in cuts:
        at = int(place * len(content))
        content = content[:at] + splinter + content[at + length :]
    return content


@dataclass(frozen=True, slots=True)
class Trial:
    """Imports from Hypothesis's thread; every attempt is taken back."""

    office: Office
    loop: asyncio.AbstractEventLoop

    def attempt(self, kind: ImportKind, content: bytes, name: str | None = None) -> Report | None:
        """The report, in which every row is accounted for; none for a refused file."""
        return asyncio.run_coroutine_threadsafe(
            self._attempt(kind, content, name), self.loop
        ).result(30)

    async def _attempt(self, kind: ImportKind, content: bytes, name: str | None) -> Report | None:
        transaction = self.office.connection.transaction()
        await transaction.start()
        try:
            before = await self.office.tables()
            try:
                report = await self.office.load(kind, content, name)
            except BadInput:
                assert await self.office.tables() == before
                return None
            counts = report.accepted + report.rejected + report.unchanged + report.waiting
            assert report.rows == counts > 0
            assert "".join(report.lines())
            return report
        finally:
            await transaction.rollback()

    async def run(self, check: Callable[[], None]) -> None:
        await self.loop.run_in_executor(None, check)


@asynccontextmanager
async def trial(database_url: str, keys: PrivacyKeys, directory: Path) -> AsyncIterator[Trial]:
    """An office with two citizens."""
    connection = await asyncpg.connect(database_url)
    office = Office(connection, keys, directory)
    await office.open(2)
    yield Trial(office, asyncio.get_running_loop())
    await connection.close()


@pytest.mark.parametrize("kind", FILES)
async def test_any_file_is_accounted_for_or_refused(
    database_url: str, keys: PrivacyKeys, tmp_path: Path, kind: ImportKind
) -> None:
    async with trial(database_url, keys, tmp_path) as office:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(cuts=CUTS)
        def check(cuts: list[tuple[float, int, bytes]]) -> None:
            office.attempt(kind, mutated(FILES[kind].encode(), cuts))

        await office.run(check)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "csv"])
async def test_damaged_files_of_other_forms(
    database_url: str, keys: PrivacyKeys, tmp_path: Path, form: str
) -> None:
    content = FORMS[form]([list(citizen(1)), *(list(citizen(n).values()) for n in range(1, 5))])
    async with trial(database_url, keys, tmp_path) as office:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(cuts=CUTS)
        def check(cuts: list[tuple[float, int, bytes]]) -> None:
            office.attempt(ImportKind.CITIZENS, mutated(content, cuts), f"citizens.{form}")

        await office.run(check)


@pytest.mark.parametrize("form", FORMS)
async def test_any_rows_in_any_form(
    database_url: str, keys: PrivacyKeys, tmp_path: Path, form: str
) -> None:
    """A file is refused for a row that is too long, or a CSV of two encodings, and else counted."""
    async with trial(database_url, keys, tmp_path) as office:

        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        @given(rows=ROWS, second_encoding=st.booleans())
        def check(rows: list[list[str]], second_encoding: bool) -> None:
            if form == "parquet":
                rows = [[*row, *[""] * WIDTH][:WIDTH] for row in rows]
            content = FORMS[form]([HEADER, *rows])
            mixed = form == "csv" and second_encoding
            if mixed:
                content += '"ก"\r\n'.encode("cp874") + '"๛😀"\r\n'.encode()
            report = office.attempt(ImportKind.CITIZENS, content, f"citizens.{form}")
            seen = [[cell for cell in row if not unseen(form, cell)] for row in rows]
            count = sum(map(any, seen))
            too_long = any(sum(map(len, row)) > LONGEST_ROW for row in seen)
            if mixed or too_long or not count:
                assert report is None
            else:
                assert report is not None
                assert report.rows == count

        await office.run(check)


def unseen(form: str, cell: str) -> bool:
    """A formula that no spreadsheet has worked out has no value."""
    return form == "xlsx" and cell.startswith("=") and len(cell) > 1


@given(st.from_regex(r"[0-9]{13}", fullmatch=True) | st.integers(0, 10**11 - 1).map(national_id))
def test_the_fast_reading_of_a_national_id_agrees_with_the_rule(text: str) -> None:
    try:
        expected = parse_national_id(text)
    except InvalidNationalId:
        with pytest.raises(RefusedError):
            read_national_id(text)
    else:
        assert read_national_id(text) == expected


def test_payment_sequences_are_distinct_and_fit_their_column() -> None:
    months = [None, *(year_month(2009 + n // 12, n % 12 + 1) for n in range(9, 600))]
    kinds = [kind for kind in PaymentKind if kind is not PaymentKind.REGULAR]
    sequences = {payment_sequence(kind, month) for kind in kinds for month in months}
    assert len(sequences) == len(kinds) * len(months)
    assert payment_sequence(PaymentKind.REGULAR, None) == 0 not in sequences
    assert -(2**15) <= min(sequences) <= max(sequences) < 0
    with pytest.raises(ValueError, match="2000"):
        payment_sequence(PaymentKind.BACKPAY, year_month(1999, 12))
