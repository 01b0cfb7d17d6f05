"""The mini-apps' screens: each for each persona it suits, the whole answer compared.

The answers stand in tests/screens as JSON; `pytest --write-screens` writes them anew, to be read
as a change like any other.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app import screens
from app.demo.personas import PERSONAS
from tests.conftest import Asker

ANSWERS = Path(__file__).parent / "screens"
THAI = re.compile("[\u0e00-\u0e7f]")
OLD_AGE = ("old_age_home", "old_age_history")
DISABILITY = ("disability_home", "disability_history")
SUITED = {
    "old-age-receiving": OLD_AGE,
    "old-age-not-registered": OLD_AGE,
    "old-age-not-yet": OLD_AGE,
    "old-age-registered": OLD_AGE,
    "disability-receiving": DISABILITY,
    "disability-not-registered": DISABILITY,
    "both": (*OLD_AGE, *DISABILITY),
    "failed-repaid": OLD_AGE,
    "suspended": DISABILITY,
    "ended": OLD_AGE,
    "proxy": OLD_AGE,
    "cash": OLD_AGE,
}
CASES = [(persona, screen) for persona, suited in SUITED.items() for screen in suited]


def without_ids(value: Any) -> Any:
    """Ids and cursors are random by design; that there is one is what counts."""
    if isinstance(value, dict):
        return {
            name: f"<{name}>" if name in {"id", "endCursor"} and part else without_ids(part)
            for name, part in value.items()
        }
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def test_every_persona_and_screen_is_tried() -> None:
    assert SUITED.keys() == PERSONAS.keys()
    assert {screen for _, screen in CASES} == set(screens.NAMES)


@pytest.mark.parametrize(("persona", "screen"), CASES)
async def test_a_screen(ask: Asker, pytestconfig: pytest.Config, persona: str, screen: str) -> None:
    data = without_ids(await ask.data(screens.document(screen), token=ask.citizen(persona)))
    file = ANSWERS / f"{screen}.{persona}.json"
    if pytestconfig.getoption("--write-screens"):
        file.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert data == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("persona", PERSONAS)
async def test_the_screens_in_english_have_no_thai_sentence(ask: Asker, persona: str) -> None:
    for screen in screens.NAMES:
        data = await ask.data(
            screens.document(screen), {"language": "EN"}, token=ask.citizen(persona)
        )
        sentences = _values(data, {"stateText", "stateMessage", "explanation", "action"})
        assert not any(THAI.search(sentence) for sentence in sentences), sentences


def _values(value: Any, names: set[str]) -> list[str]:
    if isinstance(value, dict):
        own = [part for name, part in value.items() if name in names and part]
        return own + [found for part in value.values() for found in _values(part, names)]
    return [f for part in value for f in _values(part, names)] if isinstance(value, list) else []
