"""The text catalogue: entries read from TOML and checked, each fault named."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import Any

from app.rules.vocabulary import Language

SOURCES = frozenset({"brief", "proposed", "fact"})
"""Whether a wording is the brief's, ours and to be approved, or a plain name."""

_SENTENCE_WORDS = frozenset({"amount", "date", "window", "authority", "month", "reason", "action"})
_FORMAT_WORDS = {
    "format.month": frozenset({"month", "year"}),
    "format.date": frozenset({"day", "month", "year"}),
    "format.window": frozenset({"opens", "closes"}),
    "format.unknown_bank": frozenset({"code"}),
}


class CatalogueError(ValueError):
    """The catalogue can not be used; the text names each entry and what to write."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One text in each language, as variants in order of preference, and where it is from."""

    variants: Mapping[Language, tuple[str, ...]]
    source: str

    def render(self, language: Language, values: Mapping[str, str | None]) -> str:
        """The first variant whose words all have a value; the last one needs none."""
        known = {name: value for name, value in values.items() if value is not None}
        variants = self.variants[language]
        chosen = next((text for text in variants if words_in(text) <= known.keys()), variants[-1])
        return chosen.format_map(known)


def parse_catalogue(toml: str) -> dict[str, Entry]:
    """The entries of a file by dotted key; `CatalogueError` names every faulty one."""
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    for key, raw in _leaves("", tomllib.loads(toml)):
        if found := _faults(key, raw):
            faults += found
        else:
            entries[key] = _entry(raw)
    if faults:
        raise CatalogueError("\n".join(faults))
    return entries


@lru_cache(maxsize=1024)
def words_in(text: str) -> frozenset[str]:
    """The words in braces of a text, with whatever else stands in the braces."""
    return frozenset(
        f"{name}{f':{form}' if form else ''}{f'!{conversion}' if conversion else ''}"
        for _, name, form, conversion in Formatter().parse(text)
        if name is not None
    )


def _leaves(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
            yield from _leaves(f"{key}.", value)
        else:
            yield key, value if isinstance(value, dict) else {}


def _entry(raw: Mapping[str, Any]) -> Entry:
    variants = {language: _variants(raw[language.value.lower()]) for language in Language}
    return Entry(variants, raw["source"])


def _variants(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (str(value),)


def _faults(key: str, raw: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{key}: {fault}"
        for language in Language
        for fault in _language_faults(key, language.value.lower(), raw)
    ]
    if raw.get("source") not in SOURCES:
        faults.append(f"{key}: source has to be one of {', '.join(sorted(SOURCES))}.")
    if unknown := raw.keys() - {"th", "en", "source"}:
        faults.append(f"{key}: {', '.join(sorted(unknown))} is not known; write th, en and source.")
    return faults


def _language_faults(key: str, name: str, raw: Mapping[str, Any]) -> Iterator[str]:
    variants = _variants(raw.get(name) or "")
    if not all(isinstance(text, str) and text.strip() for text in variants):
        yield f"{name} is missing or empty; write the text."
        return
    allowed = _FORMAT_WORDS.get(key, _SENTENCE_WORDS)
    try:
        unknown = frozenset().union(*map(words_in, variants)) - allowed
    except ValueError:
        yield f"{name} has a brace without its partner; write {{word}}."
        return
    if unknown:
        yield f"{name} uses {_braced(unknown)}; known are {_braced(allowed)}."
    if key not in _FORMAT_WORDS and words_in(variants[-1]):
        yield f"{name} has no last variant without words in braces; add one."


def _braced(words: frozenset[str]) -> str:
    return " ".join(f"{{{word}}}" for word in sorted(words))
