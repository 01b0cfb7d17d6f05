"""Amounts as machines exchange them: a decimal string with two places, never a float."""

from functools import lru_cache

_REMEMBERED = 1024  # amounts; most people are paid one of a dozen


@lru_cache(_REMEMBERED)
def baht_text(satang: int) -> str:
    """Baht as `600.00`, from satang."""
    sign, amount = ("-", -satang) if satang < 0 else ("", satang)
    return f"{sign}{amount // 100}.{amount % 100:02d}"
