"""Bars for the screen query: requests per second, and the CPU that a request takes."""

from collections.abc import Sequence
from itertools import groupby

from bench.measuring import Figure, Slice
from bench.servers import OURS

_WIDTH, _LABEL, _BARS, _ROW = 760, 110, 250, 18
_STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#222}.head{font-weight:bold}"
    ".us{fill:#0b6e4f}.peer{fill:#8aa}.db{fill:#d9a441}</style>"
)


def picture(figures: Sequence[Figure]) -> str:
    """An SVG; figures that are void have no bar."""
    parts, top = [], 30
    for connections, some in groupby(figures, lambda each: each.connections):
        group = list(some)
        parts.append(_group(connections, group, top))
        top += (len(group) + 2) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img">'
        f'<rect width="{_WIDTH}" height="{top}" fill="#fff"/>{_STYLE}'
        f"{_text(_LABEL, 16, 'requests per second')}"
        f"{_text(_LABEL + 330, 16, 'CPU ms per request: app, then Postgres')}"
        f"{''.join(parts)}</svg>\n"
    )


def _group(connections: int, figures: Sequence[Figure], top: int) -> str:
    sound = [each.middle for each in figures if each.middle.wrong is None]
    fastest = max((each.rate for each in sound), default=1.0)
    dearest = max((each.app_cpu + each.database_cpu for each in sound), default=1.0)
    plural = "" if connections == 1 else "s"
    parts = [f'<text class="head" x="6" y="{top + 12}">{connections} connection{plural}</text>']
    for place, each in enumerate(figures, 1):
        y = top + place * _ROW
        parts.append(_text(6, y + 12, each.server))
        if each.middle.wrong is None:
            kind = "us" if each.server == OURS else "peer"
            parts.append(_bars(each.middle, kind, y, fastest, dearest))
    return "".join(parts)


def _bars(middle: Slice, kind: str, y: int, fastest: float, dearest: float) -> str:
    rate = middle.rate / fastest * _BARS
    app = middle.app_cpu / dearest * (_BARS - 50)
    database = middle.database_cpu / dearest * (_BARS - 50)
    second = _LABEL + 330
    numbers = f"{middle.app_cpu:.2f} + {middle.database_cpu:.2f}"
    return (
        _bar(_LABEL, y, rate, kind)
        + _text(_LABEL + rate + 5, y + 12, f"{middle.rate:,.0f}")
        + _bar(second, y, app, kind)
        + _bar(second + app, y, database, "db")
        + _text(second + app + database + 5, y + 12, numbers)
    )


def _bar(x: float, y: float, width: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 4}"/>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y}">{words}</text>'
