"""Rule tables: what is shipped is whole, and what is wrong is named by line."""

from collections.abc import Callable
from datetime import date

import pytest

from app.rules.calendar import year_month
from app.rules.rows import CountingBasis, Effect, Subject
from app.rules.rule_book import RuleBook, shipped_rows, shipped_rule_book
from app.rules.rule_tables import RULE_TABLES, rule_book_of
from app.rules.tables import (
    NumberedRow,
    RuleBookError,
    numbered_rows,
    parse_holidays,
    parse_rates,
)
from app.rules.vocabulary import Scheme

RATES = "scheme,amount_baht,minimum_age,maximum_age,valid_from,valid_to,status,rule,source"
OLD, DIS = Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE


def lines(header: str, *rows: str) -> list[NumberedRow]:
    return list(numbered_rows([header, *rows]))


def shipped_without(table: str, keep: Callable[[dict[str, str]], bool]) -> RuleBook:
    rows = [(line, cells) for line, cells in shipped_rows(table) if keep(dict(cells))]
    return rule_book_of({table: rows})


@pytest.mark.parametrize("table", RULE_TABLES)
def test_every_shipped_row_names_its_source(table: str) -> None:
    for line, cells in shipped_rows(table):
        assert cells["source"].strip(), f"{table}, line {line}"


@pytest.mark.parametrize(
    ("scheme", "period", "age", "baht"),
    [
        (OLD, (2011, 10), 60, 600),  # S9
        (OLD, (2025, 10), 69, 600),  # S22: unchanged on 6 Oct 2025
        (OLD, (2025, 10), 70, 700),
        (OLD, (2025, 10), 80, 800),
        (OLD, (2025, 10), 90, 1_000),
        (OLD, (2026, 11), 120, 1_000),
        (DIS, (2014, 9), 40, 500),  # S31
        (DIS, (2014, 10), 40, 800),  # S31: from fiscal year 2558
        (DIS, (2020, 9), 10, 800),
        (DIS, (2020, 10), 17, 1_000),  # S30 S31
        (DIS, (2020, 10), 18, 800),
        (DIS, (2025, 10), 18, 800),  # S25: still the old criteria
    ],
)
def test_published_rates(scheme: Scheme, period: tuple[int, int], age: int, baht: int) -> None:
    bands = shipped_rule_book().rates_in(scheme, year_month(*period))
    assert [band.amount_satang for band in bands if band.covers_age(age)] == [baht * 100]


def test_proposed_rates_are_shipped_and_take_no_part() -> None:
    rows = parse_rates(shipped_rows("rates"))
    proposed = [(row.scheme, row.amount_satang) for row in rows if row.status.value == "PROPOSED"]
    assert (DIS, 100_000) in proposed
    assert [amount for scheme, amount in proposed if scheme is OLD] == [
        70_000,
        85_000,
        100_000,
        125_000,
    ]
    assert not any(row.rule.endswith("in principle") for row in shipped_rule_book().rates)


def test_a_proposed_rate_comes_in_force_by_editing_rows() -> None:
    rows = [
        (line, {**cells, "status": "IN_FORCE", "valid_from": "2027-10-01"})
        if cells["status"] == "PROPOSED" and cells["scheme"] == DIS.value
        else (line, {**cells, "valid_to": "2027-09-30"})
        if cells["scheme"] == DIS.value and not cells["valid_to"]
        else (line, cells)
        for line, cells in shipped_rows("rates")
    ]
    book = rule_book_of({"rates": rows})
    assert [r.amount_satang for r in book.rates_in(DIS, year_month(2027, 10))] == [100_000]
    assert len(book.rates_in(DIS, year_month(2027, 9))) == 2


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (
            [
                "DISABILITY_ALLOWANCE,800,0,,2020-01-01,,,a,b",
                "DISABILITY_ALLOWANCE,900,0,,2024-01-01,,,a,b",
            ],
            r"DISABILITY_ALLOWANCE: from 2024-01-01 on lines 2 and 3 overlap at age 0",
        ),
        (
            [
                "DISABILITY_ALLOWANCE,800,0,17,2020-01-01,,,a,b",
                "DISABILITY_ALLOWANCE,900,17,,2020-01-01,,,a,b",
            ],
            r"lines 2 and 3 overlap at age 17",
        ),
        (
            [
                "DISABILITY_ALLOWANCE,800,0,17,2020-01-01,,,a,b",
                "DISABILITY_ALLOWANCE,900,20,,2020-01-01,,,a,b",
            ],
            r"no rate holds for age 18 to 19, between lines 2 and 3",
        ),
        (
            [
                "DISABILITY_ALLOWANCE,800,0,,2020-01-01,2021-12-31,,a,b",
                "DISABILITY_ALLOWANCE,900,0,,2022-02-01,,,a,b",
            ],
            r"from 2022-01-01 on no rate holds",
        ),
        (["DISABILITY_ALLOWANCE,800,0,,2020-01-01,2021-12-31,,a,b"], r"from 2022-01-01 on no rate"),
        (["DISABILITY_ALLOWANCE,800,0,99,2020-01-01,,,a,b"], r"above age 99 \(line 2\)"),
        (
            ["DISABILITY_ALLOWANCE,800,0,,2020-01-15,,,a,b"],
            r"line 2 does not hold for whole months",
        ),
        (["DISABILITY_ALLOWANCE,800,0,,2020-01-01,,PROPOSED,a,b"], r"no row is in force"),
    ],
)
def test_gaps_and_overlaps_of_rates_are_named(rows: list[str], complaint: str) -> None:
    old = [
        (line + 100, cells) for line, cells in shipped_rows("rates") if cells["scheme"] == OLD.value
    ]
    with pytest.raises(RuleBookError, match=complaint):
        rule_book_of({"rates": [*lines(RATES, *rows), *old]})


@pytest.mark.parametrize(
    ("table", "match", "replacement", "complaint"),
    [
        ("age_countings", "OLD_AGE_ALLOWANCE", {"valid_to": ""}, r"overlap from 2023-10-01 on"),
        (
            "provisions",
            "LATE_REGISTRATION",
            {"valid_to": "2023-08-31"},
            r"nothing holds from 2023-09-01",
        ),
        ("provisions", "MONTH_OF_DEATH", {"effect": "AT_ONCE"}, r"write one of ALIVE_ON_PAY_DAY"),
        (
            "provisions",
            "MONTH_OF_DEATH",
            {"valid_to": "2030-01-01"},
            r"nothing holds after 2030-01-01",
        ),
        (
            "provisions",
            "LATE_REGISTRATION",
            {"valid_to": "2023-10-01"},
            r"overlap from 2023-10-01 on; end the earlier one on 2023-09-30",
        ),
        ("pay_days", "", {"valid_to": "2030-12-31"}, r"nothing holds after 2030-12-31"),
        (
            "registration_windows",
            "2553",
            {"last_fiscal_year": "2559"},
            r"fiscal year 2560 on there is no",
        ),
        ("registration_windows", "2553", {"last_fiscal_year": ""}, r"lines 3 and 2 overlap"),
        ("registration_windows", "2553", {"first_month": "12"}, r"line 2 ends before it begins"),
    ],
)
def test_gaps_and_overlaps_of_other_tables_are_named(
    table: str, match: str, replacement: dict[str, str], complaint: str
) -> None:
    rows = list(shipped_rows(table))
    index = next(i for i, (_, cells) in enumerate(rows) if match in ",".join(cells.values()))
    rows[index] = (rows[index][0], {**rows[index][1], **replacement})
    with pytest.raises(RuleBookError, match=complaint):
        rule_book_of({table: rows})


def test_a_missing_subject_is_named() -> None:
    with pytest.raises(RuleBookError, match=r"provisions on MOVE: no row is in force"):
        shipped_without("provisions", lambda cells: cells["subject"] != "MOVE")


def test_a_table_may_be_given_by_hand() -> None:
    book = shipped_rule_book()
    again = RuleBook.from_tables(
        book.rates,
        book.countings,
        book.windows,
        book.pay_days,
        parse_holidays(lines("day,name,source", "2030-05-10,x,y")),
    )
    assert again.holidays.covers(2030)
    assert not again.holidays.covers(2026)
    assert again.pay_day(year_month(2030, 5)) == date(2030, 5, 9)
    assert again.provisions == book.provisions


def test_both_days_of_a_validity_belong_to_it() -> None:
    row = shipped_rule_book().provisions_on(Subject.MOVE)[0]
    assert row.valid_on(date(1900, 1, 1))
    assert row.valid_on(date(2023, 8, 11))
    assert not row.valid_on(date(2023, 8, 12))
    assert not row.valid_on(date(1899, 12, 31))


def test_dated_rows_are_found_by_their_day() -> None:
    book = shipped_rule_book()
    old = book.counting(OLD, year_month(2023, 9))
    new = book.counting(OLD, year_month(2023, 10))
    assert old is not None
    assert new is not None
    assert (old.basis, new.basis) == (
        CountingBasis.FISCAL_YEAR_START,
        CountingBasis.PREVIOUS_MONTH_END,
    )
    assert book.counting(OLD, year_month(1999, 1)) is None
    late = Subject.LATE_REGISTRATION
    assert book.provision(late, date(2023, 9, 30)).effect is Effect.NEXT_FISCAL_YEAR
    assert book.provision(late, date(2023, 10, 1)).effect is Effect.NEXT_MONTH
    assert book.provision(late, date(1850, 1, 1)).effect is Effect.NEXT_FISCAL_YEAR
