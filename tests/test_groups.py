"""Tests of a group share one worker, and so the servers and demos that they need."""

import pytest


@pytest.mark.xdist_group("groups")
def test_the_workers_know_of_groups(request: pytest.FixtureRequest) -> None:
    """A version of pytest lost them once and said nothing: each worker made each demo anew."""
    grouped = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@groups") == grouped
