"""Chance from a seed, the same on every Python version and machine.

Only `Random.random` and `Random.getrandbits` are drawn on, whose sequences Python keeps stable,
and only arithmetic that IEEE 754 rounds exactly is applied: no power, no logarithm.
"""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A seeded source of the choices that make up a person."""

    def __init__(self, seed: int) -> None:
        generator = Random(seed)  # noqa: S311 - made-up people need repeatable chance, not secrets
        self.fraction = generator.random
        self.bits = generator.getrandbits

    def chance(self, probability: float) -> bool:
        """True as often as `probability` says."""
        return self.fraction() < probability

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        return int(self.fraction() * count)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely."""
        return items[int(self.fraction() * len(items))]

    def day(self, first: int, last: int) -> date:
        """A day between two, both included, that are given as ordinals."""
        return date.fromordinal(first + self.below(last - first + 1))

    def digits(self, count: int) -> str:
        """A number of exactly so many digits, the first of them not 0."""
        lowest = 10 ** (count - 1)
        return str(lowest + self.below(9 * lowest))
