"""Statements put together from parts."""


def sql(statement: str, **parts: str) -> str:
    """A statement with names of tables and columns, or other SQL of ours, in place of `{part}`.

    Never for a value: those go as arguments.
    """
    return statement.format_map(parts)
