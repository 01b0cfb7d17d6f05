"""The limits of one document."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Each a setting of the same name; docs/decisions/0006-limits.md says why so much."""

    max_tokens: int = 1000
    max_depth: int = 16
    max_aliases: int = 30
    max_directives: int = 50
    max_root_fields: int = 20
    max_repeated_fields: int = 50
