"""Counts for whoever watches the service, in Prometheus's text format; nothing of anybody."""

from app.execution.executor import Plans


def metrics_of(plans: Plans) -> str:
    """How operations were executed, since the process began."""
    lines = [
        "# HELP graphql_operations_compiled_total Operations run by a plan.",
        "# TYPE graphql_operations_compiled_total counter",
        f"graphql_operations_compiled_total {plans.compiled}",
        "# HELP graphql_operations_left_total Operations left to graphql-core, by why.",
        "# TYPE graphql_operations_left_total counter",
        *(f'graphql_operations_left_total{{why="{why}"}} {n}' for why, n in plans.left.items()),
    ]
    return "\n".join(lines) + "\n"
