"""The demo's files: stable bytes, valid people, and personas whose states hold on every day."""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.demo import layouts
from app.demo.crowd import crowd
from app.demo.files import DemoFiles, generate
from app.demo.layouts import csv_cells
from app.demo.person import Card, Holding, Trouble
from app.demo.personas import PERSONAS
from app.demo.reference import CLOSED, FAILURES, authorities
from app.errors import BadInput
from app.rules.age import BirthDate, deemed_birth_date
from app.rules.assessment import Assessment, Facts, RegistrationFacts
from app.rules.calendar import YearMonth, add_months, month_of, parse_year_month
from app.rules.entitlement import assess, expected_amounts
from app.rules.national_id import parse_national_id
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import EntitlementState as State
from app.rules.vocabulary import ReasonCode, RegistrationStatus, Scheme

Row = Mapping[str, str]

TODAY = date(2026, 11, 23)
OLD_AGE, DISABILITY = Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE
PEOPLE_OF_SEED_7 = "2fea7e9d9ad5342d6f6f8b1eaf1ce5b431c305eda94b6be9ff0c374035df5e97"
NAMES = [
    "old-age-receiving",
    "old-age-not-registered",
    "old-age-not-yet",
    "old-age-registered",
    "disability-receiving",
    "disability-not-registered",
    "both",
    "failed-repaid",
    "suspended",
    "ended",
    "proxy",
    "cash",
]
NEITHER = (State.NOT_YET_ELIGIBLE, State.NOT_REGISTERED)
STATES = {
    "old-age-receiving": (State.RECEIVING, State.NOT_REGISTERED),
    "old-age-not-registered": (State.ELIGIBLE_NOT_REGISTERED, State.NOT_REGISTERED),
    "old-age-not-yet": NEITHER,
    "old-age-registered": (State.REGISTERED, State.NOT_REGISTERED),
    "disability-receiving": (State.NOT_YET_ELIGIBLE, State.RECEIVING),
    "disability-not-registered": NEITHER,
    "both": (State.RECEIVING, State.RECEIVING),
    "failed-repaid": (State.RECEIVING, State.NOT_REGISTERED),
    "suspended": (State.NOT_YET_ELIGIBLE, State.SUSPENDED),
    "ended": (State.ENDED, State.NOT_REGISTERED),
    "proxy": (State.RECEIVING, State.NOT_REGISTERED),
    "cash": (State.RECEIVING, State.NOT_REGISTERED),
}
EDGE_DAYS = [
    date(year, month, day)
    for year in (2026, 2027, 2028)
    for month, day in [
        (1, 1), (1, 31), (2, 28), (3, 1), (3, 31), (4, 30), (6, 30), (7, 1),
        (9, 9), (9, 15), (9, 30), (10, 1), (10, 10), (12, 1), (12, 31),
    ]
]  # fmt: skip
DAYS = sorted(
    {*EDGE_DAYS, date(2028, 2, 29)} | {date(2026, 1, 5) + timedelta(61 * n) for n in range(18)}
)


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def make(directory: Path, **changed: int) -> DemoFiles:
    sizes = {"citizens": 500, "months": 24, "seed": 1} | changed
    return generate(
        directory,
        citizens=sizes["citizens"],
        months=sizes["months"],
        seed=sizes["seed"],
        today=TODAY,
    )


def all_paths(files: DemoFiles) -> list[Path]:
    return [files.authorities, files.citizens, files.registrations, *files.disbursements]


def digest(files: DemoFiles) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in all_paths(files))).hexdigest()


def payments_of(files: DemoFiles) -> list[Row]:
    return [row for path in files.disbursements for row in rows_of(path)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return make(tmp_path_factory.mktemp("demo"), citizens=3_000)


@pytest.fixture(scope="module")
def payments(files: DemoFiles) -> list[Row]:
    return payments_of(files)


def born(row: Row) -> BirthDate:
    year, month, day = (int(part) or None for part in row["birth_date"].split("-"))
    assert year is not None
    return deemed_birth_date(year, month, day)


def day_of(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def registration_facts(row: Row, paid: list[Row]) -> RegistrationFacts:
    months = sorted(parse_year_month(p["period"]) for p in paid if p["status"] == "PAID")
    return RegistrationFacts(
        registered_on=day_of(row["registered_on"]),
        status=RegistrationStatus(row["status"]),
        status_reason=row["status_reason"] or None,
        status_on=day_of(row["status_on"]),
        card_issued_on=day_of(row["card_issued_on"]),
        card_expires_on=day_of(row["card_expires_on"]),
        first_paid_month=months[0] if months else None,
        latest_paid_month=months[-1] if months else None,
    )


class Register:
    """What the files say of each citizen, as an importer would know it."""

    def __init__(self, files: DemoFiles) -> None:
        self.citizens = {row["national_id"]: row for row in rows_of(files.citizens)}
        self.registrations = {
            (row["national_id"], Scheme(row["scheme"])): row for row in rows_of(files.registrations)
        }
        self.payments: dict[tuple[str, Scheme], list[Row]] = defaultdict(list)
        for row in payments_of(files):
            self.payments[row["national_id"], Scheme(row["scheme"])].append(row)

    def facts(self, national_id: str, scheme: Scheme) -> Facts:
        citizen = self.citizens[national_id]
        registration = self.registrations.get((national_id, scheme))
        paid = self.payments[national_id, scheme]
        return Facts(
            scheme,
            born(citizen),
            died_on=day_of(citizen["died_on"]),
            registration=registration_facts(registration, paid) if registration else None,
        )

    def assess(self, national_id: str, scheme: Scheme, today: date) -> Assessment:
        return assess(self.facts(national_id, scheme), today, shipped_rule_book())


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    assert digest(make(tmp_path / "a")) == digest(make(tmp_path / "b"))


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a", seed=1), make(tmp_path / "b", seed=2)
    ids = [{row["national_id"] for row in rows_of(files.citizens)} for files in (first, second)]
    assert ids[0] & ids[1] == {persona.national_id for persona in PERSONAS.values()}


def test_the_people_of_a_seed_are_the_same_on_every_machine(tmp_path: Path) -> None:
    files = generate(tmp_path, citizens=200, months=1, seed=7, today=TODAY, personas=False)
    people = files.citizens.read_bytes() + files.registrations.read_bytes()
    assert hashlib.sha256(people).hexdigest() == PEOPLE_OF_SEED_7


def test_a_larger_crowd_begins_with_the_smaller_one() -> None:
    assert list(crowd(40, 3))[:20] == list(crowd(20, 3))


def test_a_file_is_overwritten_and_no_part_is_left(tmp_path: Path) -> None:
    make(tmp_path, citizens=5)
    files = make(tmp_path, citizens=2)
    assert len(rows_of(files.citizens)) == 2 + len(PERSONAS)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"citizens": -1}, "citizens"), ({"months": 0}, "months"), ({"seed": -1}, "seed")],
)
def test_a_number_out_of_range_is_named(
    tmp_path: Path, changed: dict[str, int], named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        make(tmp_path, **changed)
    assert not list(tmp_path.iterdir())


def test_an_empty_crowd_leaves_headers_and_personas_may_stay_away(tmp_path: Path) -> None:
    files = generate(tmp_path, citizens=0, months=1, seed=1, today=TODAY, personas=False)
    assert [len(path.read_text("utf-8").splitlines()) for path in all_paths(files)[1:]] == [1, 1, 1]


def test_the_columns_are_those_of_the_layouts(files: DemoFiles) -> None:
    columns = [
        layouts.AUTHORITY_COLUMNS,
        layouts.CITIZEN_COLUMNS,
        layouts.REGISTRATION_COLUMNS,
        *[layouts.DISBURSEMENT_COLUMNS] * 24,
    ]
    for path, expected in zip(all_paths(files), columns, strict=True):
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file)
        assert tuple(header) == expected
        assert {len(line) for line in lines} == {len(expected)}


def test_the_layouts_have_the_documented_columns_only() -> None:
    assert set(layouts.CITIZEN_COLUMNS) == {
        "national_id",
        "given_name",
        "family_name",
        "birth_date",
        "local_authority_code",
        "title",
        "nationality",
        "died_on",
        "phone",
    }
    assert set(layouts.REGISTRATION_COLUMNS) == {
        *[
            "national_id",
            "scheme",
            "local_authority_code",
            "registered_on",
            "status",
            "status_reason",
        ],
        "status_on",
        "bank_code",
        "account_number",
        "account_name",
        "holder",
        "channel",
        "card_issued_on",
        "card_expires_on",
        "disability_types",
    }
    assert set(layouts.DISBURSEMENT_COLUMNS) == {
        *[
            "national_id",
            "scheme",
            "local_authority_code",
            "period",
            "amount",
            "status",
            "kind",
            "paid_on",
        ],
        "channel",
        "bank_code",
        "account_number",
        "account_name",
        "holder",
        "failure_code",
        "failure_text",
        "repays_period",
    }


def test_a_cell_that_needs_quotes_has_them() -> None:
    cells = ["plain", "a,b", 'say "x"', "two\nlines", ""]
    assert next(csv.reader([csv_cells(cells) + "\r\n"])) == cells


def test_every_national_id_is_valid_unique_and_begins_with_9(files: DemoFiles) -> None:
    ids = [row["national_id"] for row in rows_of(files.citizens)]
    assert len(set(ids)) == len(ids) == 3_000 + len(PERSONAS)
    assert all(parse_national_id(each).startswith("9") for each in ids)


def test_every_authority_named_is_in_the_reference_list(
    files: DemoFiles, payments: list[Row]
) -> None:
    codes = {row["code"] for row in authorities()}
    used = [*rows_of(files.citizens), *rows_of(files.registrations), *payments]
    assert {row["local_authority_code"] for row in used} <= codes
    assert len({row["province"] for row in authorities()}) == 77
    assert all(len(code) == 8 and code.isdigit() for code in codes)
    assert {code[:2] for code in codes} == {"01", "03", "04", "05", "06"}


def test_a_registration_says_what_has_happened_by_the_day(files: DemoFiles) -> None:
    rows = rows_of(files.registrations)
    for row in rows:
        assert row["registered_on"] <= f"{TODAY}"
        assert row["status_on"] <= f"{TODAY}"
        assert bool(row["status_on"]) == bool(row["status_reason"]) == (row["status"] != "ACTIVE")
    suspended = [row for row in rows if row["status"] == "SUSPENDED"]
    for row in suspended:
        after = date.fromisoformat(row["card_expires_on"]) + timedelta(days=1)
        assert row["status_on"] == after.isoformat()
    assert suspended
    assert {row["status_reason"] for row in rows} == {"", "CARD_EXPIRED", "WAIVED", "DECEASED"}


def test_natural_keys_are_unique(payments: list[Row]) -> None:
    keys = [
        (p["national_id"], p["scheme"], p["period"], p["kind"], p["repays_period"])
        for p in payments
    ]
    assert len(set(keys)) == len(keys)


def test_regular_amounts_are_those_of_the_rules(files: DemoFiles, payments: list[Row]) -> None:
    births = {row["national_id"]: born(row).day for row in rows_of(files.citizens)}
    for row in payments:
        if row["kind"] != "SUPPLEMENT":
            owed = parse_year_month(row["repays_period"] or row["period"])
            scheme = Scheme(row["scheme"])
            amounts = expected_amounts(
                scheme, births[row["national_id"]], owed, shipped_rule_book()
            )
            assert int(row["amount"].replace(".", "")) in amounts


def test_money_is_paid_on_the_pay_day_but_in_september(payments: list[Row]) -> None:
    paid_on = {row["period"]: row["paid_on"] for row in payments if row["status"] == "PAID"}
    book = shipped_rule_book()
    late = []
    for row in payments:
        if row["status"] == "PAID":
            assert row["paid_on"] == paid_on[row["period"]]
    for period, day in paid_on.items():
        delay = date.fromisoformat(day) - book.pay_day(parse_year_month(period))
        if delay:
            late.append(period)
            assert timedelta(9) <= delay <= timedelta(14)
    assert sorted(late) == ["2025-09", "2026-09"]


def test_about_one_payment_in_seventy_fails_and_most_are_repaid(payments: list[Row]) -> None:
    failed = {
        (p["national_id"], p["scheme"], p["period"]): p
        for p in payments
        if p["status"] in ("FAILED", "RETURNED")
    }
    repaid = {
        (p["national_id"], p["scheme"], p["repays_period"]): p
        for p in payments
        if p["kind"] == "BACKPAY"
    }
    assert 0.010 < len(failed) / len(payments) < 0.022
    assert set(repaid) <= set(failed)
    assert 0.7 < len(repaid) / len(failed) < 0.98
    for key, again in repaid.items():
        first = failed[key]
        waited = month_of(parse_year_month(again["period"])) > parse_year_month(first["period"])
        assert waited
        assert again["amount"] == first["amount"]
        assert parse_year_month(again["period"]) <= add_months(parse_year_month(first["period"]), 3)


def test_failures_have_codes_of_ours_and_of_the_banks(payments: list[Row]) -> None:
    codes = {p["failure_code"] for p in payments if p["status"] in ("FAILED", "RETURNED")}
    assert codes == {failure.code for failure in FAILURES}
    assert codes - {code.value for code in ReasonCode} == {"B07", "R12"}


def test_a_closed_account_is_repaid_into_another(payments: list[Row]) -> None:
    closed = {
        (p["national_id"], p["scheme"], p["period"]): p["account_number"]
        for p in payments
        if p["failure_code"] == CLOSED.code
    }
    again = [
        (closed[key], p["account_number"])
        for p in payments
        if (key := (p["national_id"], p["scheme"], p["repays_period"])) in closed
    ]
    assert again
    assert all(before != after for before, after in again)


def test_the_crowd_has_people_in_every_situation(files: DemoFiles, payments: list[Row]) -> None:
    register = Register(files)
    states = {
        (scheme, register.assess(national_id, scheme, TODAY).state)
        for national_id in register.citizens
        for scheme in Scheme
    }
    unreached = {(OLD_AGE, State.NOT_REGISTERED), (OLD_AGE, State.SUSPENDED)}
    unreached |= {(DISABILITY, State.NOT_YET_ELIGIBLE), (DISABILITY, State.ELIGIBLE_NOT_REGISTERED)}
    unreached |= {(DISABILITY, State.REGISTERED)}
    assert states == {(scheme, state) for scheme in Scheme for state in State} - unreached
    seen = {column: {p[column] for p in payments} for column in ("status", "kind", "channel")}
    assert seen["status"] == {"PAID", "FAILED", "RETURNED", "WITHHELD", "CANCELLED"}
    assert seen["kind"] == {"REGULAR", "BACKPAY", "SUPPLEMENT"}
    assert seen["channel"] == {"BANK_TRANSFER", "CASH"}
    births = {row["birth_date"][-5:] for row in register.citizens.values()}
    assert "00-00" in births
    assert any(end.endswith("-00") and end != "00-00" for end in births)


def test_an_account_is_there_unless_it_is_cash(payments: list[Row]) -> None:
    for row in payments:
        account = [row[name] for name in ("bank_code", "account_number", "account_name", "holder")]
        assert all(account) if row["channel"] == "BANK_TRANSFER" else not any(account)
        assert row["channel"] == "CASH" or 10 <= len(row["account_number"]) <= 15


def test_the_dead_are_paid_no_later_month(files: DemoFiles, payments: list[Row]) -> None:
    died = {r["national_id"]: r["died_on"] for r in rows_of(files.citizens) if r["died_on"]}
    assert died
    after = [p for p in payments if died.get(p["national_id"], "9")[:7] < p["period"]]
    assert not after


def test_before_the_pay_day_the_month_is_submitted(tmp_path: Path) -> None:
    files = generate(tmp_path, citizens=200, months=2, seed=1, today=date(2026, 11, 9))
    earlier, current = (rows_of(path) for path in files.disbursements)
    assert {p["status"] for p in current} <= {"SUBMITTED", "WITHHELD"}
    assert not any(p["paid_on"] for p in current)
    assert "PAID" in {p["status"] for p in earlier}


def test_a_delayed_month_waits_for_the_budget(tmp_path: Path) -> None:
    files = generate(tmp_path, citizens=50, months=1, seed=1, today=date(2026, 9, 15))
    waiting = [p for p in rows_of(files.disbursements[0]) if p["status"] == "SUBMITTED"]
    assert waiting
    assert {p["failure_code"] for p in waiting} == {ReasonCode.BUDGET_DELAY.value}


def test_files_of_a_later_day_continue_those_of_an_earlier_one(tmp_path: Path) -> None:
    for name, today in (("a", date(2026, 10, 20)), ("b", date(2027, 5, 12))):
        generate(tmp_path / name, citizens=400, months=12, seed=1, today=today, personas=False)
    for path in (tmp_path / "a").glob("disbursements-*.csv"):
        if (later := tmp_path / "b" / path.name).exists():
            assert set(later_regular(path)) == set(later_regular(later))


def later_regular(path: Path) -> Iterator[tuple[str, ...]]:
    """Back-pay of months that only the earlier files hold is left out, as its failure is."""
    yield from (tuple(row.values()) for row in rows_of(path) if row["kind"] != "BACKPAY")


def test_personas_stand_in_order_with_a_sentence_each() -> None:
    assert list(PERSONAS) == NAMES
    assert all(p.description.endswith(".") for p in PERSONAS.values())
    assert len({p.national_id for p in PERSONAS.values()}) == len(NAMES)
    assert all(parse_national_id(p.national_id) for p in PERSONAS.values())


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_the_states_of_the_personas_hold_on_every_day(tmp_path: Path, today: date) -> None:
    register = Register(generate(tmp_path, citizens=0, months=24, seed=1, today=today))
    for name, expected in STATES.items():
        national_id = PERSONAS[name].national_id
        found = tuple(register.assess(national_id, scheme, today).state for scheme in Scheme)
        assert found == expected, name
    check_personas(register, today)


def check_personas(register: Register, today: date) -> None:
    def paid(name: str, scheme: Scheme = OLD_AGE) -> list[Row]:
        return register.payments[PERSONAS[name].national_id, scheme]

    soon = register.assess(PERSONAS["old-age-registered"].national_id, OLD_AGE, today)
    assert soon.first_payable_month is not None
    assert month_of(today) < soon.first_payable_month <= add_months(month_of(today), 6)
    assert not paid("old-age-registered")
    for name in ("old-age-receiving", "both", "failed-repaid", "proxy", "cash"):
        assert len({p["period"] for p in paid(name)}) == 24
    withheld = [p for p in paid("suspended", DISABILITY) if p["status"] == "WITHHELD"]
    assert withheld
    assert {p["failure_code"] for p in withheld} == {ReasonCode.CARD_EXPIRED.value}
    assert max(p["period"] for p in paid("suspended", DISABILITY)) == withheld[-1]["period"]
    assert {p["holder"] for p in paid("proxy")} == {"PROXY"}
    assert {p["channel"] for p in paid("cash")} == {"CASH"}
    assert max(p["period"] for p in paid("ended")) < f"{today:%Y-%m}"
    check_failed_and_repaid(paid("failed-repaid"), today)


def check_failed_and_repaid(rows: list[Row], today: date) -> None:
    failed = [p["period"] for p in rows if p["status"] == "FAILED"]
    repaid = {p["repays_period"]: p for p in rows if p["kind"] == "BACKPAY"}
    assert len(failed) >= 3
    assert {period[5:] for period in failed} == {"02", "08"}
    assert set(repaid) >= {p for p in failed if p < f"{add_months(YearMonth(today), -1):%Y-%m}"}
    assert {p["status"] for p in repaid.values()} <= {"PAID", "SUBMITTED"}


def test_regular_payments_of_personas_do_not_contradict_those_of_yesterday(tmp_path: Path) -> None:
    stable = [PERSONAS[name].national_id for name in NAMES if name not in ("suspended", "ended")]
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    for today in (date(2026, 10, 12), date(2026, 11, 23), date(2027, 3, 31), date(2028, 2, 29)):
        files = generate(tmp_path, citizens=0, months=24, seed=1, today=today)
        for row in payments_of(files):
            if row["national_id"] in stable:
                key = (row["national_id"], row["scheme"], row["period"], row["kind"])
                value = tuple(row.values())
                assert seen.setdefault(key, value) == value


def test_a_lapse_is_found_wherever_a_day_of_it_lies() -> None:
    cards = (Card(date(2010, 1, 1), date(2017, 12, 31)), Card(date(2018, 3, 1), date(2026, 2, 28)))
    holding = Holding(DISABILITY, date(2010, 1, 5), cards=cards)
    for start in range(date(2017, 12, 1).toordinal(), date(2026, 4, 1).toordinal(), 7):
        days = [date.fromordinal(start + n) for n in range(20)]
        lapsed = any(holding.lapsed_on(day) for day in days)
        assert holding.lapses_between(days[0], days[-1]) == lapsed


@pytest.mark.parametrize("phase", range(6))
@pytest.mark.parametrize("first", range(100, 107))
@pytest.mark.parametrize("count", range(1, 8))
def test_trouble_is_found_in_any_span(phase: int, first: int, count: int) -> None:
    trouble = Trouble(CLOSED, cycle=6, phase=phase, length=2, repaid=True)
    span = range(first, first + count)
    eventful = any(trouble.fails(month) or trouble.repaid_in(month) for month in span)
    assert trouble.touches(first, count) == eventful
