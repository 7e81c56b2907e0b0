"""A table of new rows with the model's answers beside them.

Scoring is strict on names and types, and lenient on values: a gap, a number out of range or
a category never seen gets its answer, and is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter

from pipelines.config import Column
from pipelines.contracts.columns import describe, typed
from pipelines.records import DataError

__all__ = ["Answer", "score"]

Answer = Callable[[Mapping[str, Any]], tuple[Any, Any]]


def score(
    table: pa.Table, contract: Mapping[str, Any], answer: Answer, place: Callable[[int], str]
) -> tuple[pa.Table, Counter[str]]:
    """The table with `label` and `probability_<class>` added, and each column's odd values.

    Where the table has a column of such a name, all of them begin with `predicted_`.

    Parameters
    ----------
    contract : mapping
        The model's: target, classes, missing words and columns.
    answer : callable
        Typed columns by name → labels (N,) and probabilities (N, K).
    place : callable
        A row's position → the words that name it to a person.

    Raises
    ------
    DataError
        If a column is missing or of another type, or the answer's name is taken.
    """
    columns: dict[str, Column] = TypeAdapter(dict[str, Column]).validate_python(contract["columns"])
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise DataError(
            f"the model needs the columns {', '.join(map(repr, missing))}, which the table does "
            "not have. Add them; any order will do."
        )
    results = {
        name: typed(name, table.column(name), column, contract["missing"])
        for name, column in columns.items()
    }
    breaches = [breach for result in results.values() for breach in result.breaches]
    mistyped = [describe(breach, place) for breach in breaches if breach.fault == "type"]
    if mistyped:
        raise DataError(*mistyped)
    labels, probabilities = answer(
        {n: r.values.to_numpy(zero_copy_only=False) for n, r in results.items()}
    )
    odd = Counter({name: 0 for name in columns})
    for breach in breaches:
        odd[breach.column] += len(breach.rows)
    return _beside(table, contract["classes"], labels, probabilities), +odd


def _beside(table: pa.Table, classes: list[Any], labels: Any, probabilities: Any) -> pa.Table:
    texts = [str(c).lower() if isinstance(c, bool) else str(c) for c in classes]
    names = ["label", *(f"probability_{text}" for text in texts)]
    if not set(names).isdisjoint(table.column_names):
        names = [f"predicted_{name}" for name in names]
    taken = [name for name in names if name in table.column_names]
    if taken:
        raise DataError(
            f"the table already has the columns {', '.join(map(repr, taken))}, where the answer "
            "would stand. Rename them or leave them out."
        )
    for name, column in zip(names, [labels, *probabilities.T], strict=True):
        table = table.append_column(name, pa.array(column))
    return table
