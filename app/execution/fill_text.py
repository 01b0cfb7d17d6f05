"""The Python text of a function that fills in fields of many objects."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from graphql import FieldNode, Undefined

from app.execution.failures import Failure
from app.execution.leaves import Leaf
from app.execution.level import Levels
from app.execution.plain import PLAIN
from app.execution.plan import ActiveFields, FieldPlan, Guard, Kind, SelectionPlan, TypePlan

# The field's number, a value of it that has to be looked at, where it belongs, and whose it is: the
# number of the source, or NOBODYS.
Odd = Callable[[int, Any, dict[str, Any], int], None]
# The same for an item of a field's list, where in that it belongs.
OddItem = Callable[[int, Any, list[Any], int], None]
# What is not at hand of a field: of each object the source, where it belongs and its number.
Later = list[tuple[Any, dict[str, Any], int]]
# Of sources, outs, what a call gets as info; by the field's number the arguments of calls, what
# gives values that are at hand, what is asked later, and whether objects behind a guard are open;
# and where objects join their level.
Fill = Callable[
    [
        Sequence[Any],
        Sequence[dict[str, Any]],
        Any,
        Mapping[int, dict[str, Any]],
        Mapping[int, Callable[[Any], Any]],
        Mapping[int, Later],
        Mapping[int, bool],
        Levels,
        Odd,
        OddItem,
    ],
    None,
]

NOBODYS = -1  # of an object within that of a source, whose place nobody asks for

_DEEPEST = 8  # objects within objects; Python has a limit to what it reads
_MOST_FIELDS = 50  # no more objects join in then: each field is written out on several levels


def can_be_filled(field: FieldPlan) -> bool:
    if field.typename:
        return True
    if field.attribute is None and not _is_simple_call(field):
        return False
    item = field.type.of or field.type
    return item.simple or field.type.kind is Kind.LEAF


def _is_simple_call(field: FieldPlan) -> bool:
    call = field.call
    if call is None or call.at_hand is not None:
        return call is not None
    return call.together is None and not call.awaited


def _is_inner(type_: TypePlan, depth: int) -> bool:
    """Whether an object's fields can all be filled in with it; else it joins its level."""
    always = type_.selection.always
    if always is None or depth > _DEEPEST:
        return False
    return all(can_be_filled(field) for field, _ in always)


def guards_of(fields: ActiveFields) -> Sequence[Guard]:
    """Those that stand before any of the fields, each once."""
    guards = (field.guard for field, _ in fields)
    return list(dict.fromkeys(guard for guard in guards if guard is not None))


class FillText:
    """The text of one function; names stand in it for all that comes from a document."""

    def __init__(self) -> None:
        self.numbered: list[tuple[FieldPlan, list[FieldNode]]] = []
        self.asking: list[int] = []
        self.at_hand: dict[int, Callable[..., Any]] = {}
        self.later: dict[int, SelectionPlan] = {}
        self.guarded: dict[int, Sequence[Guard]] = {}
        self._before: list[str] = []  # lines that stand once, ahead of those for each object
        self._names: dict[str, Any] = {"PLAIN": PLAIN, "Undefined": Undefined, "Failure": Failure}
        self._names["inf"] = float("inf")

    def function(self, selection: SelectionPlan, fields: ActiveFields) -> Fill:
        body = list(self._fields(selection, fields, "source", "out", "number", 0))
        lines = [
            "def fill(sources, outs, info, arguments, hands, later, opened, levels, "
            "odd, odd_item):",
            "    shared = levels.shared",
            *(f"    {line}" for line in self._before),
            "    for number, (source, out) in enumerate(zip(sources, outs)):",
            *(f"        {line}" for line in body),
        ]
        exec("\n".join(lines), self._names)  # noqa: S102 - of our own names alone
        fill: Fill = self._names["fill"]
        return fill

    def _fields(
        self,
        selection: SelectionPlan,
        fields: ActiveFields,
        source: str,
        out: str,
        number: str,
        depth: int,
    ) -> Iterator[str]:
        for field, nodes in fields:
            place = len(self.numbered)
            self.numbered.append((field, nodes))
            self._names[f"key_{place}"] = field.key
            if field.typename:
                self._names[f"type_{place}"] = field.parent_type.name
                yield f"{out}[key_{place}] = type_{place}"
            else:
                yield "try:"
                yield f"    value = {self._had(field, place, source)}"
                yield "except Exception as error:"
                yield f"    odd({place}, Failure(error), {out}, {number})"
                yield "else:"
                written = self._written(field.type, place, out, number, depth)
                if field.call is not None and field.call.at_hand is not None:
                    self.later[place] = selection
                    written = self._at_hand(written, place, source, out, number)
                yield from _within(written)

    def _at_hand(
        self, written: Iterator[str], place: int, source: str, out: str, number: str
    ) -> Iterator[str]:
        self._before.append(f"later_{place} = later[{place}]")
        yield "if value is Undefined:"
        yield f"    {out}[key_{place}] = None"  # its place in the order
        yield f"    later_{place}.append(({source}, {out}, {number}))"
        yield "else:"
        yield from _within(written)

    def _had(self, field: FieldPlan, place: int, source: str) -> str:
        if field.attribute is not None:
            return f"{source}.{field.attribute.name}"
        call = field.call
        if field.definition.args:
            self.asking.append(place)
        if call is not None and call.at_hand is not None:
            self.at_hand[place] = call.at_hand
            self._before.append(f"hand_{place} = hands[{place}]")
            return f"hand_{place}({source})"
        self._names[f"call_{place}"] = None if call is None else call.function
        if not field.definition.args:
            return f"call_{place}({source}, info)"
        self._before.append(f"arguments_{place} = arguments[{place}]")
        return f"call_{place}({source}, info, **arguments_{place})"

    def _written(
        self, type_: TypePlan, place: int, out: str, number: str, depth: int
    ) -> Iterator[str]:
        target, odd = f"{out}[key_{place}]", f"odd({place}, value, {out}, {number})"
        if type_.leaf is not None:
            written = self._leaf(type_.leaf, place, target, odd)
        elif type_.of is not None:
            written = self._list(type_.of, place, target, odd, depth)
        else:
            done = f"{target} = found", f"shared.append(({out}, key_{place}))"
            written = self._object(type_, place, "value", done, odd, depth)
        if type_.nullable:
            yield "if value is None:"
            yield f"    {target} = None"
            yield "else:"
            yield from _within(written)
        else:
            yield from written

    def _leaf(self, leaf: Leaf, place: int, target: str, odd: str) -> Iterator[str]:
        if leaf.as_it_is is not None:
            yield f"if {leaf.as_it_is}:"
            yield f"    {target} = value"
            yield "else:"
            yield f"    {odd}"
            return
        self._names[f"names_{place}"], self._names[f"coerce_{place}"] = leaf.names, leaf.coerce
        yield "try:"
        if leaf.names is not None:
            yield f"    text = names_{place}[value]"
        else:
            yield "    if value.__class__ not in PLAIN: raise TypeError"
            yield f"    text = coerce_{place}(value)"
            yield "    if text is None or text is Undefined: raise TypeError"
        yield "except Exception:"
        yield f"    {odd}"
        yield "else:"
        yield f"    {target} = text"

    def _list(self, item: TypePlan, place: int, target: str, odd: str, depth: int) -> Iterator[str]:
        items = f"items_{place}"
        joined = f"{items}.append(found)"
        again = f"shared.append(({items}, len({items}) - 1))"
        odd_item = f"odd_item({place}, item, {items}, len({items}))"
        yield "if value.__class__ is list or value.__class__ is tuple:"
        yield f"    {target} = {items} = []"
        yield "    for item in value:"
        written = self._object(item, place, "item", (joined, again), odd_item, depth)
        yield from _within(_within(written))
        yield "else:"
        yield f"    {odd}"

    def _object(
        self,
        type_: TypePlan,
        place: int,
        value: str,
        done: tuple[str, str],
        odd: str,
        depth: int,
    ) -> Iterator[str]:
        """`done`: how what was `found` is put where it belongs, and noted where it is so again."""
        self._names[f"check_{place}"] = type_.check
        yield "try:"
        yield f"    if {value}.__class__ not in PLAIN: raise TypeError"
        if type_.check is not None:
            yield f"    if not check_{place}({value}, info): raise TypeError"
        yield "except Exception:"
        yield f"    {odd}"
        yield "else:"
        yield from _within(self._found(type_, place, value, done, depth))

    def _found(
        self, type_: TypePlan, place: int, value: str, done: tuple[str, str], depth: int
    ) -> Iterator[str]:
        if len(self.numbered) > _MOST_FIELDS or not _is_inner(type_, depth + 1):
            self._before += self._level(type_, place)
            yield from self._joining(place, value, done)
            return
        guards = guards_of(type_.selection.always or ())
        if not guards:
            yield from self._inner(type_, place, value, done, depth)
            return
        self.guarded[place] = guards
        self._before.append(f"open_{place} = opened[{place}]")
        self._before.append(f"if not open_{place}:")
        self._before += _within(self._level(type_, place))
        yield f"if open_{place}:"
        yield from _within(self._inner(type_, place, value, done, depth))
        yield "else:"
        yield from _within(self._joining(place, value, done))

    def _level(self, type_: TypePlan, place: int) -> Iterator[str]:
        self._names[f"selection_{place}"] = type_.selection
        yield f"level = levels.of(selection_{place})"
        yield f"joined_{place}, sources_{place} = level.known, level.sources"
        yield f"outs_{place} = level.outs"

    def _joining(self, place: int, value: str, done: tuple[str, str]) -> Iterator[str]:
        new = iter([f"sources_{place}.append({value})", f"outs_{place}.append(found)"])
        return self._once(f"joined_{place}", value, done, new)

    def _inner(
        self, type_: TypePlan, place: int, value: str, done: tuple[str, str], depth: int
    ) -> Iterator[str]:
        call, inside = type_.field.call, self._inside(type_, place, value, depth)
        if call is not None and call.at_hand is not None:  # so it may have been met before
            self._before.append(f"known_{place}, alive_{place} = {{}}, []")
            keep = iter([f"alive_{place}.append({value})"])
            yield from self._once(f"known_{place}", value, done, chain(keep, inside))
            return
        yield "found = {}"
        yield done[0]
        yield from inside

    def _once(
        self, known: str, value: str, done: tuple[str, str], new: Iterator[str]
    ) -> Iterator[str]:
        """Answered once, wherever it is met; what is `new` keeps the value alive."""
        put, again = done
        yield f"found = {known}.get(id({value}))"
        yield "if found is None:"
        yield f"    found = {known}[id({value})] = {{}}"
        yield f"    {put}"
        yield from _within(new)
        yield "else:"
        yield f"    {put}"
        yield f"    {again}"

    def _inside(self, type_: TypePlan, place: int, value: str, depth: int) -> Iterator[str]:
        selection, source, out = type_.selection, f"source_{place}", f"out_{place}"
        yield f"{source}, {out} = {value}, found"
        fields = selection.always or ()
        yield from self._fields(selection, fields, source, out, str(NOBODYS), depth + 1)


def _within(lines: Iterator[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
