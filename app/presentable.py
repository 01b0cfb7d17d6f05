"""What a caller reads of an error: a code and a sentence, or an id that the log has."""

import logging
import re
import secrets
from collections.abc import Iterable

from graphql import GraphQLError, GraphQLSyntaxError, ValueNode

from app.errors import AllowancesError, BadInput

_log = logging.getLogger("allowances.errors")

_UNEXPECTED = (
    "Something went wrong on our side; nothing was changed. Quote the error id if you report it."
)


def make_presentable(error: GraphQLError) -> None:
    """Give an error its `extensions.code`; an unexpected one is logged and loses its text."""
    original = root_cause(error)
    if isinstance(original, AllowancesError):
        error.message = _at_argument(error.message, original.message)
        _code(error, original.code)
    elif original is not None:
        _mask(error, original)
    elif isinstance(error, GraphQLSyntaxError):
        error.message = _without_values(error.message)
        _code(error, "GRAPHQL_PARSE_FAILED")
    elif error.path is None:
        error.message = _without_values(error.message)
        _code(error, "GRAPHQL_VALIDATION_FAILED")
    elif error.nodes and isinstance(error.nodes[0], ValueNode):
        # A variable that is null where its argument must not be: known when the field is asked.
        error.message = _without_values(error.message)
        _code(error, BadInput.code)
    else:
        _mask(error, error)


def root_cause(error: BaseException) -> BaseException | None:
    """What was raised in a resolver or a scalar; None where the library itself objects."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _at_argument(located: str, sentence: str) -> str:
    """The library's word on where a value stands, such as `Variable '$input'`, and our sentence.

    What stands between the two repeats the value, and the value may be somebody's; but for its
    place within the variable, such as `$input.records[1].amount`.
    """
    if located == sentence or not located.startswith("Variable '"):
        return sentence
    place = _PLACE.match(located)
    name = f"{place[1]}{place[2]}" if place else located.split("'")[1]
    return f"Variable '{name}': {sentence}"


# The fields and places on the way to the value, which the library says before it repeats it.
_PLACE = re.compile(r"Variable '(\$\w+)' has invalid value at ((?:\.\w+|\[\d+\])+): ")


# The library's sentences repeat the value that was sent, in Python's spelling, and the value may be
# somebody's number.
_VALUES = (
    (re.compile(r"(cannot represent .*?value): .*", re.DOTALL), r"\1."),
    (re.compile(r"(Expected value of type '[^']*'), found .*", re.DOTALL), r"\1."),
    (
        re.compile(r"\bValue .* does not exist in ('\w+' enum)", re.DOTALL),
        r"There is no such value in the \1",
    ),
    (re.compile(r"\b(Int|Float|String|BlockString) '.*'\.$", re.DOTALL), r"\1."),
    (re.compile(r"\bnot to be None\b"), "not to be null"),
)


def _without_values(message: str) -> str:
    for pattern, replacement in _VALUES:
        message = pattern.sub(replacement, message)
    return message


def _mask(error: GraphQLError, original: BaseException) -> None:
    error_id = secrets.token_hex(8)
    # The type alone, never the text: a driver's message may hold a row.
    _log.error(
        "unexpected error %s at %s: %s",
        error_id,
        ".".join(str(part) for part in error.path or ["request"]),
        type(original).__name__,
        exc_info=_without_text(original),
    )
    error.message = _UNEXPECTED
    error.extensions = {"code": "INTERNAL_SERVER_ERROR", "errorId": error_id}


def _without_text(error: BaseException) -> BaseException:
    """The same traceback under an exception that says nothing."""
    return Exception(type(error).__name__).with_traceback(error.__traceback__)


def _code(error: GraphQLError, code: str) -> None:
    error.extensions = {**(error.extensions or {}), "code": code}


def forget_frames(errors: Iterable[BaseException | None]) -> None:
    """What was logged has been; a frame holds its error, and all that was read for the answer."""
    left, seen = list(errors), set[int]()
    while left:
        error = left.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        error.__traceback__ = None
        left += (getattr(error, "original_error", None), error.__cause__, error.__context__)
