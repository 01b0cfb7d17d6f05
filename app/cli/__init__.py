"""The command line `allowances`."""

from app.cli.group import main

__all__ = ["main"]
