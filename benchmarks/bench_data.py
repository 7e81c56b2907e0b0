"""Reading a table and checking its contract beside pyarrow's bare reading of the same file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from benchmarks.measuring import Figure, median
from flows.reading import read_table
from pipelines.adapters.sources import open_source
from pipelines.config import Config
from pipelines.steps.split import split

REALS, COUNTS, WORDS = 12, 3, 4
PLACES = np.array(["north", "south", "east", "west", "up"])


def table(rows: int) -> pa.Table:
    """Twelve reals, a third of them with gaps, three counts, four categories and the label."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    for i in range(REALS):
        x = rng.normal(size=rows).round(6)
        if i % 3 == 0:
            x[rng.random(rows) < 0.05] = np.nan
        columns[f"x{i}"] = pa.array(x, from_pandas=True)
    columns |= {f"n{i}": rng.integers(0, 10 ** (i + 2), rows) for i in range(COUNTS)}
    columns |= {f"c{i}": PLACES[rng.integers(0, len(PLACES), rows)] for i in range(WORDS)}
    columns["y"] = np.where(rng.random(rows) < 0.3, "yes", "no")
    return pa.table(columns)


def config(path: Path) -> Config:
    """The contract of `table`, with a bound or a list for every column."""
    number = {"type": "number", "min": -100.0, "max": 100.0, "missing": True}
    columns: dict[str, Any] = {f"x{i}": number for i in range(REALS)}
    columns |= {f"n{i}": {"type": "integer", "min": 0} for i in range(COUNTS)}
    columns |= {f"c{i}": {"type": "category", "values": sorted(PLACES)} for i in range(WORDS)}
    return Config.model_validate(
        {
            "source": {"path": path.name, "target": "y", "classes": ["no", "yes"]},
            "columns": columns,
            "candidates": [{"name": "prior", "estimator": "prior"}],
            "registry": {"model": "bench"},
        }
    )


def figures(rows: int, runs: int) -> list[Figure]:
    """Parquet and CSV, bare and with everything ingest does, and the split of the table."""
    whole = table(rows)
    with tempfile.TemporaryDirectory() as folder:
        parquet, csv = Path(folder) / "t.parquet", Path(folder) / "t.csv"
        pq.write_table(whole, parquet)
        pcsv.write_csv(whole, csv)
        found = _pair("Parquet", parquet, pq.read_table, 2.5, runs)
        found += _pair("CSV", csv, pcsv.read_csv, 2.0, runs)
        terms = config(csv)
        _, typed = read_table(open_source(terms.source, csv.parent), terms)
    seconds = median(lambda: split(typed, terms.split), runs)
    return [*found, Figure("split by a hash of each row", seconds, "s", "target 1 s", runs)]


def _pair(
    kind: str, path: Path, bare: Callable[[Path], object], times: float, runs: int
) -> list[Figure]:
    terms = config(path)

    def ours() -> object:
        return read_table(open_source(terms.source, path.parent), terms)

    alone = median(lambda: bare(path), runs)
    held = f"target {times:g} × pyarrow = {times * alone:.2g} s"
    return [
        Figure(f"{kind}, pyarrow alone", alone, "s", runs=runs),
        Figure(f"{kind}, read strictly, contract checked", median(ours, runs), "s", held, runs),
    ]
