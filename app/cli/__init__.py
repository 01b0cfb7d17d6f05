"""The command line `allowances`."""

from app.cli.audit import audit
from app.cli.batches import batches
from app.cli.check import check, explain
from app.cli.data import generate, migrate, rules
from app.cli.deliver import deliver, outbox
from app.cli.group import main
from app.cli.import_files import import_
from app.cli.keys import rotate_keys
from app.cli.notify import notify
from app.cli.service import demo, schema, serve, token

for command in (
    demo,
    serve,
    migrate,
    import_,
    batches,
    deliver,
    outbox,
    notify,
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
