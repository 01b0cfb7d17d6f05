"""Whatever a file holds: every row is accounted for, or the file is refused; no other error."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import BadInput
from app.ingest.fields import read_national_id
from app.ingest.importer import ImportKind, Report
from app.ingest.refusals import RefusedError
from app.payment_key import payment_sequence
from app.privacy import PrivacyKeys
from app.rules.calendar import year_month
from app.rules.national_id import InvalidNationalId, parse_national_id
from app.rules.vocabulary import PaymentKind
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


def mutated(content: bytes, cuts: list[tuple[float, int, bytes]]) -> bytes:
    """The content with a splinter in place of some bytes, at each of the places."""
    for place, length, splinter in cuts:
        at = int(place * len(content))
        content = content[:at] + splinter + content[at + length :]
    return content


@pytest.mark.parametrize("kind", FILES)
async def test_any_file_is_accounted_for_or_refused(
    database_url: str, keys: PrivacyKeys, tmp_path: Path, kind: ImportKind
) -> None:
    loop = asyncio.get_running_loop()
    connection = await asyncpg.connect(database_url)
    office = Office(connection, keys, tmp_path)
    await office.open(2)

    async def attempt(content: bytes) -> Report | None:
        transaction = connection.transaction()
        await transaction.start()
        try:
            return await office.load(kind, content)
        except BadInput:
            return None
        finally:
            await transaction.rollback()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cuts=CUTS)
    def check(cuts: list[tuple[float, int, bytes]]) -> None:
        content = mutated(FILES[kind].encode(), cuts)
        report = asyncio.run_coroutine_threadsafe(attempt(content), loop).result(30)
        if report is not None:
            counts = report.accepted + report.rejected + report.unchanged + report.waiting
            assert report.rows == counts > 0
            assert "".join(report.lines())

    await loop.run_in_executor(None, check)
    await connection.close()


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
