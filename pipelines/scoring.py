"""New rows with the model's answers beside them, held against the contract they came with.

Types are refused wherever they break the contract. Gaps and ranges are refused, too, unless
the caller is lenient; a category never seen gets its answer, unless the contract says in
max_unseen which share of them is too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter

from pipelines.config import Column
from pipelines.contracts.breaches import Breach, Findings, Place
from pipelines.contracts.columns import typed
from pipelines.records import DataError

__all__ = ["Answer", "Scoring"]

Answer = Callable[[Mapping[str, Any]], tuple[Any, Any]]


class Scoring:
    """Answers the rows of a table that comes in batches, and keeps what breaks the contract.

    Shares are those of the whole table, so `conclude` comes after the last batch. Memory does
    not grow with the rows. That a key is unique is not checked: it would take all keys at once.

    Parameters
    ----------
    contract : mapping
        The model's: target, classes, missing words and columns.
    answer : callable
        Typed columns by name → labels (N,) and probabilities (N, K).
    lenient : bool, default=False
        Whether every row whose types are readable gets its answer.
    """

    def __init__(
        self, contract: Mapping[str, Any], answer: Answer, *, lenient: bool = False
    ) -> None:
        columns = TypeAdapter(dict[str, Column])
        self._columns: dict[str, Column] = columns.validate_python(contract["columns"])
        self._contract = contract
        self._answer = answer
        self._lenient = lenient
        self._refused = Findings()
        self._counted = Findings()
        self._mistyped = self._stopped = False

    def score(self, table: pa.Table, place: Place) -> pa.Table | None:
        """The batch with `label` and `probability_<class>` added.

        Where the table has a column of such a name, all of them begin with `predicted_`. Once
        a breach is found that refuses the table, the rows are only checked, and None comes
        back. `place` gives the words that name a row to a person.

        Raises
        ------
        DataError
            If a column is missing, or the answer's name is taken.
        """
        missing = [name for name in self._columns if name not in table.column_names]
        if missing:
            raise DataError(
                f"the model needs the columns {', '.join(map(repr, missing))}, which the table "
                "does not have. Add them; any order will do."
            )
        features = {}
        for name, column in self._columns.items():
            result = typed(name, table.column(name), column, self._contract["missing"])
            features[name] = result.values
            for breach in result.breaches:
                self._note(breach, place)
        if self._stopped:
            return None
        values = {name: each.to_numpy(zero_copy_only=False) for name, each in features.items()}
        labels, probabilities = self._answer(values)
        return _beside(table, self._contract["classes"], labels, probabilities)

    def _note(self, breach: Breach, place: Place) -> None:
        unseen = breach.fault == "value" and not breach.rule
        if breach.fault != "type" and (self._lenient or unseen):
            self._counted.add(breach, place)
        else:
            self._refused.add(breach, place)
            self._mistyped |= breach.fault == "type"
            self._stopped |= not breach.rule

    def conclude(self) -> Counter[str]:
        """Column → the values that break the contract and were answered all the same.

        Raises
        ------
        DataError
            With every breach that refuses the table.
        """
        if problems := self._refused.sentences:
            if not self._mistyped:
                problems[-1] += " To have such rows answered all the same, score with --lenient."
            raise DataError(*problems)
        return self._refused.counts + self._counted.counts


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
