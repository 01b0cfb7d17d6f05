"""One field's text to its value; `RefusedError` says what was expected, never what was given."""

import enum
import re
from collections.abc import Callable, Collection, Mapping
from operator import mul

from app.ingest.arrow import Array, compute, held, where
from app.ingest.refusals import RefusalCode, RefusedError
from app.rules.national_id import (
    InvalidNationalId,
    NationalId,
    are_national_ids,
    parse_national_id,
)
from app.rules.vocabulary import DisabilityType

_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]*)?[eE]\+?[0-9]+|[0-9]{9,}\.0+")
_AMOUNT = re.compile(r"-?([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,2})?")
_CODE = re.compile(r"[0-9]{8}")
_BANK = re.compile(r"[0-9]{1,3}")
_ACCOUNT_DIGITS = range(10, 16)
_ACCOUNT = re.compile(rf"[0-9]{{{_ACCOUNT_DIGITS[0]},{_ACCOUNT_DIGITS[-1]}}}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LONG_NUMBER = re.compile(r"\d(?:[ .\-\u2010-\u2015]?\d){9,}")
_ID_LONG_NUMBER = re.compile(r"\d(?:[ .\-\u2010-\u2015]?\d){12,}")
_SEPARATORS = str.maketrans("", "", " -")
_UNSEEN = dict.fromkeys([*range(9), *range(14, 28), 127, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_WEIGHTS = tuple(range(13, 1, -1))
_WEIGHT_OF_ZEROS = sum(_WEIGHTS) * ord("0")
_LONGEST_TEXT = 200
_MOST_SATANG = 1_000_000_00

_DAMAGED = (
    "A spreadsheet turned this number into a rounded one and lost digits; "
    "format the column as text and export it again."
)


def read_national_id(text: str) -> NationalId:
    """Thirteen digits whose last one checks the others; dashes and spaces may part them."""
    if len(text) == 13 and text.isascii() and text.isdigit():
        total = sum(map(mul, text.encode(), _WEIGHTS)) - _WEIGHT_OF_ZEROS
        if (11 - total % 11) % 10 == ord(text[12]) - ord("0"):
            return NationalId(text)  # as parse_national_id, which takes seven times as long
    if _SCIENTIFIC.fullmatch(text):
        raise RefusedError(RefusalCode.DAMAGED_BY_SPREADSHEET, _DAMAGED)
    try:
        return parse_national_id(text)
    except InvalidNationalId as error:
        raise RefusedError(RefusalCode.NATIONAL_ID_INVALID, str(error)) from None


def read_national_ids(texts: Array) -> Array | None:
    """All as `read_national_id`; None unless each is written without separators and right."""
    right = {13}.issuperset(_lengths(texts)) and are_national_ids(bytes(held(texts)))
    return texts if right else None


def read_account_number(text: str) -> str:
    """Ten to fifteen digits; dashes and spaces may part them."""
    if _SCIENTIFIC.fullmatch(text):
        raise RefusedError(RefusalCode.DAMAGED_BY_SPREADSHEET, _DAMAGED)
    digits = text.translate(_SEPARATORS)
    if not _ACCOUNT.fullmatch(digits):
        raise RefusedError(
            RefusalCode.ACCOUNT_NUMBER_INVALID,
            "An account number has 10 to 15 digits; dashes and spaces may part them.",
        )
    return digits


def read_account_numbers(texts: Array) -> Array | None:
    """All as `read_account_number`; None unless each is empty or of digits alone."""
    digits = bytes(held(texts)) or b"0"
    if not (digits.isdigit() and {0, *_ACCOUNT_DIGITS}.issuperset(_lengths(texts))):
        return None
    return where(compute.not_equal(texts, ""), texts)


def _lengths(texts: Array) -> list[int]:
    """The lengths that there are, in bytes."""
    lengths: list[int] = compute.unique(compute.binary_length(texts)).to_pylist()
    return lengths


def read_bank_code(text: str, known: Collection[str]) -> str:
    """Three digits; one or two where a spreadsheet lost zeros and the full code is known.

    A code of three digits that is not known is kept: the list of banks is not complete.
    """
    code = text.zfill(3)
    if not _BANK.fullmatch(text) or (len(text) < 3 and code not in known):
        raise RefusedError(RefusalCode.BANK_CODE_INVALID, "A bank code has 3 digits, as 006.")
    return code


def read_new_authority_code(text: str) -> str:
    """Eight digits, in the reference file itself, where nothing can restore a lost zero."""
    if not _CODE.fullmatch(text):
        raise RefusedError(
            RefusalCode.AUTHORITY_CODE_INVALID,
            "The code of a local authority has 8 digits; keep the column as text.",
        )
    return text


def read_authority_code(text: str, known: Collection[str]) -> str:
    """The code of a known authority; six or seven digits where the lost zeros fit a known one."""
    code = text.zfill(8) if 6 <= len(text) <= 8 else text
    read_new_authority_code(code)
    if code not in known:
        raise RefusedError(
            RefusalCode.AUTHORITY_UNKNOWN,
            "No local authority has this code; import the authorities first, or correct the code.",
        )
    return code


def read_amount(text: str, most: int | None = _MOST_SATANG) -> int:
    """Baht as `600`, `600.00` or `1,000.00`, to satang, up to a million baht either way.

    `most`: another limit, in satang; None is none.
    """
    if not _AMOUNT.fullmatch(text):
        raise RefusedError(
            RefusalCode.AMOUNT_INVALID, "An amount is baht with at most two decimals: write 600.00."
        )
    baht, _, decimals = text.replace(",", "").lstrip("-").partition(".")
    satang = int(baht) * 100 + int(decimals.ljust(2, "0"))
    if most is not None and satang > most:
        raise RefusedError(
            RefusalCode.AMOUNT_OUT_OF_RANGE, "An amount is at most 1,000,000 baht; check the unit."
        )
    return -satang if text.startswith("-") else satang


def read_country(text: str) -> str:
    """Two letters of ISO 3166, as TH."""
    code = text.upper()
    if not _COUNTRY.fullmatch(code):
        raise RefusedError(
            RefusalCode.NATIONALITY_INVALID, "A nationality is a country code of 2 letters, as TH."
        )
    return code


def one_of(vocabulary: type[enum.Enum]) -> Callable[[str], str]:
    """A converter to the names of a vocabulary, in any case."""
    names = {member.name: member.name for member in vocabulary}
    sentence = f"Expected one of {', '.join(names)}."

    def read(text: str) -> str:
        return _known(names, text.upper(), sentence)

    return read


_TYPES = {member.name: member.name for member in DisabilityType}
_TYPES |= {str(number): name for number, name in enumerate(tuple(_TYPES), 1)}
_TYPES_EXPECTED = "Expected types parted by ';', each by name (VISION) or by number (1 to 7)."


def read_disability_types(text: str) -> list[str]:
    """The types by name or number, `VISION;2`, in the official order, each once."""
    parts = [part.strip().upper() for part in text.split(";")]
    found = {_known(_TYPES, part, _TYPES_EXPECTED) for part in parts if part}
    return [member.name for member in DisabilityType if member.name in found]


def _known(names: Mapping[str, str], text: str, sentence: str) -> str:
    try:
        return names[text]
    except KeyError:
        raise RefusedError(RefusalCode.UNKNOWN_VALUE, sentence) from None


def read_text(text: str) -> str:
    """A name or word: blanks joined, invisible marks left out, and no number like an account's."""
    return _without(_LONG_NUMBER, _tidy(text))


def read_phone(text: str) -> str:
    """Phone numbers as printed; none as long as a national ID."""
    return _without(_ID_LONG_NUMBER, _tidy(text))


def read_message(text: str) -> str:
    """A sentence of the source: a number as long as an account's is masked, the rest is kept."""
    return _LONG_NUMBER.sub("x", _tidy(text))


def _tidy(text: str) -> str:
    tidy = " ".join(text.translate(_UNSEEN).split())
    if not tidy:
        raise RefusedError(RefusalCode.MISSING_VALUE, "The text has no visible character.")
    if len(tidy) > _LONGEST_TEXT:
        raise RefusedError(
            RefusalCode.TEXT_TOO_LONG, f"The text is longer than {_LONGEST_TEXT} characters."
        )
    return tidy


def _without(number: re.Pattern[str], text: str) -> str:
    if number.search(text):
        raise RefusedError(
            RefusalCode.NUMBER_IN_TEXT,
            "A text holds a number as long as a national ID or an account number; "
            "check that no column is shifted.",
        )
    return text
