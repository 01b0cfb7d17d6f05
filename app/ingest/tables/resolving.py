"""SQL parts that every kind needs: what a row makes of the one that stands, and whether it differs.

A column that the file lacks keeps the value that stands, or takes its default in a new row.
"""

from collections.abc import Collection, Sequence

from app.ingest.sql import sql

_UPSERT = """
insert into {table} ({columns})
select {columns} from {rows} order by {keys}
on conflict ({keys}) do update set {assignments}
where ({old}) is distinct from ({new})
"""


def resulting(names: Sequence[str], table: str, absent: Collection[str]) -> list[str]:
    """For each column the value that will stand, from the staged row `s` and the old row."""
    return [f"coalesce({table}.{n}, s.{n})" if n in absent else f"s.{n}" for n in names]


def selected(names: Sequence[str], values: Sequence[str]) -> str:
    """The values under their columns' names."""
    return ", ".join(f"{value} as {name}" for name, value in zip(names, values, strict=True))


def differ(names: Sequence[str], values: Sequence[str], table: str) -> str:
    """Whether any value is distinct from what stands."""
    old = ", ".join(f"{table}.{name}" for name in names)
    return f"({', '.join(values)}) is distinct from ({old})"


def upsert(table: str, key: Sequence[str], names: Sequence[str], rows: str) -> str:
    """Write `rows`, in key order, which keeps a citizen's rows together and is faster to load."""
    columns, keys = ", ".join([*key, *names]), ", ".join(key)
    old = ", ".join(f"{table}.{name}" for name in names)
    new = ", ".join(f"excluded.{name}" for name in names)
    return sql(
        _UPSERT,
        table=table,
        columns=columns,
        keys=keys,
        rows=rows,
        assignments=", ".join(f"{name} = excluded.{name}" for name in names),
        old=old,
        new=new,
    )
