"""What stands in the tables of notifications."""

from datetime import timedelta
from typing import Any

from app.notices.daily import Told, run_daily
from app.notices.making import Moment
from app.notices.telling import BY_DEFAULT
from app.rules.rule_book import shipped_rule_book
from tests.ingest.office import NOW, Office

TRUE = """
select n.id, kind::text, subject, facts, due_at, o.state::text as state, n.citizen_id, created_at
from notification n join notification_outbox o on o.notification_id = n.id
where withdrawn_at is null order by n.id
"""


async def true(office: Office) -> list[tuple[str, str]]:
    """Kind and subject of all that is true, in the order they were made."""
    return [(row["kind"], row["subject"]) for row in await office.connection.fetch(TRUE)]


async def rows(office: Office) -> list[Any]:
    return await office.connection.fetch(TRUE)


async def notify(office: Office, day: int = 0, **changed: Any) -> Told:
    """The daily run, so many days after NOW."""
    now = NOW + timedelta(days=day)
    moment = Moment(now, BY_DEFAULT)
    return await run_daily(office.connection, moment, shipped_rule_book(), **changed)
