"""The office again: what it imports is told."""

from tests.ingest.conftest import office

__all__ = ["office"]
