"""The catalogue: nothing missing, nothing unused, nothing that shows a death or a blank."""

from datetime import date
from itertools import product

import pytest

from app.rules.calendar import year_month
from app.rules.catalogue import CatalogueError, parse_catalogue, words_in
from app.rules.texts import Texts, amount, shown_reason_code
from app.rules.vocabulary import (
    EntitlementState,
    Language,
    NotificationKind,
    ReasonCode,
    Scheme,
)
from app.rules.windows import RegistrationWindow
from tests.rules.test_properties import STATES

TEXTS = Texts.load()
TH, EN = Language.TH, Language.EN
OLD, DIS = Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE
NEVER_TOLD = {(OLD, NotificationKind.CARD_EXPIRING), (DIS, NotificationKind.REGISTER_NOW)}
OWN_WORDING = {OLD: {"NOT_QUALIFIED"}, DIS: {"NOT_QUALIFIED", "CARD_EXPIRED"}}
# domain.md, section 4: the banks that the payments may name.
BANKS = [
    "002",
    "004",
    "006",
    "011",
    "014",
    "020",
    "022",
    "024",
    "025",
    "030",
    "033",
    "034",
    "066",
    "067",
    "069",
    "070",
    "071",
    "073",
    "098",
]
# The kinds of the schema: what a citizen is told.
NOTIFICATIONS = (
    *("REGISTER_NOW", "PAYMENT_FAILED", "PAYMENT_SENT"),
    *("ENTITLEMENT_GRANTED", "CARD_EXPIRING", "PAYMENT_DELAYED"),
)


def expected_keys() -> set[str]:
    """Every key that the code asks for, and no other."""
    keys = {f"month.{number}" for number in range(1, 13)}
    keys |= {f"scheme.{scheme.value}" for scheme in Scheme}
    keys |= {f"bank.{code}" for code in BANKS}
    keys |= {
        f"reason.{code.value}.{part}" for code in ReasonCode for part in ("explanation", "action")
    }
    keys |= {f"format.{name}" for name in ("month", "date", "window", "unknown_bank")}
    keys |= {f"notification.push.{kind}" for kind in NOTIFICATIONS}
    keys |= {
        f"notification.{scheme.value}.{kind.value}.{part}"
        for scheme, kind, part in product(Scheme, NotificationKind, ("title", "body"))
        if (scheme, kind) not in NEVER_TOLD
    }
    for scheme, kind in product(Scheme, ("heading", "message")):
        names = {state.value for state in STATES[scheme]} | OWN_WORDING[scheme]
        keys |= {f"{kind}.{scheme.value}.{name}" for name in names}
    return keys


def test_no_key_is_missing_and_none_unused() -> None:
    assert set(TEXTS.entries) == expected_keys()


def test_both_languages_use_the_same_words() -> None:
    for key, entry in TEXTS.entries.items():
        thai, english = (set().union(*map(words_in, entry.variants[x])) for x in (TH, EN))
        assert thai == english, key
        assert len(entry.variants[TH]) == len(entry.variants[EN]), key


@pytest.mark.parametrize(
    ("scheme", "state", "documented"),
    [
        (OLD, "RECEIVING", "อายุถึงเกณฑ์ (รับสิทธิ์แล้ว)"),
        (OLD, "ELIGIBLE_NOT_REGISTERED", "อายุถึงเกณฑ์ (ยังไม่ได้ลงทะเบียนรับสิทธิ์)"),
        (OLD, "NOT_YET_ELIGIBLE", "อายุยังไม่ถึงเกณฑ์"),
        (DIS, "RECEIVING", "รับสิทธิ์แล้ว"),
        (DIS, "NOT_REGISTERED", "ยังไม่ได้ลงทะเบียนรับสิทธิ์"),
    ],
)
def test_the_wording_of_the_brief(scheme: Scheme, state: str, documented: str) -> None:
    assert TEXTS.state(scheme, EntitlementState(state), TH) == documented
    assert TEXTS.entries[f"heading.{scheme.value}.{state}"].source == "brief"


def test_what_the_brief_does_not_say_is_marked_as_proposed() -> None:
    sources = {key: entry.source for key, entry in TEXTS.entries.items()}
    assert {
        key for key in sources if key.startswith("message.") and sources[key] != "proposed"
    } == set()
    facts = {key.split(".")[0] for key, source in sources.items() if source == "fact"}
    assert facts == {"month", "bank"}


@pytest.mark.parametrize("language", Language)
def test_no_text_shows_a_gap_where_a_value_is_unknown(language: Language) -> None:
    for scheme in Scheme:
        for state in STATES[scheme]:
            text = TEXTS.message(scheme, state, language, amount=None, date=None)
            assert text.strip()
            assert "None" not in text
            assert "{" not in text


def test_a_message_takes_the_fullest_variant_it_can() -> None:
    state = EntitlementState.RECEIVING
    full = TEXTS.message(DIS, state, TH, amount="800", date="1 มกราคม 2570")
    assert full == "ท่านได้รับสิทธิเบี้ยความพิการแล้ว เดือนละ 800 บาท บัตรหมดอายุ 1 มกราคม 2570"
    assert TEXTS.message(DIS, state, TH, amount="800", date=None).endswith("เดือนละ 800 บาท")
    assert TEXTS.message(DIS, state, EN) == "You receive the disability allowance."


def test_a_reason_may_have_wording_of_its_own() -> None:
    state = EntitlementState.SUSPENDED
    assert (
        TEXTS.state(DIS, state, EN, "CARD_EXPIRED") == "Disability card expired (payment suspended)"
    )
    assert TEXTS.state(DIS, state, EN, "MOVED") == TEXTS.state(DIS, state, EN)
    assert "not yet" not in TEXTS.state(OLD, EntitlementState.NOT_YET_ELIGIBLE, EN, "NOT_QUALIFIED")


@pytest.mark.parametrize("language", Language)
def test_a_death_is_never_told_to_who_signs_in(language: Language) -> None:
    told = TEXTS.officer_reason("DECEASED", language)
    assert told != TEXTS.reason("OTHER", language)
    assert TEXTS.reason("DECEASED", language) == TEXTS.reason("OTHER", language)
    assert TEXTS.reason("deceased ", language) == TEXTS.reason("OTHER", language)
    assert shown_reason_code("DECEASED") == "OTHER"
    assert shown_reason_code("MOVED") == "MOVED"
    telling = ("เสียชีวิต", "ตาย", "died", "death", "deceased")
    for key, entry in TEXTS.entries.items():
        if not key.startswith("reason.DECEASED"):
            shown = " ".join(entry.variants[language]).lower()
            assert not any(word in shown for word in telling), key


def test_an_unknown_reason_reads_as_other() -> None:
    assert TEXTS.reason("D99", TH) == TEXTS.reason("OTHER", TH)
    assert TEXTS.reason("CARD_EXPIRED", TH) == ("บัตรประจำตัวคนพิการหมดอายุ", "ต่ออายุบัตรและแจ้ง อปท.")


def test_years_are_buddhist_in_texts() -> None:
    assert TEXTS.month(year_month(2026, 11), TH) == "พฤศจิกายน 2569"
    assert TEXTS.month(year_month(2026, 11), EN) == "November 2569 BE"
    assert TEXTS.date(date(2026, 11, 10), TH) == "10 พฤศจิกายน 2569"
    assert TEXTS.date(date(2026, 11, 10), EN) == "10 November 2569 BE"
    window = RegistrationWindow(date(2025, 10, 1), date(2025, 11, 30), 2570)
    assert TEXTS.window(window, TH) == "1 ตุลาคม 2568 ถึง 30 พฤศจิกายน 2568"


def test_names() -> None:
    assert TEXTS.scheme(DIS, TH) == "เบี้ยความพิการ"
    assert TEXTS.bank("006", EN) == "Krungthai Bank"
    assert TEXTS.bank("999", TH) == "ธนาคารรหัส 999"


@pytest.mark.parametrize(
    ("satang", "text"), [(60_000, "600"), (100_000, "1,000"), (100_050, "1,000.50"), (5, "0.05")]
)
def test_amounts(satang: int, text: str) -> None:
    assert amount(satang) == text


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ('a = { th = "ก", source = "fact" }', r"a: en is missing or empty"),
        ('a = { th = " ", en = "x", source = "fact" }', r"a: th is missing or empty"),
        ('a = { th = [], en = "x", source = "fact" }', r"a: th is missing or empty"),
        ('a = { th = "ก", en = "x" }', r"a: source has to be one of brief, fact, proposed"),
        ('a = { th = "ก", en = "x", source = "fact", fr = "y" }', r"a: fr is not known"),
        (
            'a = { th = ["{amout}", "ก"], en = "x", source = "fact" }',
            r"a: th uses \{amout\}; known",
        ),
        ('a = { th = ["{amount.x}", "ก"], en = "x", source = "fact" }', r"uses \{amount.x\}"),
        ('a = { th = ["{amount:>{date}}", "ก"], en = "x", source = "fact" }', r"a: th uses"),
        ('a = { th = "{amount}", en = "x", source = "fact" }', r"a: th has no last variant"),
        ('a = { th = "{", en = "x", source = "fact" }', r"a: th has a brace without its partner"),
        ('[x]\na = "ก"', r"x: th is missing"),
    ],
)
def test_a_faulty_entry_is_named(toml: str, complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        parse_catalogue(toml)
