"""What goes wrong with the embedded Postgres."""

from app.errors import AllowancesError


class EmbeddedPostgresError(AllowancesError):
    """The embedded Postgres can not be used; the text says why and what to do."""
