"""A month's payment run: the cells that all who are in the same case share, made once."""

from typing import NamedTuple

from app.demo.layouts import LINE_END, csv_cells
from app.demo.person import Failure
from app.demo.timeline import PayMonth
from app.rules.vocabulary import PaymentKind, PaymentStatus, ReasonCode

_EXPIRED = Failure(ReasonCode.CARD_EXPIRED.value, "บัตรประจำตัวคนพิการหมดอายุ", PaymentStatus.WITHHELD)
_DECEASED = Failure(ReasonCode.DECEASED.value, "ผู้มีสิทธิถึงแก่กรรม", PaymentStatus.CANCELLED)
_OVERDUE = Failure(ReasonCode.BUDGET_DELAY.value, "อยู่ระหว่างจัดสรรงบประมาณ", PaymentStatus.SUBMITTED)
_SUBMITTED = Failure("", "", PaymentStatus.SUBMITTED)
_PAID = Failure("", "", PaymentStatus.PAID)


class Cells(NamedTuple):
    """The text of a row between the person's cells and the account's, and the text after them."""

    middle: str
    ending: str


class Run:
    """The rows of a month, without the person: amounts are baht as the files write them."""

    def __init__(self, month: PayMonth) -> None:
        self.month = month
        self._sent = _PAID if month.settled else _OVERDUE if month.overdue else _SUBMITTED
        self._made: dict[tuple[str, PaymentKind, str, str], Cells] = {}

    def sent(self, amount: str, kind: PaymentKind = PaymentKind.REGULAR, repays: str = "") -> Cells:
        """Paid, or on its way; `repays` is the month that a back-pay makes good."""
        return self._cells(amount, kind, self._sent, repays)

    def failed(self, amount: str, failure: Failure) -> Cells:
        """Sent, and refused by a bank."""
        return self._cells(amount, PaymentKind.REGULAR, failure)

    def withheld(self, amount: str) -> Cells:
        """Not sent, because the disability card has expired."""
        return self._cells(amount, PaymentKind.REGULAR, _EXPIRED)

    def cancelled(self, amount: str) -> Cells:
        """Taken back, because the citizen died before the pay day."""
        return self._cells(amount, PaymentKind.REGULAR, _DECEASED)

    def _cells(self, amount: str, kind: PaymentKind, outcome: Failure, repays: str = "") -> Cells:
        key = (amount, kind, outcome.code, repays)
        cells = self._made.get(key)
        if cells is None:
            cells = self._made[key] = self._new_cells(amount, kind, outcome, repays)
        return cells

    def _new_cells(self, amount: str, kind: PaymentKind, outcome: Failure, repays: str) -> Cells:
        paid_on = self.month.paid_on.isoformat() if outcome.status is PaymentStatus.PAID else ""
        return Cells(
            f",{csv_cells((self.month.text, amount, outcome.status.value, kind.value, paid_on))},",
            f",{csv_cells((outcome.code, outcome.text, repays))}{LINE_END}",
        )
