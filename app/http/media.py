"""Content negotiation: what the `Accept` header asks for, of what there is."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from app.errors import AllowancesError

_REMEMBERED = 64  # headers


class Media(StrEnum):
    """The forms of an answer; who takes anything is given the first."""

    JSON = "application/json"
    GRAPHQL_RESPONSE = "application/graphql-response+json"
    EVENT_STREAM = "text/event-stream"


class NotAcceptable(AllowancesError):
    """The caller takes no form that there is."""

    code = "NOT_ACCEPTABLE"


@lru_cache(_REMEMBERED)
def accepted(header: str | None) -> Sequence[Media]:
    """The forms that a caller takes, the best first; `NotAcceptable` where there is none.

    Of equal quality, what stands first in the header comes first. No header takes all.
    """
    if header is None or not header.strip():
        return tuple(Media)
    ranges = [_range(part) for part in header.split(",")]
    taken: dict[Media, tuple[float, int]] = {}
    for media in Media:
        quality, place = _preference(media, ranges)
        if quality > 0:
            taken[media] = (-quality, place)
    if not taken:
        raise NotAcceptable(f"Accept: expected one of {', '.join(Media)}.")
    return tuple(sorted(taken, key=lambda media: taken[media]))


def _range(part: str) -> tuple[str, float]:
    """A media range in small letters, and its quality."""
    pattern, *parameters = (each.strip().lower() for each in part.split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return pattern, min(max(float(quality), 0.0), 1.0)
    except ValueError:
        return pattern, 0.0


def _preference(media: Media, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """The quality and the place of the range that speaks of it most exactly."""
    for pattern in (media.value, f"{media.partition('/')[0]}/*", "*/*"):
        for place, (candidate, quality) in enumerate(ranges):
            if candidate == pattern:
                return quality, place
    return 0.0, 0
