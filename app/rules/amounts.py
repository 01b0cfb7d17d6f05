"""Which amount a month's allowance has, by the rule in force and by every known counting."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from app.rules.age import latest_birth
from app.rules.calendar import YearMonth, add_months, fiscal_year, fiscal_year_months, month_of
from app.rules.rows import CountingBasis, Effect, Rate, Subject
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import Scheme

_ONE_DAY = timedelta(days=1)
_MONTHS_REMEMBERED = 2048


Cutoffs = tuple[tuple[date, Rate], ...]
"""By the highest band first: the latest birth date that has reached it, and the band."""


@dataclass(frozen=True, slots=True)
class MonthRates:
    """The rates of one scheme in one month, by birth date.

    `entry` is the latest birth date that is paid at all; None where no rate holds. `cutoffs` are
    those of the counting in force, `known_cutoffs` of every known counting.
    """

    entry: date | None
    cutoffs: Cutoffs
    known_cutoffs: tuple[Cutoffs, ...]

    def rate(self, birth: date) -> Rate | None:
        """The rate that the counting in force gives somebody born on `birth`; None if none yet."""
        return self._rate(birth, self.cutoffs)

    def known_rates(self, birth: date) -> list[Rate]:
        """The rates that the known countings give."""
        rates = (self._rate(birth, cutoffs) for cutoffs in self.known_cutoffs)
        return [rate for rate in rates if rate is not None]

    def _rate(self, birth: date, cutoffs: Cutoffs) -> Rate | None:
        if self.entry is None or birth > self.entry or not cutoffs:
            return None
        for latest, band in cutoffs:
            if birth <= latest:
                return band
        # Who reaches the lowest age within a fiscal year is paid from the next month on, at its
        # rate, even where the age is taken at the start of the year.
        return cutoffs[-1][1]


@lru_cache(maxsize=_MONTHS_REMEMBERED)
def month_rates(scheme: Scheme, period: YearMonth, book: RuleBook) -> MonthRates:
    """What a rule book says of the amounts of one month."""
    bands = sorted(book.rates_in(scheme, period), key=lambda band: -band.minimum_age)
    counting = book.counting(scheme, period)
    bases = dict.fromkeys(row.basis for row in book.countings if row.scheme is scheme)
    return MonthRates(
        entry=latest_birth(bands[-1].minimum_age, period - _ONE_DAY) if bands else None,
        cutoffs=_cutoffs(bands, counting.basis, period) if counting else (),
        known_cutoffs=tuple(_cutoffs(bands, basis, period) for basis in bases),
    )


def _cutoffs(bands: Iterable[Rate], basis: CountingBasis, period: YearMonth) -> Cutoffs:
    day = age_day(basis, period)
    return tuple((latest_birth(band.minimum_age, day), band) for band in bands)


def age_day(basis: CountingBasis, period: YearMonth) -> date:
    """The day on which a counting takes the age for a month."""
    if basis is CountingBasis.FISCAL_YEAR_START:
        return fiscal_year_months(fiscal_year(period))[0]
    if basis is CountingBasis.PREVIOUS_MONTH_END:
        return period - _ONE_DAY
    return add_months(period, 1) - _ONE_DAY


def rate_in(scheme: Scheme, birth: date, period: YearMonth, book: RuleBook) -> Rate | None:
    """The rate that the rules in force give somebody born on `birth` for a month.

    None where the scheme does not pay yet: before the month that follows reaching its lowest age,
    before birth, or before the first rule. Registration is not looked at.
    """
    return month_rates(scheme, period, book).rate(birth)


def expected_amounts(
    scheme: Scheme, birth: date, period: YearMonth, book: RuleBook
) -> frozenset[int]:
    """Every amount, in satang, that a regular payment for a month may have.

    The rates are those in force for the month; the age may be counted by any known counting,
    whenever it holds and even if it is only proposed, because the day the counting changed rests
    on one source [S20]: only an amount that fits none of them is an error. Empty where nothing is
    payable. Supplements, arrears and adjustments have amounts of their own.
    """
    rates = month_rates(scheme, period, book).known_rates(birth)
    return frozenset(rate.amount_satang for rate in rates)


def last_payable_month(died_on: date, book: RuleBook) -> YearMonth:
    """The last month that is paid to somebody who died, by the provision on the month of death:
    that month as a whole, or only if its pay day was lived to see [S8]."""
    month = month_of(died_on)
    effect = book.provision(Subject.MONTH_OF_DEATH, died_on).effect
    if effect is Effect.WHOLE_MONTH or died_on >= book.pay_day(month):
        return month
    return add_months(month, -1)
