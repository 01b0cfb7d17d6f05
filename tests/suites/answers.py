"""Whether an answer is what the GraphQL specification allows to the document that was sent."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
)

CODES = frozenset(
    {
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "COST_ESTIMATED_TOO_EXPENSIVE",
        "FORBIDDEN",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "MAX_ALIASES_LIMIT",
        "MAX_DEPTH_LIMIT",
        "MAX_DIRECTIVES_LIMIT",
        "MAX_REPEATED_FIELDS_LIMIT",
        "MAX_ROOT_FIELDS_LIMIT",
        "MAX_TOKENS_LIMIT",
        "SERVICE_UNAVAILABLE",
        "UNAUTHENTICATED",
    }
)  # INTERNAL_SERVER_ERROR is none of them: no answer of a suite may have it

_LARGEST_INT = 2**31


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_date(value: Any) -> bool:
    return _matches(r"\d{4}-\d\d-\d\d")(value) and date.fromisoformat(value) is not None


def _is_moment(value: Any) -> bool:
    offset = datetime.fromisoformat(value).utcoffset() if isinstance(value, str) else None
    return offset is not None and value.endswith("+07:00")


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "Baht": _matches(r"-?\d+\.\d\d"),
    "Boolean": lambda value: isinstance(value, bool),
    "Date": _is_date,
    "DateTime": _is_moment,
    "ID": lambda value: isinstance(value, str),
    "Int": lambda value: type(value) is int and -_LARGEST_INT <= value < _LARGEST_INT,
    "NationalId": _matches(r"\d{13}"),
    "String": lambda value: isinstance(value, str),
    "YearMonth": _matches(r"\d{4}-(0[1-9]|1[0-2])"),
}

Path = tuple[str | int, ...]
Fields = dict[str, list[FieldNode]]


def problems(schema: GraphQLSchema, document: DocumentNode, answer: object) -> list[str]:
    """What is wrong with the answer to a document of one operation without variables.

    Each object of an abstract type is expected to have its `__typename` selected.
    """
    if not isinstance(answer, dict) or not answer.keys() <= {"data", "errors", "extensions"}:
        return ["the answer is no object of data, errors and extensions"]
    found = list(of_errors(answer))
    if answer.get("data") is not None:
        walk = _Walk(schema, document)
        found += walk.root(answer["data"])
    return found


def of_errors(answer: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the errors of an answer, whatever was asked."""
    errors, data = answer.get("errors", []), answer.get("data")
    if "errors" in answer and (not isinstance(errors, list) or not errors):
        yield "errors: expected a list that is not empty"
        return
    if data is None and not errors:
        yield "neither data nor errors"
    for number, error in enumerate(errors):
        yield from (f"errors.{number}: {problem}" for problem in _of_error(error, data))


def _of_error(error: Any, data: Any) -> Iterator[str]:
    if not isinstance(error, dict) or not error.get("message"):
        yield "no message"
        return
    if not error.keys() <= {"message", "locations", "path", "extensions"}:
        yield f"unexpected keys among {sorted(error)}"
    if (code := error.get("extensions", {}).get("code")) not in CODES:
        yield f"the code {code} is not known"
    for place in error.get("locations", ()):
        if place.keys() != {"line", "column"} or min(place.values()) < 1:
            yield f"location {place}"
    path = error.get("path")
    if path is None:
        if data is not None:
            yield "data beside an error of the whole request"
    elif not _ends_in_null(path, data):
        yield f"path {path} leads to no null"


def _ends_in_null(path: Sequence[Any], data: Any) -> bool:
    """Whether a path meets a null, at its end or where the null of its end came to."""
    for part in path:
        if data is None:
            return True
        if not isinstance(data, dict | list) or isinstance(data, dict) != isinstance(part, str):
            return False
        try:
            data = data[part]
        except (LookupError, TypeError):
            return False
    return data is None


@dataclass(slots=True)
class _Walk:
    """Document and data side by side, from the root down."""

    schema: GraphQLSchema
    document: DocumentNode

    def root(self, data: object) -> Iterator[str]:
        (operation,) = self._definitions(OperationDefinitionNode)
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        return self._object([operation.selection_set], root, data, ())

    def _definitions(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.document.definitions if isinstance(each, kind)]

    def _object(
        self, selections: list[SelectionSetNode], of: GraphQLObjectType, value: object, at: Path
    ) -> Iterator[str]:
        if not isinstance(value, dict):
            yield _at(at, f"expected an object of {of.name}")
            return
        fields: Fields = {}
        for each in selections:
            self._collect(each, of, fields)
        if value.keys() != fields.keys():
            yield _at(at, f"expected {sorted(fields)}, got {sorted(value)}")
            return
        if list(value) != list(fields):
            yield _at(at, f"expected the order {list(fields)}, got {list(value)}")
        for key, nodes in fields.items():
            name = nodes[0].name.value
            if name == "__typename":
                if value[key] != of.name:
                    yield _at((*at, key), f"expected {of.name}")
            else:
                yield from self._value(nodes, of.fields[name].type, value[key], (*at, key))

    def _collect(self, selections: SelectionSetNode, of: GraphQLObjectType, into: Fields) -> None:
        """The fields that apply to an object of this type, by the keys of the answer."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                into.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(node.type_condition, of):
                    self._collect(node.selection_set, of, into)
            elif isinstance(node, FragmentSpreadNode):
                (fragment,) = (
                    each
                    for each in self._definitions(FragmentDefinitionNode)
                    if each.name.value == node.name.value
                )
                if self._applies(fragment.type_condition, of):
                    self._collect(fragment.selection_set, of, into)

    def _applies(self, condition: Any, of: GraphQLObjectType) -> bool:
        named = self.schema.get_type(condition.name.value)
        return named is of or (is_abstract_type(named) and self.schema.is_sub_type(named, of))

    def _value(
        self, nodes: list[FieldNode], of: GraphQLOutputType, value: Any, at: Path
    ) -> Iterator[str]:
        if value is None:
            if is_non_null_type(of):
                yield _at(at, f"null for {of}")
            return
        inner: Any = get_nullable_type(of)
        if is_list_type(inner):
            if not isinstance(value, list):
                yield _at(at, "expected a list")
                return
            for index, item in enumerate(value):
                yield from self._value(nodes, inner.of_type, item, (*at, index))
        elif isinstance(inner, GraphQLEnumType):
            if value not in inner.values:
                yield _at(at, f"no value of {inner.name}")
        elif isinstance(inner, GraphQLScalarType):
            if not _FORMS[inner.name](value):
                yield _at(at, f"not in the form of {inner.name}")
        else:
            selections = [node.selection_set for node in nodes if node.selection_set]
            yield from self._object(selections, self._concrete(inner, value), value, at)

    def _concrete(self, of: Any, value: Any) -> GraphQLObjectType:
        if not is_abstract_type(of):
            concrete: GraphQLObjectType = of
            return concrete
        possible = {each.name: each for each in self.schema.get_possible_types(of)}
        return possible[value["__typename"]]


def _at(path: Path, problem: str) -> str:
    return f"data.{'.'.join(map(str, path))}: {problem}"
