"""What a candidate's `search` table spans: lists are choices, tables are ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Choices", "Dimension", "Range", "read_space", "size"]


@dataclass(frozen=True)
class Choices:
    """Values without an order, any of which may be tried."""

    values: tuple[Any, ...]

    @property
    def size(self) -> float:
        """How many values there are."""
        return len(self.values)


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, whole ones if both ends are.

    With `log` each order of magnitude is as likely as the next.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def size(self) -> float:
        """How many values there are; infinity for real numbers."""
        return self.high - self.low + 1 if self.whole else math.inf


Dimension = Choices | Range


def read_space(search: Mapping[str, Any]) -> dict[str, Dimension]:
    """Parameter → what it may be, in the order of the names, from a table without mistakes."""
    return {
        name: Range(**values) if isinstance(values, Mapping) else Choices(tuple(values))
        for name, values in sorted(search.items())
    }


def size(space: Mapping[str, Dimension]) -> float:
    """How many combinations there are; infinity where a real number is among them."""
    return math.prod(each.size for each in space.values())
