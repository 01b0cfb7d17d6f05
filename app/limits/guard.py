"""What stands before every operation: which documents may run, and how much they may cost."""

from typing import Any, NamedTuple

from graphql import GraphQLError

from app.limits.admission import Admission
from app.limits.documents import Document, Documents, cost_error
from app.limits.trusted import TrustedDocuments, UntrustedDocument


class Guard(NamedTuple):
    """Lets a document run if its caller may send it, and if it is within the limits."""

    documents: Documents
    trusted: TrustedDocuments | None

    def read(self, text: str, admission: Admission) -> Document:
        """The document of a text, if its caller may send it."""
        if self.trusted is not None and not admission.any_document and text not in self.trusted:
            raise UntrustedDocument(
                "This document is none of those that are shipped. Send one of them, by its "
                "documentId or its exact text."
            )
        return self.documents.read(text)

    def judge(
        self,
        document: Document,
        name: str | None,
        variables: dict[str, Any] | None,
        admission: Admission,
    ) -> list[GraphQLError]:
        """Why an operation of a document must not run; empty where it may."""
        if document.errors:
            return list(document.errors)
        cost = document.cost(name, variables)
        return [cost_error(cost, admission.max_cost)] if cost > admission.max_cost else []
