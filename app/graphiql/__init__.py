"""GraphiQL, served by the subgraph itself: works on a closed network."""

from app.graphiql.page import GraphiQL

__all__ = ["GraphiQL"]
