"""GraphQL over HTTP, over server-sent events and over WebSocket: one door, the same limits."""
