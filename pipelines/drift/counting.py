"""New rows, counted against a profile batch by batch, in memory that does not grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from pipelines.config import Boolean, Category, Column, Integer
from pipelines.contracts.breaches import Findings, Place
from pipelines.contracts.columns import Typed, typed
from pipelines.drift.profile import (
    FALSE,
    TRUE,
    Numbers,
    Profile,
    Values,
    bucket,
    count,
    label_text,
    value_counts,
)
from pipelines.records import DataError

__all__ = ["Tally"]

# Values never seen that are kept by name, and their length; further ones only by bucket.
MOST_NAMES, LONGEST_NAME = 1_000, 100


class Tally:
    """The rows added so far, counted at the profile's points and by the profile's values.

    Attributes
    ----------
    rows : int
    numbers, values : dict
        Column → its counts.
    target : Values or None
        None as long as no batch had the target's column.
    """

    def __init__(self, profile: Profile) -> None:
        self.rows = 0
        self.numbers: dict[str, Numbers] = {}
        self.values: dict[str, Values] = {}
        self.target: Values | None = None
        self._profile = profile
        contract = profile.contract
        known = TypeAdapter(dict[str, Column]).validate_python(contract["columns"])
        self._columns: dict[str, Column] = {name: known[name] for name in profile.columns}
        self._target = str(contract["target"])
        self._label = _label_column(contract["classes"])
        self._missing: list[str] = contract["missing"]
        self._mistyped = Findings()
        self._stopped = False

    def add(self, table: pa.Table, place: Place) -> None:
        """Count a batch; `place` names its rows in messages.

        Gaps, numbers out of range and values never seen are counted, for they are what is
        measured. Once a cell was of another type, rows are only checked: `conclude` tells.

        Raises
        ------
        DataError
            If a column is missing.
        """
        results = self._typed(table, place)
        if self._stopped:
            return
        for name, then in self._profile.columns.items():
            if isinstance(then, Numbers):
                now = count(results[name].values.to_numpy(zero_copy_only=False), then.points)
                self.numbers[name] = _more_numbers(self.numbers.get(name), now)
            else:
                found = _found(results[name], self._columns[name], then)
                self.values[name] = _more_values(self.values.get(name), found)
        if self._target in results:
            found = _found(results[self._target], self._label, self._profile.target)
            self.target = _more_values(self.target, found)
        self.rows += table.num_rows

    def conclude(self) -> None:
        """Nothing, where every cell had its type.

        Raises
        ------
        DataError
            With every column that holds another type, counted over all batches.
        """
        if self._stopped:
            raise DataError(*self._mistyped.sentences)

    def _typed(self, table: pa.Table, place: Place) -> Mapping[str, Typed]:
        absent = [name for name in self._columns if name not in table.column_names]
        if absent:
            raise DataError(
                f"the champion was trained on the columns {', '.join(map(repr, absent))}, which "
                "the table does not have. Add them; any order will do."
            )
        wanted = dict(self._columns)
        if self._target in table.column_names:
            wanted[self._target] = self._label
        results = {
            name: typed(name, table.column(name), column, self._missing)
            for name, column in wanted.items()
        }
        for result in results.values():
            for breach in result.breaches:
                if breach.fault == "type":
                    self._mistyped.add(breach, place)
                    self._stopped = True
        return results


def _label_column(classes: list[bool] | list[int] | list[str]) -> Boolean | Integer | Category:
    """The contract of a target column with these classes; gaps are rows not labelled yet."""
    if isinstance(classes[0], bool):
        return Boolean(type="boolean", missing=True)
    if isinstance(classes[0], int):
        return Integer(type="integer", missing=True)
    return Category(type="category", values=[str(each) for each in classes], missing=True)


def _found(result: Typed, column: Column, then: Values) -> Values:
    """A batch's values by name, apart those that the profiled table has not."""
    if isinstance(column, Category):
        counts = value_counts(result.values)
    else:
        x = result.values.to_numpy(zero_copy_only=False)
        values, rows = np.unique(x[~np.isnan(x)], return_counts=True)
        name = (lambda v: TRUE if v else FALSE) if isinstance(column, Boolean) else _whole
        counts = {name(v): n for v, n in zip(values.tolist(), rows.tolist(), strict=True)}
    known = {value: rows for value, rows in counts.items() if then.counts.get(value)}
    unseen = {value: rows for value, rows in counts.items() if value not in known}
    gaps = len(result.values) - sum(counts.values())
    return Values(known, gaps, unseen)


def _whole(value: float) -> str:
    return label_text(int(value))


def _more_numbers(before: Numbers | None, now: Numbers) -> Numbers:
    if before is None:
        return now
    return Numbers(
        now.points, before.at + now.at, before.between + now.between, before.gaps + now.gaps
    )


def _more_values(before: Values | None, now: Values) -> Values:
    if before is None:
        before = Values({}, 0)
    unseen, rest = Counter(before.unseen), Counter(before.rest)
    for value, rows in sorted(now.unseen.items()):
        name = value if len(value) <= LONGEST_NAME else f"{value[: LONGEST_NAME - 1]}…"
        if name in unseen or len(unseen) < MOST_NAMES:
            unseen[name] += rows
        else:
            rest[bucket(value)] += rows
    counts = Counter(before.counts) + Counter(now.counts)
    return Values(counts, before.gaps + now.gaps, unseen, rest)
