"""Every class kept in every part, by moving as few rows as it takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.records import DataError, Parts, Table
from pipelines.steps.split.placed import Placed

__all__ = ["keep"]


def keep(
    table: Table, placed: Placed, names: Sequence[str]
) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """The parts with every class in each, and notes on what was moved.

    What stands at one position moves as one. For each class that a part lacks, the one
    nearest to that part is moved, by choice one that no other part would miss; each moves
    once at most.

    Raises
    ------
    DataError
        If a class has too few positions, or no such moves exist.
    """
    absent = _absent(_counts(table.codes, placed.part, len(table.classes)), names)
    if not absent:
        return placed.part, ()
    members = _Members(table, placed)
    members.require(names)
    moved: dict[tuple[int, int], int] = {}
    while absent:
        part, code = absent[0]
        chosen = members.nearest(part, code)
        if chosen is None:
            raise DataError(
                f"Class {table.classes[code]!r} cannot be kept in {Parts.NAMES[part]} by moving "
                f"whole {placed.unit}: other classes would go from their parts. "
                "Add rows of it, or take the class out of the table."
            )
        members.move(chosen, part)
        moved[part, code] = chosen
        absent = _absent(members.counts, names)
    return members.parts, tuple(
        f"{members.rows(unit)} moved into {Parts.NAMES[part]}, which had no class "
        f"{table.classes[code]!r}; the rows were the nearest to it among the {placed.unit}."
        for (part, code), unit in moved.items()
    )


def _counts(codes: NDArray[np.int32], part: NDArray[np.int8], classes: int) -> NDArray[np.int64]:
    """How many there are of each class in each part, shape (3, K)."""
    within = part >= 0
    cells = part[within].astype(np.int64) * classes + codes[within]
    return np.bincount(cells, minlength=len(Parts.NAMES) * classes).reshape(-1, classes)


def _absent(counts: NDArray[np.int64], names: Sequence[str]) -> list[tuple[int, int]]:
    """The parts and the classes that they lack."""
    asked = [part for part, name in enumerate(Parts.NAMES) if name in names]
    return [(part, int(code)) for part in asked for code in np.flatnonzero(counts[part] == 0)]


class _Members:
    """The positions as units: which classes each has, and which part it is in now."""

    def __init__(self, table: Table, placed: Placed) -> None:
        self._table, self._placed = table, placed
        self._positions, first, self._unit, self._sizes = np.unique(
            placed.position, return_index=True, return_inverse=True, return_counts=True
        )
        self._part = placed.part[first]
        self._stays = self._part < 0
        classes = len(table.classes)
        pairs = np.unique(self._unit.astype(np.int64) * classes + table.codes)
        self._of, self._code = np.divmod(pairs, classes)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many units of each class are in each part."""
        return _counts(self._code, self._part[self._of], len(self._table.classes))

    @property
    def parts(self) -> NDArray[np.int8]:
        """The part of each row."""
        moved: NDArray[np.int8] = self._part[self._unit]
        return moved

    def rows(self, unit: int) -> str:
        """How many rows a unit has, in words."""
        size = self._sizes[unit]
        return "1 row was" if size == 1 else f"{size} rows were"

    def require(self, names: Sequence[str]) -> None:
        """Raise DataError for classes in fewer units than there are parts."""
        within = ~self._stays[self._of]
        counts = np.bincount(self._code[within], minlength=len(self._table.classes))
        few = [
            f"{self._table.classes[code]!r} ({counts[code]})"
            for code in np.flatnonzero(counts < len(names))
        ]
        if few:
            raise DataError(
                f"Too few {self._placed.unit} to keep a class in each of {len(names)} parts: "
                f"{', '.join(few)}. Add rows of it, or take the class out of the table."
            )

    def nearest(self, part: int, code: int) -> int | None:
        """The unit of the class to move into the part, or None.

        Before others come units that no class's part would miss, then those that bring more
        of what the part lacks, then the nearest.
        """
        counts = self.counts
        here = self._part[self._of]
        missed = (here >= 0) & (counts[here, self._code] == 1)
        brought = counts[part, self._code] == 0
        broken = np.bincount(self._of, missed, minlength=len(self._part))
        gained = np.bincount(self._of, brought, minlength=len(self._part))
        units = self._of[self._code == code]
        units = units[~self._stays[units] & (self._part[units] != part)]
        if not units.size:
            return None
        x = self._positions[units]
        low, high = self._placed.bounds.get(Parts.NAMES[part], (np.inf, -np.inf))
        away = np.maximum(np.maximum(low - x, x - high), 0.0)
        order = np.lexsort((x, away, -gained[units], broken[units]))
        return int(units[order[0]])

    def move(self, unit: int, part: int) -> None:
        """Put the unit into the part, where it stays."""
        self._part[unit] = part
        self._stays[unit] = True
