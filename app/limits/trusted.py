"""Trusted documents: the only ones that those may run who are no gateway."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from app.errors import AllowancesError, BadRequest, SettingsError

_PREFIX = "sha256:"
_SUFFIXES = (".graphql", ".gql")


class UnknownDocument(AllowancesError):
    """The documentId is of no document that is shipped."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class DocumentsNotKept(AllowancesError):
    """A documentId where no documents are shipped."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"


class UntrustedDocument(AllowancesError):
    """A document that this caller may not run."""

    code = "QUERY_NOT_IN_SAFELIST"


def document_id(text: str) -> str:
    """The id of a document, as GraphQL over HTTP has it: `sha256:` and hexadecimal digits."""
    return _PREFIX + sha256(text.encode()).hexdigest()


class TrustedDocuments:
    """Documents by id and by exact text."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._by_id = {document_id(text): text for text in texts}
        self._texts = frozenset(self._by_id.values())

    @classmethod
    def load(cls, directory: Path) -> "TrustedDocuments":
        """The *.graphql and *.gql files of a directory; `SettingsError` where there are none."""
        files = sorted(each for each in directory.glob("*") if each.suffix in _SUFFIXES)
        if not files:
            raise SettingsError(
                f"TRUSTED_DOCUMENTS: expected a directory with .graphql files, got {directory}."
            )
        return cls(file.read_bytes().decode("utf-8") for file in files)

    def __contains__(self, text: object) -> bool:
        return text in self._texts

    def text(self, identifier: str) -> str:
        """The document of an id, with or without `sha256:`; `UnknownDocument` where it is none."""
        text = self._by_id.get(_PREFIX + identifier.removeprefix(_PREFIX))
        if text is None:
            raise UnknownDocument("documentId: no document with this SHA-256 is shipped here.")
        return text


def document_of(identifier: object, trusted: TrustedDocuments | None) -> str:
    """The text of a request's `documentId`."""
    if trusted is None:
        raise DocumentsNotKept("documentId: no documents are kept here; send the query's text.")
    if not isinstance(identifier, str):
        raise BadRequest("documentId: expected a string.")
    return trusted.text(identifier)
