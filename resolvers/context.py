"""What every resolver may ask of its request."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from strawberry.types import Info as StrawberryInfo

from app.accountability import Category, Reads
from app.database import Database
from app.errors import Unavailable
from app.limits.admission import Admission
from app.notices.telling import BY_DEFAULT, Telling
from app.policies import Scope
from app.privacy import PrivacyKeys
from app.rules.rule_book import RuleBook
from app.rules.texts import Texts
from app.viewer import AgencyViewer, Viewer
from loaders.bundle import Loaders
from loaders.live_notifications import LiveNotifications

_OF_REPAYMENTS = frozenset({"Payment.repays", "Payment.repaidBy"})


@dataclass(slots=True)
class Context:
    """One request: who asks, on which day, and the loaders that answer."""

    viewer: Viewer
    loaders: Loaders
    book: RuleBook
    texts: Texts
    keys: PrivacyKeys
    now: datetime
    today: date
    max_representations: int
    admission: Admission = field(default_factory=Admission)
    reads: Reads | None = None
    submissions: Database | None = None  # as the role that writes; None: none are taken
    telling: Telling = BY_DEFAULT
    live: LiveNotifications | None = None
    allowed: set[Scope] = field(default_factory=set)  # what the viewer was found to have
    again: Callable[[], "Context"] | None = None  # the same, for one more event of a stream
    repayments: bool = True  # whether it may be asked what a payment repays, or what repays it

    def note_asked(self, fields: frozenset[str] | None) -> None:
        """The schema coordinates of the fields that the operation may ask; None: nobody looked."""
        self.repayments = fields is None or not _OF_REPAYMENTS.isdisjoint(fields)

    def note_reads(self, citizen_ids: Iterable[UUID], category: Category) -> None:
        """Data of citizens are about to be given; an agency's access is put on record.

        `Unavailable` where nobody would write the record.
        """
        if isinstance(self.viewer, AgencyViewer):
            if self.reads is None:
                raise Unavailable("This read would not be put on record, so nothing is given.")
            self.reads.note(citizen_ids, category)

    def renew(self) -> None:
        """What was read for one event of a stream is old for the next, and so is the day."""
        if self.again is not None:
            fresh = self.again()
            self.loaders, self.book = fresh.loaders, fresh.book
            self.now, self.today = fresh.now, fresh.today


Info = StrawberryInfo[Context, None]
