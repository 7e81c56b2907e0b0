"""How often the drift check rings without a drift, what it finds, and how long it takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.drift_samples import CHANGED, SHIFTS, TABLES, Sample, generated, sample, shifted
from benchmarks.measuring import machine, median
from pipelines.adapters import tables
from pipelines.config import Drift
from pipelines.drift.comparison import Comparison, compare
from pipelines.drift.counting import Tally
from pipelines.drift.profile import Profile, profile

__all__ = ["ALLOWED", "alarms", "compared", "fresh_alarms", "hits", "sections"]

ROWS, PART, BATCH = 10_000, 0.75, 65_536
SETTINGS = Drift()
LIBRARIES = ("numpy", "scipy", "pyarrow", "scikit-learn")
ALLOWED = 21  # of 200: a true 5 % test stays at or under it 99.9 % of the time


def compared(kept: Profile, rows: pa.Table) -> Comparison:
    """The profile beside the rows, by the default settings."""
    tally = Tally(kept)
    tally.add(rows, lambda row: f"row {row + 1}")
    return compare(kept, tally, SETTINGS)


def alarms(kept: Profile, rows: pa.Table, draws: int, seed: int, replace: bool = True) -> int:
    """In how many draws of ten thousand of the rows a drift is found."""
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(draws):
        drawn = rng.choice(rows.num_rows, ROWS, replace=replace)
        found += compared(kept, rows.take(pa.array(drawn))).drifted
    return found


def fresh_alarms(draws: int, of: int, seed: int) -> int:
    """In how many draws a drift is found between two new samples of one population."""
    found = 0
    for draw in range(draws):
        then, now = (generated(rows, seed + 2 * draw + i) for i, rows in enumerate((of, ROWS)))
        found += compared(profile(then.table, then.contract), now.rows).drifted
    return found


def hits(one: Sample, column: str, what: str, draws: int, seed: int) -> int:
    """In how many draws a change of one column is found, in that column."""
    kept = profile(one.table, one.contract)
    rng = np.random.default_rng(seed)
    rows, found = one.rows, 0
    for _ in range(draws):
        drawn = rows.take(pa.array(rng.choice(rows.num_rows, ROWS)))
        result = compared(kept, shifted(drawn, column, what, rng))
        found += next(each for each in result.columns if each.name == column).drifted
    return found


def sections(short: bool) -> Iterator[tuple[str, str]]:
    """False alarms, what is found, and times: a heading and a table each."""
    draws = 10 if short else 200
    yield "False alarms, drift check", _false_alarms(draws, short) + f"\n{machine(LIBRARIES)}\n"
    yield "What the drift check finds", _power(5 if short else 20)
    yield "Time of the drift check", _times(100_000 if short else 1_000_000, 1 if short else 3)


def _false_alarms(draws: int, short: bool) -> str:
    lines = [
        f"Alarms in {draws} draws of {ROWS:,} rows each at `confidence = 0.95`; a true 5 % test "
        f"stays at or under {ALLOWED} of 200 in 99.9 % of such runs. The last rows draw both "
        "samples anew from one population, heavy ties, rare values and gaps included.\n",
        "| table | rows | columns | with replacement | profile of 75 % | without replacement |",
        "|---|---|---|---|---|---|",
    ]
    for name, load in TABLES.items():
        if short and name == "mnist-10k":
            continue
        one = load()
        rows, n = one.rows, len(one.table.codes)
        kept, part = profile(one.table, one.contract), one.part(PART, np.random.default_rng(1))
        counts = [alarms(kept, rows, draws, 1), alarms(part, rows, draws, 2)]
        more = str(alarms(kept, rows, draws, 3, replace=False)) if n > ROWS else "–"
        lines.append(
            f"| {name} | {n:,} | {rows.num_columns} | {counts[0]} | {counts[1]} | {more} |"
        )
    for of in (300, 2_000, 20_000) if short else (300, 2_000, 20_000, 100_000):
        lines.append(f"| two new samples | {of:,} | 14 | {fresh_alarms(draws, of, of)} | – | – |")
    return "\n".join(lines) + "\n"


def _power(draws: int) -> str:
    lines = [
        f"Draws of {draws} of {ROWS:,} rows in which the change of one column is found in that "
        "column. On 344 rows a share that moves by five points is not sure to be found: "
        "so few rows cannot tell.\n",
        f"| change | {' | '.join(CHANGED)} |",
        f"|---|{'---|' * len(CHANGED)}",
    ]
    samples = {name: TABLES[name]() for name in CHANGED}
    for what, (kind, _) in SHIFTS.items():
        counts = [
            hits(one, CHANGED[name][kind == "category"], what, draws, 4)
            for name, one in samples.items()
        ]
        lines.append(f"| {what} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines) + "\n"


def _times(rows: int, runs: int) -> str:
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"x{i}": rng.normal(size=rows) for i in range(14)}
    columns |= {f"n{i}": np.floor(rng.exponential(20, rows)) for i in range(3)}
    words = np.array([f"word {i}" for i in range(30)])
    columns |= {f"c{i}": words[rng.integers(0, 30, rows)] for i in range(3)}
    one = sample(columns, (rng.random(rows) < 0.2).astype(np.int32))
    kept = profile(one.table, one.contract)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"table.{kind}") for kind in ("parquet", "csv")]
        for path in files:
            with tables.Writer(path) as writer:
                writer.write(one.rows)
        found = [median(partial(_checked, kept, path), runs) for path in files]
    lines = [
        f"{rows:,} rows × 20 columns and the target, on one thread; the profile takes "
        f"{len(kept.content) / 1e6:.2f} MB.\n",
        "| what | median | runs |",
        "|---|---|---|",
        f"| making the profile | {median(partial(profile, one.table, one.contract), runs):.2f} s "
        f"| {runs} |",
        *(
            f"| reading {path.suffix[1:]} and comparing | {seconds:.2f} s | {runs} |"
            for path, seconds in zip(files, found, strict=True)
        ),
    ]
    return "\n".join(lines) + f"\n\n{machine(LIBRARIES)}\n"


def _checked(kept: Profile, path: Path) -> Comparison:
    tally = Tally(kept)
    for batch in tables.batches(path, BATCH):
        tally.add(batch.table, batch.place)
    return compare(kept, tally, SETTINGS)
