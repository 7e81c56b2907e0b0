"""Markdown of what was measured: ratios, what is held against them, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scipy import sparse

from benchmarks.training.data import Table

__all__ = ["Held", "compiling", "markdown", "memory", "table_bytes", "verdict"]


class Held(NamedTuple):
    """A contender's seconds beside ours on the same form of the rows, and the target ratio.

    `reached` is false where it stopped short of the quality; its ratio then is the least that
    ours is faster by.
    """

    name: str
    seconds: float
    ours: float | None
    times: float | None
    reached: bool

    @property
    def ratio(self) -> float | None:
        """Its seconds divided by ours; None for ours, and where ours was not measured."""
        return None if self.times is None or self.ours is None else self.seconds / self.ours

    @property
    def met(self) -> bool | None:
        """Whether the ratio is the target at least; None where there is no ratio or target."""
        return None if self.ratio is None or self.times is None else self.ratio >= self.times

    def cells(self, scale: float, unit: str) -> list[str]:
        """Name, median, ratio, target, and met or missed by how much."""
        name, took = self.name, f"{self.seconds * scale:.3g} {unit}"
        if self.ratio is None or self.times is None:
            return [name, took, "–", "–" if self.times is None else f"{self.times:g} ×", "–"]
        least = "" if self.reached else "> "
        word = "met" if self.met else f"missed by {self.missing:.0%}"
        return [name, took, f"{least}{self.ratio:.2f} ×", f"{self.times:g} ×", word]

    @property
    def missing(self) -> float:
        """The share of our seconds that would have to go for the target to be met."""
        if self.ratio is None or self.times is None:
            return 0.0
        return max(1 - self.ratio / self.times, 0.0)


def verdict(held: Sequence[Held], target: str) -> str:
    """The target in words, and whether every peer's is met."""
    asked = [each for each in held if each.met is not None]
    missed = [each for each in asked if not each.met]
    if not asked:
        return f"Target: {target}. **Not judged: ours did not reach the quality, or no peer ran.**"
    if not missed:
        return f"Target: {target}. **Met.**"
    worst = max(missed, key=lambda each: each.missing)
    return (
        f"Target: {target}. **Missed against {len(missed)} of {len(asked)}**, furthest against "
        f"{worst.name}: {worst.ratio:.2f} of {worst.times:g} ×, so ours must lose "
        f"{worst.missing:.0%} of its time."
    )


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def table_bytes(table: Table) -> int:
    """The bytes of the training rows."""
    X = table.X
    if sparse.issparse(X):
        return int(X.data.nbytes + X.indices.nbytes + X.indptr.nbytes)
    return int(X.nbytes)


def memory(bytes_: float | None, table: Table) -> str:
    """A fit's extra memory, in MB and in tables."""
    if bytes_ is None:
        return "–"
    return f"{bytes_ / 1e6:.0f} MB, {bytes_ / table_bytes(table):.2f} × the rows"


def compiling(peers: Sequence[tuple[str, float | None]], ours: tuple[float, float] | None) -> str:
    """What compilation took, which no time above has in it."""
    parts = [f"{name} {took:.2f} s" for name, took in peers if took is not None]
    if ours:
        parts.insert(
            0, f"ours {ours[0]:.2f} s at the first fit on a machine, {ours[1]:.2f} s later"
        )
    return f"Compilation, not in the times: {'; '.join(parts)}." if parts else ""
