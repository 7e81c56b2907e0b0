"""Names in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["listed"]

MOST_NAMES = 8


def listed(names: Sequence[Any]) -> str:
    """The names with commas, the first eight of them and how many more there are."""
    shown = [str(name) for name in names[:MOST_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
