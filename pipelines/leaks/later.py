"""Values dated after the row's outcome: they cannot have been known when it was predicted.

A single one counts. Outcomes that are all whole days are taken as the ends of these days.
Moments less than a millisecond apart count as one, for dates are kept as floats.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.config import Column, Date
from pipelines.records import Leak, Table

__all__ = ["find"]

DAY, MILLISECOND = 86_400.0, 1e-3
SECONDS = {"day": DAY, "second": 1.0}
SHOWN = 3


def find(table: Table, columns: Mapping[str, Column]) -> list[Leak]:
    """The date columns with values later than the outcome; none where it has no time."""
    if table.outcome is None:
        return []
    known = table.outcome[~np.isnan(table.outcome)]
    end = DAY - MILLISECOND if (known % DAY == 0).all() else 0.0
    found = []
    for name in table.features.column_names:
        column = columns.get(name)
        if not isinstance(column, Date):
            continue
        t = table.features.column(name).to_numpy() * SECONDS[column.unit]
        late = np.flatnonzero(t > table.outcome + end + MILLISECOND / 2)
        if late.size:
            shown = ", ".join(str(table.rows[row] + 1) for row in late[:SHOWN])
            detail = (
                f"The column {name!r} has {late.size:,} of {len(t):,} values "
                f"({late.size / len(t):.1%}) dated after the row's outcome: "
                f"row{'s' if late.size > 1 else ''} {shown}{', …' if late.size > SHOWN else ''}."
            )
            found.append(Leak("time", (name,), detail))
    return found
