"""What every resolver may ask of its request."""

from dataclasses import dataclass, field
from datetime import date, datetime

from strawberry.types import Info as StrawberryInfo

from app.limits.admission import Admission
from app.privacy import PrivacyKeys
from app.rules.rule_book import RuleBook
from app.rules.texts import Texts
from app.viewer import Viewer
from loaders.bundle import Loaders


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


Info = StrawberryInfo[Context, None]
