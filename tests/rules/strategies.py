"""What Hypothesis draws: birth dates, days, registrations and whole cases."""

from datetime import date, timedelta

from hypothesis import strategies as st

from app.rules.age import BirthDate
from app.rules.calendar import month_of
from app.rules.entitlement import Facts, RegistrationFacts
from app.rules.vocabulary import RegistrationStatus, Scheme

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2099, 12, 31)

days_of_200_years = st.dates(FIRST_DAY, LAST_DAY)
births = st.dates(FIRST_DAY, date(2040, 12, 31))
todays = st.dates(date(2012, 1, 1), date(2060, 12, 31))
periods = todays.map(month_of)
schemes = st.sampled_from(Scheme)

_days = st.none() | todays
_reasons = st.none() | st.sampled_from(["CARD_EXPIRED", "MOVED", "WAIVED", "NOT_QUALIFIED", "D99"])

registrations = st.builds(
    RegistrationFacts,
    registered_on=_days,
    status=st.sampled_from(RegistrationStatus),
    status_reason=_reasons,
    status_on=_days,
    card_issued_on=_days,
    card_expires_on=_days,
    first_paid_month=st.none() | periods,
    latest_paid_month=st.none() | periods,
)

facts = st.builds(
    Facts,
    scheme=schemes,
    birth=births.map(BirthDate),
    nationality=st.sampled_from(["TH", "TH", "TH", "LA"]),
    died_on=_days,
    registration=st.none() | registrations,
)

later = st.integers(0, 4_000).map(timedelta)
