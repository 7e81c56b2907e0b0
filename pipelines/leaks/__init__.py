"""What would flatter a score: the label in a column, a row's name, copies, later knowledge.

`find` looks at single columns; columns that give the label away only together are beyond it.
Each kind of finding has a module, which states its rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipelines.config import Column
from pipelines.digests import row_digests
from pipelines.leaks import duplicates, identifier, later, target
from pipelines.leaks.allowing import blocking, reason
from pipelines.records import Leak, Parts, Table

__all__ = ["blocking", "find", "reason"]


def find(table: Table, parts: Parts, columns: Mapping[str, Column]) -> tuple[Leak, ...]:
    """What leaks, in the order of the columns; a column that names the row is told once.

    Parameters
    ----------
    columns : mapping
        The contract; of columns that the table does not have nothing is said.
    """
    content = row_digests(table.features)
    named = identifier.find(table, columns)
    known = {name for leak in named for name in leak.columns}
    found = [*named, *target.find(table, parts, content, known), *later.find(table, columns)]
    order = {name: place for place, name in enumerate(table.features.column_names)}
    found.sort(key=lambda leak: order[leak.columns[0]])
    if known:
        table = replace(table, features=table.features.drop_columns(sorted(known)))
        content = row_digests(table.features)
    return (*found, *duplicates.find(table, parts, content))
