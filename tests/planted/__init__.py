"""Proof over a whole test run: no dump, log or answer holds a number in clear."""
