"""What time it is, in Thailand. The only place that asks the machine."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")


def now() -> datetime:
    """This moment, with Bangkok's offset."""
    return datetime.now(BANGKOK)


def timestamp() -> float:
    """This moment, in seconds since 1970."""
    return time.time()


def today() -> date:
    """Today's date in Bangkok."""
    return now().date()
