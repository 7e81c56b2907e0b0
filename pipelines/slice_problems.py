"""Mistakes in [evaluation] slices: columns that are not there, or twice, or have no quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.problems import Problem, nearest

__all__ = ["slice_problems"]

# Types whose values are slices themselves.
WHOLE = ("category", "boolean")


def slice_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Each slice that [columns] cannot give; what is no slice at all is told elsewhere."""
    evaluation, columns = raw.get("evaluation"), raw.get("columns")
    slices = evaluation.get("slices") if isinstance(evaluation, dict) else None
    if not isinstance(slices, list) or not isinstance(columns, dict):
        return
    seen: set[str] = set()
    for index, each in enumerate(slices):
        given = each if isinstance(each, dict) else {"column": each}
        name = given.get("column")
        if not isinstance(name, str) or not name:
            continue
        where = f"evaluation.slices[{index}]"
        if name not in columns:
            remedy = nearest(name, list(columns)) if columns else ""
            yield Problem(where, f"[columns] has no {name!r}.", remedy)
        if name in seen:
            yield Problem(where, f"{name!r} is listed twice.", "Take one of them out.")
        seen.add(name)
        column = columns.get(name)
        kind = column.get("type") if isinstance(column, dict) else None
        if kind in WHOLE and given.get("quantiles") is not None:
            what = f"a {kind} has no quantiles, its values are the slices."
            yield Problem(f"{where}.quantiles", what, "Take quantiles out.")
