"""What a reader of the report should know of columns that keep their contract."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.breaches import Place
from pipelines.contracts.columns import Typed

__all__ = ["constant", "notes_on"]

SHOWN = 20
FIRST = 100


def notes_on(results: Mapping[str, Typed], place: Place) -> list[str]:
    """Gaps, infinities taken as such, values allowed though not listed, constant columns."""
    gaps = {name: result.gaps for name, result in results.items() if result.gaps}
    notes = []
    if gaps:
        named = [f"{count:,} in {name!r}" for name, count in gaps.items()]
        notes.append(f"Missing values: {_listed(named)}.")
    for name, result in results.items():
        if result.infinities:
            notes.append(
                f"column {name!r}: {result.infinities} infinite values were taken as gaps."
            )
        notes += _unseen(name, result, place)
    same = [repr(name) for name, result in results.items() if constant(result)]
    if same:
        plural = "columns" if len(same) > 1 else "column"
        verb = "have" if len(same) > 1 else "has"
        notes.append(
            f"Dropped: the {plural} {_listed(same)} {verb} one value throughout and "
            f"{'tell' if len(same) > 1 else 'tells'} nothing; no model uses "
            f"{'them' if len(same) > 1 else 'it'}."
        )
    return notes


def constant(result: Typed) -> bool:
    """Whether all values are one, or all are missing."""
    # The first rows mostly tell that they differ.
    return result.gaps == len(result.values) or (
        _same(result.values.slice(0, FIRST)) and _same(result.values)
    )


def _same(values: pa.Array) -> bool:
    if pa.types.is_string(values.type):
        return bool(pc.all(pc.equal(values, values[0])).as_py())
    x = values.to_numpy()
    return bool(np.min(x) == np.max(x))


def _unseen(name: str, result: Typed, place: Place) -> list[str]:
    notes = []
    for breach in result.breaches:
        if breach.fault == "value" and len(breach.rows) and breach.tolerated:
            first = [
                f"{place(int(row))} {cell!r}"
                for row, cell in zip(breach.rows[: len(breach.cells)], breach.cells, strict=True)
            ]
            notes.append(
                f"column {name!r}: {len(breach.rows)} of {breach.out_of} values are not listed "
                f"and were kept, as {breach.rule} = {breach.allowed:g} allows: "
                f"{', '.join(first)}{', …' if len(breach.rows) > len(first) else ''}."
            )
    return notes


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
