"""Example rows as JSON records, and what the model answers them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["NEAR", "WITHIN", "expected", "requests"]

Record = dict[str, Any]
Answer = Callable[[Sequence[Record]], tuple[NDArray[Any], NDArray[Any]]]

MOST = 12
ORDINARY = 4
WITHIN, EXTREME = 1e-5, 1e-4
"""How far a probability may be off: on rows within the contract, and on the others."""
NEAR = 1e-3  # a row as near as this to another label may get it in another runtime
UNSEEN = "never seen in training"
EPOCH = datetime.datetime(1970, 1, 1)
DAY = 86_400.0  # seconds

# A row, and how far a runtime's probabilities may be from those expected.
Example = tuple[Record, float]


def requests(X: pd.DataFrame, contract: Mapping[str, Any]) -> list[Example]:
    """About a dozen rows: some of the table, with gaps, values never seen, extremes.

    Parameters
    ----------
    X : DataFrame
        Rows as ingest leaves them: float64 with NaN for a gap, text with "" for a gap.

    Returns
    -------
    list of (record, tolerance)
        Dates as ISO texts, gaps as None.
    """
    columns: Mapping[str, Mapping[str, Any]] = contract["columns"]
    places = np.unique(np.linspace(0, len(X) - 1, min(ORDINARY, len(X))).astype(int))
    rows = [
        {name: _value(X[name].iloc[place], spec) for name, spec in columns.items()}
        for place in places.tolist()
    ]
    found: list[Example] = [(row, WITHIN) for row in rows]
    typical = rows[0] if rows else dict.fromkeys(columns)
    found.append((dict.fromkeys(columns), EXTREME))
    texts = [name for name, spec in columns.items() if spec["type"] == "category"]
    if texts:
        unseen = {name: _unseen(columns[name]["values"]) for name in texts}
        found.append(({**typical, **unseen}, EXTREME))
    for side in ("min", "max"):
        found.append(({**typical, **_ends(X, columns, side)}, EXTREME))
    for name in columns:
        if len(found) == MOST:
            break
        found.append(({**typical, name: None}, WITHIN))
    return _distinct(found)


def expected(
    rows: Sequence[Example], answer: Answer, margins: Callable[[NDArray[Any]], NDArray[Any]]
) -> tuple[list[Record], dict[str, Any]]:
    """The rows whose label is beyond doubt, and what examples/expected.json says of them.

    Parameters
    ----------
    answer : callable
        Records → labels and probabilities of model.onnx.
    margins : callable
        Probabilities → how far each row is from another label.
    """
    labels, P = answer([row for row, _ in rows])
    sure = np.flatnonzero((margins(P) > NEAR) & np.isfinite(P).all(axis=1)).tolist()
    if not sure:  # then the first at least shows what an answer looks like
        sure = [0]
    told = [
        {
            "label": labels[place].item() if hasattr(labels[place], "item") else labels[place],
            "probabilities": [float(p) for p in P[place]],
            "tolerance": rows[place][1],
        }
        for place in sure
    ]
    return [rows[place][0] for place in sure], {"rows": told}


def _distinct(rows: Sequence[Example]) -> list[Example]:
    return [pair for at, pair in enumerate(rows) if pair[0] not in [row for row, _ in rows[:at]]]


def _unseen(values: Sequence[str]) -> str:
    text = UNSEEN
    while text in values:
        text += "!"
    return text


def _ends(X: pd.DataFrame, columns: Mapping[str, Mapping[str, Any]], side: str) -> Record:
    """Each number at its bound of the contract, else at its least or greatest value."""
    ends: Record = {}
    for name, spec in columns.items():
        if spec["type"] == "category":
            continue
        end = spec.get(side, X[name].min() if side == "min" else X[name].max())
        ends[name] = _value(end, spec)
    return ends


def _value(feature: Any, spec: Mapping[str, Any]) -> Any:
    """The feature as a JSON record has it."""
    kind = spec["type"]
    if kind == "category":
        return str(feature) or None
    number = float(feature)
    if not math.isfinite(number):
        return None
    if kind == "boolean":
        return bool(number)
    if kind == "integer":
        return int(number)
    return _moment(number, spec["unit"]) if kind == "date" else number


def _moment(since: float, unit: str) -> str | None:
    """Days or seconds since 1970-01-01 as an ISO text; a gap where no calendar has it."""
    seconds = round(since * DAY if unit == "day" else since)
    try:
        moment = EPOCH + datetime.timedelta(seconds=seconds)
    except OverflowError:
        return None
    return moment.date().isoformat() if seconds % DAY == 0 else moment.isoformat()
