"""Where a table breaks its contract: one breach, and all of them gathered to be told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.config import Column
from pipelines.contracts.native import shown

__all__ = ["Breach", "ColumnBreaches", "Fault", "Findings", "Place"]

SHOWN = 3
# What of a breach counts once its rows are told.
STATED = ("columns", "fault", "what", "remedy", "rule", "allowed")

Fault = Literal["type", "gap", "range", "value", "key"]
Place = Callable[[int], str]


@dataclass(frozen=True)
class Breach:
    """One way in which a column, or some columns together, break the contract.

    Attributes
    ----------
    columns : tuple of str
        One, or those that make up the row's key.
    fault : "type", "gap", "range", "value" or "key"
        Unreadable, missing where nothing may be, outside min and max, not a listed category,
        a key that stands more than once.
    what : str
        What is wrong with the cells, to follow «3 values are».
    remedy : str
    rows : ndarray of int64
        The rows that break it; empty when the column as a whole does.
    cells : tuple of str
        The first of those cells as they were written; none for gaps.
    rule : str
        The contract's key that allows a share of such cells: max_missing or max_unseen.
    allowed : float
        That share; without a rule no cell may be so.
    out_of : int
        The number of cells that it is a share of.
    """

    columns: tuple[str, ...]
    fault: Fault
    what: str
    remedy: str
    rows: NDArray[np.int64]
    cells: tuple[str, ...] = ()
    rule: str = ""
    allowed: float = 0.0
    out_of: int = 0

    @property
    def tolerated(self) -> bool:
        """Whether the contract allows as many such cells, were these all the rows."""
        return bool(self.rule) and not _too_many(len(self.rows), self.out_of, self.allowed)


def _too_many(count: int, out_of: int, allowed: float) -> bool:
    # A quotient of whole numbers is rounded as the decimal in the config was: 29 of 100 are
    # no more than 0.29.
    return count > 0 and count / out_of > allowed


@dataclass
class _Found:
    """One rule's breach, counted over all batches; the first rows in words."""

    breach: Breach
    count: int = 0
    out_of: int = 0
    first: list[str] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        whole_column = not self.breach.rule and not len(self.breach.rows)
        return whole_column or _too_many(self.count, self.out_of, self.breach.allowed)

    @property
    def sentence(self) -> str:
        breach, count = self.breach, self.count
        names = ", ".join(map(repr, breach.columns))
        subject = f"column{'' if len(breach.columns) == 1 else 's'} {names}"
        if not count:
            return f"{subject} {breach.what}. {breach.remedy}"
        first = ", ".join(self.first) + (", …" if count > len(self.first) else "")
        values = "1 value is" if count == 1 else f"{count} values are"
        above = ""
        if breach.rule:
            values = f"{count} of {self.out_of} values are"
            above = f", more than {breach.rule} = {breach.allowed:g} allows"
        return f"{subject}: {values} {breach.what}{above}: {first}. {breach.remedy}"


class Findings:
    """The breaches of a table, gathered over its columns and, where it is streamed, batches.

    Memory does not grow with the rows: of each rule are kept the count and the first places.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[tuple[str, ...], str], _Found] = {}

    def add(self, breach: Breach, place: Place) -> None:
        """Count a breach; `place` names a row of its table, `line 7`."""
        found = self._found.setdefault((breach.columns, breach.what), _Found(breach))
        more = [place(int(row)) for row in breach.rows[: SHOWN - len(found.first)]]
        if breach.cells:
            cells = breach.cells[: len(more)]
            more = [f"{where} {cell!r}" for where, cell in zip(more, cells, strict=True)]
        found.first += more
        found.count += len(breach.rows)
        found.out_of += breach.out_of or len(breach.rows)

    @property
    def sentences(self) -> list[str]:
        """Each breach that stands: columns, what, how many, the first places, the remedy."""
        return [found.sentence for found in self._found.values() if found.stands]

    @property
    def counts(self) -> Counter[str]:
        """Column → cells of the breaches that stand, and of categories never seen."""
        out: Counter[str] = Counter()
        for found in self._found.values():
            if found.stands or found.breach.fault == "value":
                out.update(dict.fromkeys(found.breach.columns, found.count))
        return +out

    @property
    def state(self) -> list[dict[str, Any]]:
        """All of it in plain values, from which `restored` makes it again."""
        return [
            {name: getattr(each.breach, name) for name in STATED}
            | {"count": each.count, "out_of": each.out_of, "first": list(each.first)}
            for each in self._found.values()
        ]

    @classmethod
    def restored(cls, state: Iterable[Mapping[str, Any]]) -> Self:
        """The findings that gave this state."""
        findings = cls()
        for facts in state:
            told = {name: facts[name] for name in STATED} | {"columns": tuple(facts["columns"])}
            # Which rows they were is told by now; there were some, or the column as a whole.
            breach = Breach(**told, rows=np.zeros(min(facts["count"], 1), dtype=np.int64))
            found = _Found(breach, facts["count"], facts["out_of"], list(facts["first"]))
            findings._found[(breach.columns, breach.what)] = found
        return findings


class ColumnBreaches:
    """Collects the breaches of one column."""

    def __init__(self, name: str, raw: pa.ChunkedArray) -> None:
        self._name = name
        self._raw = raw
        self.breaches: tuple[Breach, ...] = ()

    def add(self, fault: Fault, mask: NDArray[np.bool_], what: str, remedy: str) -> None:
        """Add a breach where the mask has rows."""
        if mask.any():
            self._add(fault, mask, what, remedy)

    def gaps(self, column: Column, gaps: NDArray[np.bool_]) -> None:
        """Add the gaps, where there may be none or only a share of them."""
        if not column.missing:
            self.add("gap", gaps, "missing", "Fill them in, or set missing = true.")
        elif column.max_missing is not None:
            remedy = "Fill them in, or raise max_missing."
            every = np.ones(len(gaps), dtype=bool)
            self.share("gap", gaps, "missing", remedy, "max_missing", column.max_missing, every)

    def share(
        self,
        fault: Fault,
        mask: NDArray[np.bool_],
        what: str,
        remedy: str,
        rule: str,
        allowed: float,
        among: NDArray[np.bool_],
    ) -> None:
        """Add the mask's rows as a share of those among which they may be."""
        out_of = int(among.sum())
        self._add(fault, mask, what, remedy, rule=rule, allowed=allowed, out_of=out_of)

    def _add(
        self, fault: Fault, mask: NDArray[np.bool_], what: str, remedy: str, **rule: Any
    ) -> None:
        rows = np.flatnonzero(mask)
        cells: tuple[str, ...] = ()
        if fault != "gap":
            cells = tuple(shown(self._raw, int(row)) for row in rows[:SHOWN])
        breach = Breach((self._name,), fault, what, remedy, rows, cells, **rule)
        self.breaches = (*self.breaches, breach)
