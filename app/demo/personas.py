"""The personas: one made-up citizen for each situation, true on whatever day the demo is started.

Their facts stand on fixed days. Only what must move with the day does: an age still ahead, a card
that has expired, a right that was given up. These move at most once a quarter, so that files of
different days seldom contradict each other.
"""

from collections.abc import Mapping
from datetime import date

from app.demo.national_ids import persona_id
from app.demo.person import Account, Card, Holding, Sex, Trouble
from app.demo.persona import (
    Persona,
    always,
    holds,
    registered_in_advance,
    sixty_in,
    waived,
    with_expired_card,
    with_valid_card,
)
from app.demo.reference import DORMANT
from app.rules.vocabulary import AccountHolder, DisabilityType, Scheme

_OLD_AGE = Scheme.OLD_AGE_ALLOWANCE
_DISABILITY = Scheme.DISABILITY_ALLOWANCE
_EVERY_FEBRUARY_AND_AUGUST = Trouble(DORMANT, cycle=6, phase=1, length=1, repaid=True)


def _account(bank_code: str, number: str, name: str) -> tuple[Account, ...]:
    return (Account(bank_code, number, name, AccountHolder.SELF),)


_BOTH = _account("030", "986000000077", "สมบูรณ์ คำแก้ว")

_ALL = (
    Persona(
        name="old-age-receiving",
        national_id=persona_id(1),
        description="Receives the old-age allowance every month in her own bank account.",
        sex=Sex.FEMALE,
        title="นาง",
        given_name="มาลี",
        family_name="ใจดี",
        authority="03500101",
        born=always(date(1957, 5, 20)),
        holdings=holds(
            Holding(_OLD_AGE, date(2016, 2, 15), _account("006", "9860000014", "มาลี ใจดี"))
        ),
    ),
    Persona(
        name="old-age-not-registered",
        national_id=persona_id(2),
        description="Is of age for the old-age allowance and has never registered for it.",
        sex=Sex.MALE,
        title="นาย",
        given_name="บุญมี",
        family_name="ศรีสุข",
        authority="03400101",
        born=always(date(1962, 7, 9)),
        holdings=holds(),
    ),
    Persona(
        name="old-age-not-yet",
        national_id=persona_id(3),
        description="Is 59 and turns 60, the age of the old-age allowance, in less than a year.",
        sex=Sex.FEMALE,
        title="นาง",
        given_name="วันเพ็ญ",
        family_name="ทองดี",
        authority="04670101",
        born=sixty_in(8),
        holdings=holds(),
    ),
    Persona(
        name="old-age-registered",
        national_id=persona_id(4),
        description="Has registered in advance and turns 60 within months; no payment is due yet.",
        sex=Sex.MALE,
        title="นาย",
        given_name="มานพ",
        family_name="สุขสวัสดิ์",
        authority="03300101",
        born=sixty_in(2),
        holdings=registered_in_advance(
            Holding(_OLD_AGE, date.min, _account("034", "986000000049", "มานพ สุขสวัสดิ์")),
            sixty_in(2),
        ),
    ),
    Persona(
        name="disability-receiving",
        national_id=persona_id(5),
        description="Receives the disability allowance with a card that is valid for years.",
        sex=Sex.MALE,
        title="นาย",
        given_name="ศุภกร",
        family_name="ใจงาม",
        authority="01100101",
        born=always(date(1990, 11, 3)),
        holdings=with_valid_card(
            Holding(
                _DISABILITY,
                date(2012, 2, 10),
                _account("014", "9860000051", "ศุภกร ใจงาม"),
                disabilities=(DisabilityType.MOBILITY,),
            )
        ),
    ),
    Persona(
        name="disability-not-registered",
        national_id=persona_id(6),
        description="Is 35 or older, not of old age, and registered for no allowance.",
        sex=Sex.FEMALE,
        title="นางสาว",
        given_name="พรทิพย์",
        family_name="บัวทอง",
        authority="03900101",
        born=always(date(1991, 3, 27)),
        holdings=holds(),
    ),
    Persona(
        name="both",
        national_id=persona_id(7),
        description="Receives the old-age and the disability allowance side by side.",
        sex=Sex.MALE,
        title="นาย",
        given_name="สมบูรณ์",
        family_name="คำแก้ว",
        authority="05550501",
        born=always(date(1953, 12, 12)),
        holdings=holds(
            Holding(_OLD_AGE, date(2012, 11, 5), _BOTH),
            Holding(
                _DISABILITY,
                date(2017, 6, 20),
                _BOTH,
                cards=(Card(date(2017, 6, 12), None),),
                disabilities=(DisabilityType.VISION, DisabilityType.HEARING),
            ),
        ),
    ),
    Persona(
        name="failed-repaid",
        national_id=persona_id(8),
        description="Every February and August the payment fails, and is repaid a month later.",
        sex=Sex.FEMALE,
        title="นาง",
        given_name="สมศรี",
        family_name="แสงทอง",
        authority="04340701",
        born=always(date(1955, 8, 30)),
        holdings=holds(
            Holding(
                _OLD_AGE,
                date(2014, 11, 17),
                _account("034", "986000000086", "สมศรี แสงทอง"),
                trouble=_EVERY_FEBRUARY_AND_AUGUST,
            )
        ),
    ),
    Persona(
        name="suspended",
        national_id=persona_id(9),
        description="Has a disability card that expired; the allowance is withheld until renewal.",
        sex=Sex.FEMALE,
        title="นางสาว",
        given_name="วราภรณ์",
        family_name="แก้วมณี",
        authority="06830301",
        born=always(date(1983, 1, 18)),
        holdings=with_expired_card(
            Holding(
                _DISABILITY,
                date(2012, 5, 14),
                _account("030", "986000000093", "วราภรณ์ แก้วมณี"),
                disabilities=(DisabilityType.HEARING,),
            )
        ),
    ),
    Persona(
        name="ended",
        national_id=persona_id(10),
        description="Gave the old-age allowance up some months ago.",
        sex=Sex.MALE,
        title="นาย",
        given_name="ประเสริฐ",
        family_name="รุ่งเรือง",
        authority="04770701",
        born=always(date(1950, 4, 2)),
        holdings=waived(
            Holding(_OLD_AGE, date(2010, 3, 8), _account("002", "9860000107", "ประเสริฐ รุ่งเรือง"))
        ),
    ),
    Persona(
        name="proxy",
        national_id=persona_id(11),
        description="Receives the old-age allowance in the bank account of an authorised daughter.",
        sex=Sex.FEMALE,
        title="นาง",
        given_name="จำเนียร",
        family_name="พุ่มพวง",
        authority="03650101",
        born=always(date(1941, 9, 14)),
        holdings=holds(
            Holding(
                _OLD_AGE,
                date(2009, 4, 20),
                (Account("004", "9860000112", "สุกัญญา พุ่มพวง", AccountHolder.PROXY),),
            )
        ),
    ),
    Persona(
        name="cash",
        national_id=persona_id(12),
        description="Receives the old-age allowance in cash at the local authority.",
        sex=Sex.MALE,
        title="นาย",
        given_name="คำปัน",
        family_name="อุ่นเรือน",
        authority="06580601",
        born=always(date(1946, 10, 2)),
        holdings=holds(Holding(_OLD_AGE, date(2009, 4, 22))),
    ),
)

PERSONAS: Mapping[str, Persona] = {persona.name: persona for persona in _ALL}
"""The personas by name, in the order in which they are told of."""
