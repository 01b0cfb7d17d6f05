"""How a request over a limit is refused. The codes are Apollo Router's, and ours by analogy."""

from enum import Enum

from graphql import GraphQLError

from app.errors import AllowancesError

_LARGEST_SHOWN = 10**12


class Code(Enum):
    """The `extensions.code` of each limit of a document."""

    TOKENS = "MAX_TOKENS_LIMIT"
    DEPTH = "MAX_DEPTH_LIMIT"
    ALIASES = "MAX_ALIASES_LIMIT"
    DIRECTIVES = "MAX_DIRECTIVES_LIMIT"
    ROOT_FIELDS = "MAX_ROOT_FIELDS_LIMIT"
    REPEATED_FIELDS = "MAX_REPEATED_FIELDS_LIMIT"
    COST = "COST_ESTIMATED_TOO_EXPENSIVE"


class TooMuch(AllowancesError):
    """A document over a limit; `code` says which."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code.value


def refusal(code: Code, message: str) -> GraphQLError:
    """The refusal as a GraphQL error of the whole request."""
    return GraphQLError(message, original_error=TooMuch(code, message))


def number(count: int) -> str:
    """A count as a sentence shows it; fragments within fragments make astronomic ones."""
    return f"{count:,}" if count <= _LARGEST_SHOWN else f"more than {_LARGEST_SHOWN:,}"
