"""Our vectorised checks and pandera's find the same failing cells."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipelines.config import Category, Column, Integer, Number
from pipelines.contracts.columns import typed
from pipelines.contracts.roles import repeated

Pairs = set[tuple[str, int]]
WORDS = ["u", "v", "w", "é", "a b", "NA"]
NUMBERS = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from([0.5, -2.25, 1e300]))
TEXTS = st.one_of(st.just(""), st.sampled_from(WORDS))
BOUNDS = st.one_of(st.none(), st.integers(-4, 4))


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    low, high = draw(BOUNDS), draw(BOUNDS)
    if low is not None and high is not None and low > high:
        low, high = high, low
    bounds = {k: v for k, v in (("min", low), ("max", high)) if v is not None}
    floats = {k: float(v) for k, v in bounds.items()}
    values = draw(st.lists(st.sampled_from(WORDS), min_size=1, unique=True))
    return {
        "n": {"type": "number", "missing": draw(st.booleans()), **floats},
        "i": {"type": "integer", "missing": draw(st.booleans()), **bounds},
        "c": {"type": "category", "missing": draw(st.booleans()), "values": values},
    }


ROWS = st.lists(st.tuples(NUMBERS, st.one_of(st.none(), st.integers(-6, 6)), TEXTS), min_size=1)
KEYS = st.lists(st.sampled_from(["n", "i", "c"]), unique=True)


def by_ours(columns: dict[str, Column], table: pa.Table, key: list[str]) -> tuple[Pairs, set[int]]:
    pairs: Pairs = set()
    for name, column in columns.items():
        for breach in typed(name, table.column(name), column, []).breaches:
            assert breach.fault in ("gap", "range", "value")
            pairs |= {(name, int(row)) for row in breach.rows}
    raw = {name: table.column(name) for name in key}
    several = [b for b in repeated(key, raw, columns, []) if b.fault == "key"]
    return pairs, {int(row) for breach in several for row in breach.rows}


def by_pandera(
    columns: dict[str, Column], frame: pd.DataFrame, key: list[str]
) -> tuple[Pairs, set[int]]:
    checked: dict[str, pandera.Column] = {}
    for name, column in columns.items():
        checks = []
        if isinstance(column, Number | Integer):
            checks += [pandera.Check.ge(column.min)] if column.min is not None else []
            checks += [pandera.Check.le(column.max)] if column.max is not None else []
        if isinstance(column, Category):
            checks.append(pandera.Check.isin(column.values))
        checked[name] = pandera.Column(checks=checks, nullable=column.missing)
    pairs = failing(pandera.DataFrameSchema(checked), frame)
    # A row without a whole key is told as such, not as a repeat.
    whole = frame[frame[key].notna().all(axis=1)] if key else frame[:0]
    alike = failing(pandera.DataFrameSchema(unique=key), whole) if len(whole) else set()
    return pairs, {row for _, row in alike}


def failing(schema: pandera.DataFrameSchema, frame: pd.DataFrame) -> Pairs:
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        return {(str(c), int(i)) for c, i in zip(cases["column"], cases["index"], strict=True)}
    return set()


@settings(max_examples=40, deadline=None)
@given(contracts(), ROWS, KEYS, st.booleans())
def test_range_gaps_values_and_keys_fail_in_the_same_rows(
    contract: dict[str, Any], rows: list[tuple[Any, Any, str]], key: list[str], as_text: bool
) -> None:
    columns = TypeAdapter(dict[str, Column]).validate_python(contract)
    n, i, c = zip(*rows, strict=True)
    frame = pd.DataFrame(
        {
            "n": np.array([np.nan if x is None else x for x in n], float),
            "i": np.array([np.nan if x is None else x for x in i], float),
            "c": np.array([text or None for text in c], object),
        }
    )
    raw = {"n": list(n), "i": list(i), "c": list(c)}
    if as_text:  # as CSV gives them
        raw = {name: ["" if x is None else str(x) for x in cells] for name, cells in raw.items()}
    else:
        raw["n"] = [None if x is None else float(x) for x in n]
    assert by_ours(columns, pa.table(raw), key) == by_pandera(columns, frame, key)


def test_pandera_is_needed_by_the_tests_alone() -> None:
    root = Path(__file__).parents[2]
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert not [each for each in project["dependencies"] if each.startswith("pandera")]
