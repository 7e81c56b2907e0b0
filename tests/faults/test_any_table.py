"""Any table at all: a sound result or a refusal in a sentence, and never a cell that changed."""

from __future__ import annotations

import csv
import datetime
import io
import math
import tempfile
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flows.starting import propose_config
from pipelines.adapters import tables
from pipelines.config import Address, Boolean, Category, Config, Date
from pipelines.contracts.native import as_text
from pipelines.loading import ConfigError
from pipelines.records import DataError, Table
from pipelines.steps.ingest import ingest
from pipelines.steps.split import split

slow = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def through(path: Path, target: str) -> tuple[pa.Table, Config, Table] | None:
    """The table as read, its proposed config and what ingest made of it; None where refused."""
    output = path.with_suffix(".proposed.toml")
    try:
        propose_config(Address(path=str(path)), target, output)
        config = Config.model_validate(tomllib.loads(output.read_text(encoding="utf-8")))
        raw = tables.read(path)
        table = ingest(raw.table, config, raw.place)
        parts = split(table, config.split)
    except (DataError, ConfigError):
        return None
    assert len(parts.part) == len(table.codes) == table.features.num_rows
    assert set(parts.part.tolist()) <= {-1, 0, 1, 2}
    return raw.table, config, table


def require_every_cell_as_written(raw: pa.Table, config: Config, table: Table) -> None:
    """Each accepted cell means what its text says, by Python's own reading of it."""
    missing = {"", *config.source.missing}
    for name, column in config.columns.items():
        texts = as_text(raw.column(name)).take(pa.array(table.rows)).to_pylist()
        for text, value in zip(texts, table.features.column(name).to_pylist(), strict=True):
            if isinstance(column, Category):  # whose spaces are part of it
                assert value == ("" if text in {None, *missing} else text)
                continue
            gap = text is None or text.strip() in missing
            if gap or (text.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")):
                assert math.isnan(value)
            elif isinstance(column, Boolean):
                assert value == float(text.strip().lower() in ("true", "yes", "t", "y", "1"))
            elif isinstance(column, Date):
                moment = datetime.datetime.fromisoformat(text.strip())
                zone = moment.utcoffset() or datetime.timedelta()
                since = moment.replace(tzinfo=None) - datetime.datetime(1970, 1, 1) - zone
                seconds = value * (86_400 if column.unit == "day" else 1)
                assert abs(seconds - since.total_seconds()) < 1e-4
            else:
                said = float(text.strip())
                assert value == said or (math.isnan(value) and math.isinf(said))
    labels = as_text(raw.column(config.source.target)).take(pa.array(table.rows)).to_pylist()
    for text, label in zip(labels, table.labels.tolist(), strict=True):
        if isinstance(label, str):
            assert label == text
        elif not isinstance(label, bool):
            assert label == float(text.strip())


WORDS = st.sampled_from(
    [
        "1",
        "2",
        "-3.5",
        "+7",
        "1e3",
        ".5",
        "",
        "",
        "NA",
        "?",
        "nan",
        "inf",
        "1e400",
        "007",
        "yes",
        "no",
    ]
)
ODD = st.sampled_from(
    ["true", "é", "城", "2024-02-29", "2024-01-01T10:00:00.25+02:00", "0001-01-01", "9999-12-31"]
) | st.sampled_from(
    [" 1", "a b", 'q"q', '"', "a,b", "a;b", "x\ny", "x\r\ny", "\t", "=1+1", "9007199254740993", "'"]
)
CELL = st.one_of(WORDS, ODD, st.text(max_size=4).filter(lambda t: "\0" not in t))
NAME = st.one_of(
    st.sampled_from(
        ["a", "x,y", 'say "hi"', "größe", "城", " lead", "label", "1", "a.b", "#", "="]
    ),
    st.text(min_size=1, max_size=4).filter(lambda t: "\0" not in t),
)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Column names, the last one the target, and rows of cells; columns keep to few values."""
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True).filter(lambda n: "y" not in n))
    rows = draw(st.integers(6, 40))
    columns = []
    for _ in names:
        few = draw(st.lists(CELL, min_size=1, max_size=4))
        columns.append([few[draw(st.integers(0, len(few) - 1))] for _ in range(rows)])
    labels = draw(st.sampled_from([["a", "b"], ["0", "1"], ["true", "false"], ["a", "b", ""]]))
    columns.append([labels[i % len(labels)] for i in range(rows)])
    return [*names, "y"], [list(row) for row in zip(*columns, strict=True)]


def written(
    names: list[str], rows: list[list[str]], quoting: int, separator: str, ending: str
) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, delimiter=separator, lineterminator=ending)  # type: ignore[arg-type]
    writer.writerows([names, *rows])
    return out.getvalue()


ENCODING = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])
FORM = (
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)


@slow
@given(sheets(), *FORM, ENCODING)
def test_any_csv_is_read_as_it_was_written_or_refused(
    sheet: tuple[list[str], list[list[str]]],
    quoting: int,
    separator: str,
    ending: str,
    encoding: str,
) -> None:
    names, rows = sheet
    text = written(names, rows, quoting, separator, ending)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.encode(encoding, errors="replace"))
        if (done := through(path, "y")) is None:
            return
    raw, config, table = done
    if encoding != "latin-1" or text.isascii():
        assert raw.column_names == names
        assert [list(row.values()) for row in raw.to_pylist()] == rows
    require_every_cell_as_written(raw, config, table)


GOOD_ROWS = [
    [str(i * 0.5), ["u", "v, w"][i % 2], f"2024-01-{i % 28 + 1:02d}", "ab"[i % 2]]
    for i in range(30)
]
GOOD = written(["n", "word", "day", "y"], GOOD_ROWS, csv.QUOTE_MINIMAL, ",", "\n").encode()
MUTATION = st.tuples(
    st.sampled_from(["drop", "twice", "byte", "cut", "line"]),
    st.integers(0, len(GOOD) - 1),
    st.integers(0, 255),
)


def mutated(data: bytes, kind: str, at: int, byte: int) -> bytes:
    at %= max(len(data), 1)
    lines = data.splitlines(keepends=True)
    return {
        "drop": data[:at] + data[at + 1 :],
        "twice": data[:at] + data[at : at + byte] + data[at:],
        "byte": data[:at] + bytes([byte]) + data[at + 1 :],
        "cut": data[:at],
        "line": b"".join([*lines[: at % 30], *lines[at % 30 + 1 :]]),
    }[kind]


@settings(slow, max_examples=150)
@given(st.lists(MUTATION, min_size=1, max_size=4))
@example([("byte", GOOD.index(b","), ord('"'))])
@example([("byte", len(GOOD) // 2, 0)])
@example([("line", 2, 0), ("byte", 529, 28)])  # a control character that Unicode calls a space
def test_any_damage_to_a_good_file_is_refused_or_read_as_it_stands(
    mutations: list[tuple[str, int, int]],
) -> None:
    data = GOOD
    for mutation in mutations:
        data = mutated(data, *mutation)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(data)
        if (done := through(path, "y")) is None:
            return
    raw, config, table = done
    separator = "," if b"," in data.splitlines()[0] else None
    if separator:
        text = data.decode("utf-8-sig").rstrip("\r\n")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=False))
        assert [raw.column_names, *[list(row.values()) for row in raw.to_pylist()]] == lines
    require_every_cell_as_written(raw, config, table)


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
MOMENTS = st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))
BYTES = st.binary(max_size=3)
DECIMALS = st.decimals(-(10**6), 10**6, places=3)
TYPES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): FLOATS,
    pa.bool_(): st.booleans(),
    pa.string(): CELL,
    pa.large_string(): st.text(max_size=3),
    pa.binary(): BYTES,
    pa.binary(2): st.binary(min_size=2, max_size=2),
    pa.date32(): st.dates(),
    pa.date64(): st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)),
    pa.timestamp("us"): MOMENTS,
    pa.timestamp("ns"): MOMENTS,
    pa.timestamp("ms", "Europe/Berlin"): MOMENTS,
    pa.time64("us"): st.times(),
    pa.duration("s"): st.integers(0, 9).map(lambda n: datetime.timedelta(seconds=n)),
    pa.decimal128(12, 3): DECIMALS,
    pa.list_(pa.int8()): st.lists(st.integers(0, 3), max_size=2),
    pa.struct([("a", pa.int8())]): st.fixed_dictionaries({"a": st.integers(0, 3)}),
    pa.null(): st.none(),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["u", "v"]),
}


@st.composite
def arrow_tables(draw: st.DrawFn) -> pa.Table:
    """Columns of any type, half of them of few values, and a target of two labels."""
    rows = draw(st.integers(6, 30))
    columns = {}
    names = draw(st.lists(NAME.filter(lambda n: n != "y"), min_size=1, max_size=3, unique=True))
    for name in names:
        kind = draw(st.sampled_from(list(TYPES)))
        values = draw(st.lists(st.one_of(TYPES[kind], st.none()), min_size=1, max_size=rows))
        columns[name] = pa.array([values[i % len(values)] for i in range(rows)], kind)
    kind = draw(st.sampled_from([pa.string(), pa.int8(), pa.bool_(), pa.float64(), pa.binary()]))
    two = {pa.string(): ["a", "b"], pa.bool_(): [True, False], pa.binary(): [b"a", b"b"]}
    labels = two.get(kind, [0, 1])
    columns["y"] = pa.array([labels[i % 2] for i in range(rows)], kind)
    return pa.table(columns)


@slow
@given(arrow_tables())
@example(pa.table({"x": pa.array([Decimal("0.1"), Decimal("0.2")] * 9), "y": ["a", "b", "b"] * 6}))
def test_any_parquet_file_gives_its_values_or_is_refused(table: pa.Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        try:
            pq.write_table(table, path)
        except pa.ArrowException:  # Parquet holds no such type
            return
        done = through(path, "y")
    if done is not None:
        require_every_cell_as_written(*done)
