"""One run of a plan: level by level, each field once for all objects of its level."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, FieldNode, GraphQLError, Undefined
from graphql.execution.values import get_argument_values

from app.execution.completion import Completion
from app.execution.failures import Failure, Reconciler, outcome
from app.execution.fill_text import NOBODYS, Later
from app.execution.filling import Filling, steps_of
from app.execution.level import Level
from app.execution.places import path_of
from app.execution.plan import (
    ActiveFields,
    Attribute,
    Call,
    Expected,
    FieldPlan,
    Guard,
    Plan,
    SelectionPlan,
    Varying,
)
from app.execution.waiting import settle

if TYPE_CHECKING:
    from app.execution.executor import CompiledExecution


class Run:
    """The state of one execution."""

    def __init__(self, executor: "CompiledExecution", plan: Plan) -> None:
        self._executor = executor
        self._plan = plan
        self._variables = executor.variable_values.coerced
        self._called_info = executor.called_info()
        self._active: dict[int, ActiveFields] = {}
        self._values = Completion(executor, self._called_info)

    def result(self) -> ExecutionResult | Awaitable[ExecutionResult]:
        """The answer, at once where nothing has to be awaited."""
        for expected in self._plan.expected:
            self._tell(expected)
        data: dict[str, Any] = {}
        root = self._level(self._plan.root, data)
        if self._plan.serial:
            return self._serially(root, data)
        self._fields(root)
        if self._values.started:
            return self._later(data)
        while self._go_down():
            if self._values.started:
                return self._later(data)
        return self._finished(data)

    def _tell(self, expected: Expected) -> None:
        field, above = expected.field, expected.above
        try:
            given = self._called_arguments(field, field.nodes)
            of_above: dict[str, Any] = {}
            if above is not None and above.varying is not None:
                of_above = self._called_arguments(above, above.nodes)
            expected.tell(self._called_info, of_above, **given)
        except Exception:  # it fails again where the field is asked, and is told there
            return

    def _level(self, selection: SelectionPlan, data: dict[str, Any]) -> Level:
        level = Level(selection)
        level.sources.append(self._executor.root_value)
        level.outs.append(data)
        level.places.append(None)
        return level

    async def _later(self, data: dict[str, Any]) -> ExecutionResult:
        await self._settle_all()
        return self._finished(data)

    async def _settle_all(self) -> None:
        while True:
            while self._values.started:
                started, self._values.started = self._values.started, []
                await settle([each for each, _ in started])
                for each, target in started:
                    self._values.settled(each, target)
            if not self._go_down():
                return

    async def _serially(self, root: Level, data: dict[str, Any]) -> ExecutionResult:
        """A mutation's fields: each to its end before the next begins, none after one that nulls
        the answer."""
        errors: list[GraphQLError] = []
        for field, nodes in self.active(root.selection):
            self._field(field, nodes, root)
            await self._settle_all()
            if self._values.failed and not self._reconciler(errors).root(
                root.selection, data, [(field, nodes)]
            ):
                return ExecutionResult(None, errors)
            self._values.failed = False
        return ExecutionResult(data, errors or None)

    def _go_down(self) -> bool:
        """The fields of the next level; false where there is none."""
        levels = self._values.levels.take()
        for level in levels:
            self._fields(level)
        return bool(levels)

    def _finished(self, data: dict[str, Any]) -> ExecutionResult:
        if not self._values.failed:
            return ExecutionResult(data, None)
        errors: list[GraphQLError] = []
        root = self._plan.root
        stands = self._reconciler(errors).root(root, data, self.active(root))
        return ExecutionResult(data if stands else None, errors or None)

    def _reconciler(self, errors: list[GraphQLError]) -> Reconciler:
        self._values.levels.unshare()
        return Reconciler(self.active, self._values.levels.types, errors)

    def active(self, selection: SelectionPlan) -> ActiveFields:
        """The fields of a selection that count in this run."""
        if selection.always is not None:
            return selection.always
        known = self._active.get(id(selection))
        if known is None:
            known = self._active[id(selection)] = selection.active(self._variables)
        return known

    def _fields(self, level: Level) -> None:
        for step in steps_of(level.selection) or self.active(level.selection):
            if isinstance(step, Filling):
                self._fill(step, level)
            else:
                self._field(*step, level)

    def _fill(self, filling: Filling, level: Level) -> None:
        numbered, put = filling.numbered, self._values.put
        try:
            for guard in filling.guards:
                guard(level.sources, self._called_info)
            arguments = {each: self._called_arguments(*numbered[each]) for each in filling.asking}
        except Exception:  # which fields it is that may not be read
            for field, nodes in filling.fields:
                self._field(field, nodes, level)
            return

        def odd(place: int, value: Any, out: dict[str, Any], number: int) -> None:
            field, nodes = numbered[place]
            where = None if number == NOBODYS else level.place(number, field)
            put(value, field.type, out, field.key, where, nodes)

        def odd_item(place: int, value: Any, items: list[Any], index: int) -> None:
            field, nodes = numbered[place]
            items.append(None)
            if field.type.of is not None:
                put(value, field.type.of, items, index, None, nodes)

        info, levels = self._called_info, self._values.levels
        later: dict[int, Later] = {each: [] for each in filling.later}
        hands = {
            each: self._hand(at_hand, arguments.get(each, {}))
            for each, at_hand in filling.at_hand.items()
        }
        opened = {each: self._is_open(guards) for each, guards in filling.guarded.items()}
        filling.fill(
            level.sources, level.outs, info, arguments, hands, later, opened, levels, odd, odd_item
        )
        for place, asked in later.items():
            if asked:
                self._field(*numbered[place], level.part(filling.later[place], asked))

    def _hand(self, at_hand: Callable[..., Any], arguments: dict[str, Any]) -> Callable[[Any], Any]:
        """What gives values that are at hand."""
        try:
            hand: Callable[[Any], Any] = at_hand(self._called_info, **arguments)
        except Exception:  # it fails again where they are asked together, and is told there
            return lambda _source: Undefined
        return hand

    def _is_open(self, guards: Sequence[Guard]) -> bool:
        """Whether they let read whatever sources there are; else they are asked with those."""
        try:
            return all(guard((), self._called_info) is True for guard in guards)
        except Exception:  # it fails again with the sources, and is told there
            return False

    def _field(self, field: FieldPlan, nodes: list[FieldNode], level: Level) -> None:
        if field.typename:
            for out in level.outs:
                out[field.key] = field.parent_type.name
        elif field.call is not None:
            self._call(field.call, field, nodes, level)
        elif field.attribute is not None:
            self._read(field.attribute, field, nodes, level)
        else:
            self._resolve(field, nodes, level)

    def _read(
        self, attribute: Attribute, field: FieldPlan, nodes: list[FieldNode], level: Level
    ) -> None:
        try:
            if attribute.guard is not None:
                attribute.guard(level.sources, self._called_info)
        except Exception as error:
            self._values.fail_all(level, field.key, error)
            return
        read = attrgetter(attribute.name)
        values = [outcome(read, source) for source in level.sources]
        self._values.put_all(values, field, nodes, level)

    def _call(self, call: Call, field: FieldPlan, nodes: list[FieldNode], level: Level) -> None:
        info, sources = self._called_info, level.sources
        try:
            arguments = self._called_arguments(field, nodes)
            if call.guard is not None:
                call.guard(sources, info)
            if call.together is not None:
                together = call.together(sources, info, **arguments)
        except Exception as error:
            self._values.fail_all(level, field.key, error)
            return
        if call.together is not None:
            self._values.put_together(together, field, nodes, level)
            return
        function = partial(call.function, **arguments) if arguments else call.function
        values: list[Any] = []
        for source in sources:
            try:
                values.append(function(source, info))
            except Exception as error:
                values.append(Failure(error))
        self._values.put_all(values, field, nodes, level)

    def _resolve(self, field: FieldPlan, nodes: list[FieldNode], level: Level) -> None:
        executor, key = self._executor, field.key
        resolve = field.resolve or executor.field_resolver
        try:
            arguments = self._arguments(field, nodes)
        except Exception as error:
            self._values.fail_all(level, key, error)
            return
        for source, out, above in zip(level.sources, level.outs, level.places, strict=True):
            where = above, key, field.parent_type.name
            info = executor.build_resolve_info(
                field.definition, nodes, field.parent_type, path_of(where)
            )
            try:
                value = resolve(source, info, **arguments)
            except Exception as error:
                self._values.fail(out, key, error)
            else:
                self._values.put(value, field.type, out, key, where, nodes, info)

    def _called_arguments(self, field: FieldPlan, nodes: list[FieldNode]) -> dict[str, Any]:
        fixed = field.fixed_arguments
        if fixed is not None:
            if not field.varying:
                return fixed
            varied = self._varied(fixed, field.varying)
            if varied is not None:
                return varied
        arguments = self._arguments(field, nodes)
        if field.call is not None and field.call.convert is not None:
            arguments = field.call.convert(arguments)
        if field.varying is not None:
            # No variable's value stays in the plan.
            names = {each.name for each in field.varying}
            field.fixed_arguments = {k: v for k, v in arguments.items() if k not in names}
            return arguments if names else field.fixed_arguments
        return arguments

    def _varied(self, fixed: dict[str, Any], varying: Sequence[Varying]) -> dict[str, Any] | None:
        """With the values that the variables have; None where one has none that may stand."""
        arguments = dict(fixed)
        for each in varying:
            value = self._variables.get(each.variable, Undefined)
            if value is Undefined or (value is None and not each.nullable):
                return None
            arguments[each.name] = value
        return arguments

    def _arguments(self, field: FieldPlan, nodes: list[FieldNode]) -> dict[str, Any]:
        if not field.definition.args and not nodes[0].arguments:
            return {}
        return get_argument_values(
            field.definition,
            nodes[0],
            self._executor.variable_values,
            hide_suggestions=self._executor.hide_suggestions,
        )
