"""`logitline score` in a process of its own, beside reading and writing the same file."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from benchmarks.bench_inference import CATEGORIES, NUMBERS, WORDS
from benchmarks.measuring import Figure
from flows import servers
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.inference import Predictor

__all__ = ["figures"]

CONFIG = """\
[source]
path = "train.parquet"
target = "y"
classes = ["no", "yes"]

[columns]
{columns}

[split]
test = 0.3

[[candidates]]
name = "logistic"
estimator = "logistic"

[selection]
folds = 2

[registry]
model = "scored"
"""
# Rows of a batch, as the flow has it for so many columns.
ROWS = (1 << 18) // (len(NUMBERS) + len(CATEGORIES))
MOST_MB = 500
ROOT = str(Path(__file__).parents[1])
COMMAND = "from flows.cli import main; main()"
# What it took is told by the process itself: its largest resident set, and its start-up, which
# is not the scoring's, until the first batch is asked for and since the last.
TOLD = """\
import atexit, sys, time
from flows import scoring
convey, spent = scoring._convey, []
def timed(*arguments):
    started = time.perf_counter()
    convey(*arguments)
    spent.append(time.perf_counter() - started)
scoring._convey = timed
# Not getrusage's, in which the process that started this one is counted, too.
peak = lambda: int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1024
atexit.register(lambda: print(spent[0], peak(), file=sys.stderr))
"""


def table(rows: int, seed: int) -> pa.Table:
    """Ten numbers and four categories a row."""
    rng = np.random.default_rng(seed)
    columns = {name: pa.array(rng.normal(size=rows)) for name in NUMBERS}
    words = pa.array(WORDS.tolist())
    drawn = {name: words.take(pa.array(rng.integers(0, 5, rows))) for name in CATEGORIES}
    return pa.table(columns | drawn)


def figures(rows: int, csv_rows: int, runs: int) -> list[Figure]:
    """The command on Parquet and CSV, its parts on their own, and the pipeline in chunks."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        servers.set_environment(place)
        config = _champion(place)
        with servers.prefect_server(place) as server:
            server.ready()
            _write(place / "in.parquet", rows)
            parquet = _parquet(place, config, rows, runs)
            (place / "out.parquet").unlink()
            _write(place / "in.csv", csv_rows)
            return [*parquet, *_csv(place, config, csv_rows, runs)]


def _champion(place: Path) -> Path:
    """The config of a workspace whose champion is a logistic regression."""
    train = table(5_000, 0)
    z = train.column("x0").to_numpy() + (train.column("c0").to_numpy() == "north")
    labels = np.where(z > 0.3, "yes", "no").tolist()
    pq.write_table(train.append_column("y", [labels]), place / "train.parquet")
    lines = [f'{name} = {{ type = "number" }}' for name in NUMBERS]
    values = json.dumps(sorted(WORDS))
    lines += [f'{name} = {{ type = "category", values = {values} }}' for name in CATEGORIES]
    config = place / "scored.toml"
    config.write_text(CONFIG.format(columns="\n".join(lines)), encoding="utf-8")
    _command("", "train", config, place=place)
    return config


def _command(code: str, *words: object, place: Path) -> str:
    """What the command says on standard error."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{COMMAND}", *map(str, words), "--workspace", str(place)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ROOT, "ARROW_DEFAULT_MEMORY_POOL": "system"},
    )
    return done.stderr


def _write(path: Path, rows: int) -> None:
    """A file of rows, in parts, so that it need not fit into memory."""
    part, schema = 500_000, table(0, 0).schema
    parquet = path.suffix == ".parquet"
    with (pq.ParquetWriter if parquet else pcsv.CSVWriter)(path, schema) as writer:
        for start in range(0, rows, part):
            writer.write_table(table(min(part, rows - start), 1 + start))


def _parquet(place: Path, config: Path, rows: int, runs: int) -> list[Figure]:
    source, output = place / "in.parquet", place / "out.parquet"
    predictor = _predictor(place)
    taken: dict[str, list[float]] = {"own": [], "flow": [], "files": [], "session": []}
    peaks = []
    for _ in range(runs):  # in turns, so that a busy machine slows all alike
        own, flow, peak = _scored(config, source, output, place)
        found = {
            "own": own,
            "flow": flow,
            "files": _seconds(lambda: _read_and_written(source, output)),
            "session": _session(source, predictor),
        }
        peaks.append(peak)
        for name, value in found.items():
            taken[name].append(value)
    own, flow, files, session = (statistics.median(each) for each in taken.values())
    ratio = flow / (files + session)
    size = source.stat().st_size / 1e6
    held = rows * table(1_000, 0).nbytes / 1e9
    return [
        Figure("the command, Parquet to Parquet, whole process", own, "s", f"{rows:,} rows", runs),
        Figure(
            "its reading, scoring and writing, side by side",
            flow,
            "s",
            f"{ratio:.2f} × the two below together; target 1.3 ×",
            runs,
        ),
        Figure("reading and writing alone, PyArrow, same batches", files, "s", runs=runs),
        Figure("the Predictor alone, same batches", session, "s", runs=runs),
        Figure("rows a second of the flow", rows / flow / 1e6, "M rows/s", runs=runs),
        Figure(
            "largest resident set",
            max(peaks),
            "MB",
            f"{size:,.0f} MB of file, {held:,.0f} MB in memory; target {MOST_MB} MB",
            runs,
        ),
    ]


def _csv(place: Path, config: Path, rows: int, runs: int) -> list[Figure]:
    source, output = place / "in.csv", place / "out.csv"
    predictor = _predictor(place)
    taken = [_scored(config, source, output, place) for _ in range(runs)]
    flow = statistics.median(each[1] for each in taken)
    pipeline = statistics.median(
        _seconds(lambda: _in_chunks(predictor, source, output)) for _ in range(runs)
    )
    return [
        Figure("CSV to CSV, reading, scoring and writing", flow, "s", f"{rows:,} rows", runs),
        Figure("its rows a second", rows / flow / 1e6, "M rows/s", runs=runs),
        Figure(
            "its largest resident set",
            max(each[2] for each in taken),
            "MB",
            f"target {MOST_MB} MB",
            runs,
        ),
        Figure(
            "the same with pandas in chunks around the Predictor",
            pipeline,
            "s",
            f"{pipeline / flow:.1f} × the flow",
            runs,
        ),
    ]


def _scored(config: Path, source: Path, output: Path, place: Path) -> tuple[float, float, float]:
    """Seconds of the whole process and of the flow in it, and MB of its largest resident set."""
    started = time.perf_counter()
    said = _command(TOLD, "score", config, source, output, "--json", place=place)
    took = time.perf_counter() - started
    flow, peak = map(float, said.strip().splitlines()[-1].split())
    return took, flow, peak


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _predictor(place: Path) -> Predictor:
    tracking.connect(place)
    version = registry.resolve(tracking.connect(place), f"models:/scored@{registry.CHAMPION}")
    path, sha256 = registry.download_model(version.uri, place)
    return Predictor.load(path, sha256=sha256)


def _batches(source: Path) -> Iterator[pa.RecordBatch]:
    return pq.ParquetFile(source).iter_batches(batch_size=ROWS)


def _read_and_written(source: Path, output: Path) -> None:
    """The file as it is, with columns beside it such as a scoring adds."""
    writer = None
    for batch in _batches(source):
        rows = pa.Table.from_batches([batch])
        answers = np.linspace(0, 1, len(rows), dtype=np.float32)
        rows = rows.append_column("label", pa.array(np.where(answers > 0.5, "yes", "no")))
        rows = rows.append_column("probability_no", pa.array(answers))
        rows = rows.append_column("probability_yes", pa.array(1 - answers))
        rows = rows.append_column("model_version", pa.repeat("1", len(rows)))
        writer = writer or pq.ParquetWriter(output, rows.schema)
        writer.write_table(rows)
    if writer is not None:
        writer.close()


def _session(source: Path, predictor: Predictor) -> float:
    """Seconds of the Predictor on all batches, which are read while no clock runs."""
    spent = 0.0
    for batch in _batches(source):
        rows = pa.Table.from_batches([batch])
        started = time.perf_counter()
        predictor.run(rows)
        spent += time.perf_counter() - started
    return spent


def _in_chunks(predictor: Predictor, source: Path, output: Path) -> None:
    """As a script does it that knows neither Arrow nor threads."""
    import pandas as pd

    with output.open("w", encoding="utf-8") as file:
        for number, rows in enumerate(pd.read_csv(source, chunksize=ROWS)):
            labels, probabilities = predictor.run(rows)
            rows["label"] = labels
            for name, column in zip(predictor.classes, probabilities.T, strict=True):
                rows[f"probability_{name}"] = column
            rows.to_csv(file, index=False, header=number == 0)
