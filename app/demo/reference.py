"""The lists that come with the demo: local authorities, names, banks and what banks say."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources

from app.demo.person import Failure, Sex
from app.rules.vocabulary import PaymentStatus

BANKS = (
    ("006", 10, 35),
    ("034", 12, 25),
    ("030", 12, 20),
    ("004", 10, 8),
    ("014", 10, 5),
    ("002", 10, 4),
    ("025", 10, 2),
    ("011", 10, 1),
)
"""Bank code, digits of its account numbers, and how many of 100 accounts it has."""

CLOSED = Failure("ACCOUNT_CLOSED", "บัญชีธนาคารถูกปิด", PaymentStatus.FAILED)
DORMANT = Failure("ACCOUNT_DORMANT", "บัญชีไม่เคลื่อนไหว", PaymentStatus.FAILED)
FAILURES = (
    CLOSED,
    DORMANT,
    Failure("NAME_MISMATCH", "ชื่อบัญชีไม่ตรงกับผู้มีสิทธิ", PaymentStatus.FAILED),
    Failure("ACCOUNT_INVALID", "เลขที่บัญชีไม่ถูกต้อง", PaymentStatus.FAILED),
    Failure("B07", "ธนาคารปลายทางปฏิเสธรายการ", PaymentStatus.RETURNED),
    Failure("R12", "ข้อมูลผู้รับเงินไม่ครบถ้วน", PaymentStatus.FAILED),
)
"""The last two are a bank's own codes, which no catalogue of ours knows."""


@cache
def authorities() -> tuple[Mapping[str, str], ...]:
    """The local authorities, a row each by column, in the order of their codes."""
    return tuple(_rows("authorities"))


@cache
def given_names(sex: Sex, generation: str) -> tuple[str, ...]:
    """Given names of one sex, of the generation `ELDER` or `YOUNGER`."""
    return tuple(
        row["name"]
        for row in _rows("given_names")
        if row["sex"] == sex.value and row["generation"] == generation
    )


@cache
def family_names() -> tuple[str, ...]:
    """Family names."""
    return tuple(row["name"] for row in _rows("family_names"))


def _rows(table: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(f"{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
