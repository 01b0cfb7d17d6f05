"""The compiled executor: a document becomes a plan once, and the plan runs level by level.

Knows graphql-core and nothing of the domain. docs/execution.md says what differs from graphql-core.
"""
