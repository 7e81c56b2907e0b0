"""Columns with a role beside the features: row's key, split's column, time of the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Column, Date
from pipelines.contracts.breaches import SHOWN, Breach
from pipelines.contracts.columns import DAY, LARGEST, typed
from pipelines.contracts.native import as_text, is_text, native, shown
from pipelines.contracts.parsing import Parsed, moments, numbers, to_numpy, words_in

__all__ = ["Key", "group_key", "outcome_time", "repeated", "time_key", "word_key"]

NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Key:
    """The split's column, what its gap is counted in, and its breaches."""

    values: pa.Array | None
    unit: float = 1.0
    breaches: tuple[Breach, ...] = ()


def group_key(name: str, values: pa.ChunkedArray, missing: Sequence[str]) -> Key:
    """The column as text; a gap is a breach."""
    try:
        text = as_text(values)
    except pa.ArrowException:
        return Key(None, breaches=(_no_key(name, values),))
    gaps = np.flatnonzero(words_in(text, missing))
    return Key(text.cast(pa.string()), breaches=_gaps_in_key(name, gaps))


def word_key(
    name: str, values: pa.ChunkedArray, missing: Sequence[str], words: Mapping[str, Sequence[str]]
) -> Key:
    """The column as text; a gap is a breach, and so is what is no part's word."""
    key = group_key(name, values, missing)
    if key.values is None:
        return key
    known = pa.array([word for each in words.values() for word in each], pa.string())
    strange = ~to_numpy(pc.is_in(key.values, value_set=known))
    for breach in key.breaches:
        strange[breach.rows] = False
    rows = np.flatnonzero(strange)
    if not rows.size:
        return key
    listed = ", ".join(f"{part} {list(each)}" for part, each in words.items())
    remedy = f"The words are {listed}. Correct the cells, or list their words in [split]."
    stranger = Breach((name,), "value", "no part's word", remedy, rows, _cells(values, rows))
    return replace(key, breaches=(*key.breaches, stranger))


def time_key(name: str, values: pa.ChunkedArray, missing: Sequence[str]) -> Key:
    """The column as float64: seconds since 1970-01-01 UTC of dates, or the numbers it holds."""
    readings: list[tuple[Parsed, float, str]] = []
    for kind, of_text, unit in (("date", moments, DAY), ("number", numbers, 1.0)):
        try:
            text = is_text(values.type)
            parsed = of_text(as_text(values), missing) if text else native(values, kind, missing)
            readings.append((parsed, unit, kind))
        except pa.ArrowException:
            continue
    if not readings:
        return Key(None, breaches=(_no_key(name, values),))
    # ISO dates are no numbers and numbers no ISO dates: what fits more cells is what it is.
    parsed, unit, kind = min(readings, key=lambda reading: int(reading[0].wrong.sum()))
    wrong = np.flatnonzero(parsed.wrong | np.isinf(parsed.values))
    breaches = _gaps_in_key(name, np.flatnonzero(parsed.gaps))
    if wrong.size:
        what = f"not readable as a {kind}, in the split's column"
        remedy = "Write 2024-12-31 or 2024-12-31T23:59:59Z, or plain finite numbers."
        breaches += (Breach((name,), "type", what, remedy, wrong, _cells(values, wrong)),)
    return Key(pa.array(parsed.values), unit, breaches)


def outcome_time(
    name: str, values: pa.ChunkedArray, missing: Sequence[str]
) -> tuple[NDArray[np.float64], tuple[Breach, ...]]:
    """Seconds since 1970-01-01 UTC, NaN for a gap, and the breaches of a date column."""
    result = typed(name, values, Date(type="date", unit="second", missing=True), missing)
    return np.asarray(result.values.to_numpy(zero_copy_only=False)), result.breaches


def repeated(
    names: Sequence[str],
    raw: Mapping[str, pa.ChunkedArray],
    columns: Mapping[str, Column],
    missing: Sequence[str],
) -> list[Breach]:
    """Gaps in the row's key, and rows whose key stands more than once.

    A column of the contract counts by its value (1.0 is 1), any other by its text, and so do
    numbers of 2**53 and more, where a float64 no longer tells neighbours apart.
    """
    breaches: list[Breach] = []
    key: NDArray[np.int64] | None = None
    whole = np.ones(0, dtype=bool)
    for name in names:
        try:
            codes, gaps, absent = _codes(name, raw[name], columns.get(name), missing)
        except pa.ArrowException:
            breaches.append(_no_key(name, raw[name]))
            continue
        if gaps.any():
            what, remedy = "missing in the row's key", "Fill them in, or change source.unique."
            breaches.append(Breach((name,), "gap", what, remedy, np.flatnonzero(gaps)))
        key = codes if key is None else _paired(key, codes)
        whole = ~absent if not whole.size else whole & ~absent
    if key is None or any(not len(breach.rows) for breach in breaches):
        return breaches
    _, inverse, counts = np.unique(key[whole], return_inverse=True, return_counts=True)
    several = np.flatnonzero(counts[inverse] > 1)
    if several.size:
        # Rows of one key stand together, in the order in which the first of each appears.
        first = np.full(len(counts), len(key))
        np.minimum.at(first, inverse[several], several)
        rows = np.flatnonzero(whole)[several[np.lexsort((several, first[inverse[several]]))]]
        cells = tuple(_of_row(names, raw, int(row)) for row in rows[:SHOWN])
        remedy = "Remove the repeats, or name further columns in source.unique."
        what = "in more than one row, where source.unique says one"
        breaches.append(Breach(tuple(names), "key", what, remedy, rows, cells))
    return breaches


def _codes(
    name: str, values: pa.ChunkedArray, column: Column | None, missing: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """A number a distinct value, which rows are gaps, and which have no value to compare."""
    if column is None:
        text = as_text(values)
        gaps = absent = words_in(text, missing)
    else:
        result = typed(name, values, column, missing)
        text = result.values
        absent = to_numpy(pc.equal(text, "") if pa.types.is_string(text.type) else pc.is_nan(text))
        gaps = absent.copy()
        for breach in result.breaches:
            gaps[breach.rows] &= breach.fault != "type"
    codes = _encoded(text)
    if pa.types.is_floating(text.type):
        large = np.abs(text.to_numpy()) >= LARGEST
        if large.any():
            written = pc.utf8_trim_whitespace(as_text(values))
            codes = _paired(codes, _encoded(pc.if_else(pa.array(large), written, "")))
    return codes, gaps, absent


def _encoded(values: pa.Array) -> NDArray[np.int64]:
    codes = values.dictionary_encode(null_encoding="encode").indices.to_numpy()
    return np.asarray(codes.astype(np.int64))


def _paired(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number a distinct pair."""
    pairs = first * (int(second.max(initial=0)) + 1) + second  # both are below the row count
    return np.asarray(np.unique(pairs, return_inverse=True)[1], dtype=np.int64)


def _of_row(names: Sequence[str], raw: Mapping[str, pa.ChunkedArray], row: int) -> str:
    return ", ".join(shown(raw[name], row) for name in names)


def _no_key(name: str, values: pa.ChunkedArray) -> Breach:
    what, remedy = f"holds {values.type}, which is no key", "Choose another column."
    return Breach((name,), "type", what, remedy, NO_ROWS)


def _gaps_in_key(name: str, rows: NDArray[np.int64]) -> tuple[Breach, ...]:
    remedy = "Fill them in, or split by something that every row has."
    breach = Breach((name,), "gap", "missing in the split's column", remedy, rows)
    return (breach,) if rows.size else ()


def _cells(values: pa.ChunkedArray, rows: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(shown(values, int(row)) for row in rows[:SHOWN])
