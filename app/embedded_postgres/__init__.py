"""The real Postgres that runs by itself in the data directory when no other is named."""

from app.embedded_postgres.error import EmbeddedPostgresError
from app.embedded_postgres.sharing import embedded_postgres

__all__ = ["EmbeddedPostgresError", "embedded_postgres"]
