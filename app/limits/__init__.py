"""What one caller may ask of the service at once: documents, cost, time and rate.

Knows graphql-core and nothing of the domain.
"""
