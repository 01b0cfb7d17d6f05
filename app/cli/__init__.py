"""The command line `allowances`."""

from app.cli.audit import audit
from app.cli.check import check, explain
from app.cli.data import generate, import_, migrate, rules
from app.cli.group import main
from app.cli.keys import rotate_keys
from app.cli.service import demo, schema, serve, token

for command in (
    demo,
    serve,
    migrate,
    import_,
    rules,
    rotate_keys,
    generate,
    token,
    schema,
    check,
    explain,
    audit,
):
    main.add_command(command)

__all__ = ["main"]
