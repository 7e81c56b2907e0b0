"""New rows with the model's answers beside them, held against the contract they came with.

Types are refused wherever they break the contract. Gaps and ranges are refused, too, unless
the caller is lenient; a category never seen gets its answer, unless the contract says in
max_unseen which share of them is too much. Rows that are refused are told together and stop
the table, or are set aside with the reason. A share is the table's fault and no row's: where
there is too much of it, or a column as a whole is of another type, nothing is set aside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from pipelines.config import Column
from pipelines.contracts.breaches import Breach, Findings, Place
from pipelines.contracts.columns import typed
from pipelines.contracts.native import shown
from pipelines.records import DataError

__all__ = ["VERSION", "Answer", "Scoring"]

Answer = Callable[[Mapping[str, Any]], tuple[Any, Any]]
# What stands beside the rows: the answer's version, and of rows set aside their place and why.
VERSION, ROW, REASON = "model_version", "row", "reason"
UNDEFINED = "there is no probability: a number is too large to compute with"


class Scoring:
    """Answers the rows of a table that comes in batches, and keeps what breaks the contract.

    Shares are those of the whole table, so `conclude` comes after the last batch. Memory does
    not grow with the rows. That a key is unique is not checked: it would take all keys at once.

    Parameters
    ----------
    contract : mapping
        The model's: target, classes, missing words and columns.
    answer : callable
        Typed columns by name → labels (N,) and probabilities (N, K). Where rows are set aside,
        NaN are the probabilities of one that has none.
    lenient : bool, default=False
        Whether every row whose types are readable gets its answer.
    sets_aside : bool, default=False
        Whether rows that break the contract are set aside and not refused.
    version : str, optional
        Stands beside each row, in the column `model_version`.
    state : mapping, optional
        The `state` of a Scoring that had the batches before the first that is to come.

    Attributes
    ----------
    rows, aside_rows : int
        How many rows have come, and how many of them were set aside.
    aside : pyarrow.Table or None
        Of the last batch those that were: its columns, the row's number in the whole table
        from 1, the reason. None where none ever is.
    """

    def __init__(
        self,
        contract: Mapping[str, Any],
        answer: Answer,
        *,
        lenient: bool = False,
        sets_aside: bool = False,
        version: str | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        columns = TypeAdapter(dict[str, Column])
        self._columns: dict[str, Column] = columns.validate_python(contract["columns"])
        self._contract = contract
        self._answer = answer
        self._lenient = lenient
        self._sets_aside = sets_aside
        self._version = version
        self._mistyped = self._stopped = False
        before = state or {"refused": [], "counted": [], "rows": 0, "aside_rows": 0}
        self._refused = Findings.restored(before["refused"])
        self._counted = Findings.restored(before["counted"])
        self.rows, self.aside_rows = int(before["rows"]), int(before["aside_rows"])
        self.aside: pa.Table | None = None

    @property
    def state(self) -> dict[str, Any]:
        """What is known so far, in plain values; of a table that is not refused yet."""
        return {
            "refused": self._refused.state,
            "counted": self._counted.state,
            "rows": self.rows,
            "aside_rows": self.aside_rows,
        }

    def score(self, table: pa.Table, place: Place) -> pa.Table | None:
        """The batch's rows that have an answer, with `label` and `probability_<class>` added.

        Where the table has a column of such a name, all of them begin with `predicted_`. Once
        a breach is found that refuses the table, the rows are only checked, and None comes
        back. `place` gives the words that name a row to a person.

        Raises
        ------
        DataError
            If a column is missing, or the name of one that is added is taken.
        """
        self._require(table)
        features, reasons = {}, defaultdict[int, list[str]](list)
        for name, column in self._columns.items():
            result = typed(name, table.column(name), column, self._contract["missing"])
            features[name] = result.values
            for breach in result.breaches:
                self._note(breach, table, place, reasons)
        self.rows += table.num_rows
        if self._stopped:
            return None
        values = {name: each.to_numpy(zero_copy_only=False) for name, each in features.items()}
        labels, probabilities = self._answer(values)
        if self._sets_aside:
            undefined = np.isnan(probabilities).any(axis=1)
            for row in np.flatnonzero(undefined).tolist():
                reasons[row].append(UNDEFINED)
            kept = np.ones(table.num_rows, dtype=bool)
            kept[list(reasons)] = False
            self.aside = self._apart(table, reasons, place)
            if reasons:
                table, labels, probabilities = table.filter(kept), labels[kept], probabilities[kept]
        return self._beside(table, labels, probabilities)

    def _require(self, table: pa.Table) -> None:
        missing = [name for name in self._columns if name not in table.column_names]
        if missing:
            raise DataError(
                f"the model needs the columns {', '.join(map(repr, missing))}, which the table "
                "does not have. Add them; any order will do."
            )
        taken = [name for name in (ROW, REASON) if name in table.column_names]
        if self._sets_aside and taken:
            raise DataError(
                f"the table has a column {taken[0]!r}, where rows that are set aside have theirs "
                "of that name. Rename it, or score without --quarantine."
            )

    def _note(
        self, breach: Breach, table: pa.Table, place: Place, reasons: Mapping[int, list[str]]
    ) -> None:
        unseen = breach.fault == "value" and not breach.rule
        if breach.fault != "type" and (self._lenient or unseen):
            self._counted.add(breach, place)
        elif self._sets_aside and len(breach.rows) and not breach.rule:
            (name,) = breach.columns
            for row in breach.rows.tolist():
                cell = "" if breach.fault == "gap" else f": {shown(table.column(name), row)!r}"
                reasons[row].append(f"column {name!r} is {breach.what}{cell}")
        else:
            self._refused.add(breach, place)
            self._mistyped |= breach.fault == "type"
            self._stopped |= not breach.rule

    def _apart(self, table: pa.Table, reasons: Mapping[int, list[str]], place: Place) -> pa.Table:
        """The rows that have reasons, with their numbers and these."""
        rows = sorted(reasons)
        self.aside_rows += len(rows)
        first = self.rows - table.num_rows + 1
        texts = [f"{place(row)}: {'; '.join(reasons[row])}" for row in rows]
        apart = table.take(pa.array(rows, pa.int64()))
        numbers = pa.array([first + row for row in rows], pa.int64())
        apart = apart.append_column(ROW, numbers)
        return apart.append_column(REASON, pa.array(texts, pa.string()))

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

    def _beside(
        self, table: pa.Table, labels: NDArray[Any], probabilities: NDArray[Any]
    ) -> pa.Table:
        classes = self._contract["classes"]
        texts = [str(c).lower() if isinstance(c, bool) else str(c) for c in classes]
        names = ["label", *(f"probability_{text}" for text in texts)]
        # Typed, because no rows at all have types, too.
        columns = [pa.array(labels, pa.array(classes).type), *map(pa.array, probabilities.T)]
        if self._version is not None:
            names.append(VERSION)
            columns.append(pa.repeat(pa.scalar(self._version), table.num_rows))
        if not set(names).isdisjoint(table.column_names):
            names = [f"predicted_{name}" for name in names]
        taken = [name for name in names if name in table.column_names]
        if taken:
            raise DataError(
                f"the table already has the columns {', '.join(map(repr, taken))}, where the "
                "answer would stand. Rename them or leave them out."
            )
        for name, column in zip(names, columns, strict=True):
            table = table.append_column(name, column)
        return table
