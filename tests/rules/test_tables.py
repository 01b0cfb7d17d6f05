"""Rule tables as files: every wrong cell is named with its line."""

from collections.abc import Callable
from typing import Any

import pytest

from app.rules.tables import (
    NumberedRow,
    RuleBookError,
    parse_holidays,
    parse_pay_days,
    parse_provisions,
    parse_rates,
    parse_registration_windows,
)
from tests.rules.test_rule_book import RATES, lines

PROVISIONS = "subject,effect,valid_from,valid_to,rule,source"
WINDOWS = "first_fiscal_year,last_fiscal_year,first_month,last_month,rule,source"


@pytest.mark.parametrize(
    ("parse", "header", "row", "complaint"),
    [
        (
            parse_rates,
            RATES,
            "OLD_AGE,600,60,69,2011-10-01,,,a,b",
            r"scheme is 'OLD_AGE'; write one of OLD",
        ),
        (
            parse_rates,
            RATES,
            "OLD_AGE_ALLOWANCE,six,60,69,2011-10-01,,,a,b",
            r"amount_baht is 'six'",
        ),
        (parse_rates, RATES, "OLD_AGE_ALLOWANCE,600.005,60,69,2011-10-01,,,a,b", r"600 or 600.50"),
        (parse_rates, RATES, "OLD_AGE_ALLOWANCE,NaN,60,69,2011-10-01,,,a,b", r"600 or 600.50"),
        (parse_rates, RATES, "OLD_AGE_ALLOWANCE,-1,60,69,2011-10-01,,,a,b", r"600 or 600.50"),
        (
            parse_rates,
            RATES,
            "OLD_AGE_ALLOWANCE,600,60,59,2011-10-01,,,a,b",
            r"maximum_age 59 is below",
        ),
        (
            parse_rates,
            RATES,
            "OLD_AGE_ALLOWANCE,600,๖๐,69,2011-10-01,,,a,b",
            r"whole number from 0 to 150",
        ),
        (
            parse_rates,
            RATES,
            "OLD_AGE_ALLOWANCE,600,60,69,1/10/2554,,,a,b",
            r"Gregorian date as 2026",
        ),
        (
            parse_rates,
            RATES,
            "OLD_AGE_ALLOWANCE,600,60,69,2011-10-01,2010-01-01,,a,b",
            r"lies before",
        ),
        (parse_rates, RATES, "OLD_AGE_ALLOWANCE,600,60,69,2011-10-01,,,a,", r"source is missing"),
        (
            parse_rates,
            RATES,
            "OLD_AGE_ALLOWANCE,600",
            r"minimum_age is missing|valid_from is missing",
        ),
        (parse_holidays, "day,name,source", "2026-02-30,x,y", r"day is '2026-02-30'"),
        (
            parse_pay_days,
            "valid_from,day_of_month,working_weekdays,rule,source",
            "2020-01-01,31,12345,a,b",
            r"1 to 28",
        ),
        (
            parse_pay_days,
            "valid_from,day_of_month,working_weekdays,rule,source",
            "2020-01-01,10,MTW,a,b",
            r"12345",
        ),
        (parse_provisions, PROVISIONS, "MOVE,SOMETIME,2020-01-01,,a,b", r"effect is 'SOMETIME'"),
        (
            parse_registration_windows,
            WINDOWS,
            "2570,2569,10,11,a,b",
            r"lies before first_fiscal_year",
        ),
        (parse_registration_windows, WINDOWS, "2027,,10,11,a,b", r"2400 to 3000"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(
    parse: Callable[[list[NumberedRow]], list[Any]], header: str, row: str, complaint: str
) -> None:
    with pytest.raises(RuleBookError, match=complaint) as caught:
        parse(lines(header, row))
    assert ", line 2: " in str(caught.value)


def test_every_wrong_line_is_named_up_to_a_limit() -> None:
    with pytest.raises(RuleBookError) as caught:
        parse_holidays(lines("day,name,source", *["never,x,y"] * 25))
    text = str(caught.value)
    assert "line 2: " in text
    assert "line 21: " in text
    assert text.endswith("and 5 more lines")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(RuleBookError, match="holidays: there are no rows"):
        parse_holidays(lines("day,name,source"))
