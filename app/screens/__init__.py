"""The operations of the two mini-apps, as the documents that the app ships."""

from importlib import resources

NAMES = ("old_age_home", "old_age_history", "disability_home", "disability_history")


def document(name: str) -> str:
    """The text of a screen's operation; `name` is one of NAMES."""
    return resources.files(__package__).joinpath(f"{name}.graphql").read_text(encoding="utf-8")
