"""Counts for whoever watches the service, in Prometheus's text format; nothing of anybody."""

from app.delivery.counts import Counts
from app.execution.executor import Plans


def metrics_of(plans: Plans, delivery: Counts | None = None) -> str:
    """What was executed and, where it delivers, what was sent, since the process began."""
    lines = [
        "# HELP graphql_operations_compiled_total Operations run by a plan.",
        "# TYPE graphql_operations_compiled_total counter",
        f"graphql_operations_compiled_total {plans.compiled}",
        "# HELP graphql_operations_left_total Operations left to graphql-core, by why.",
        "# TYPE graphql_operations_left_total counter",
        *(f'graphql_operations_left_total{{why="{why}"}} {n}' for why, n in plans.left.items()),
        *(delivery.metrics() if delivery else ()),
    ]
    return "\n".join(lines) + "\n"
