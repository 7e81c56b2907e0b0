from __future__ import annotations

import csv as plain_csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.adapters.tables import csv
from pipelines.adapters.tables.wanted import AsTextError, Wanted
from pipelines.contracts.parsing import numbers as parsed

GAPS = ("NA", "-999", "?")
TEXT = Wanted()
X = Wanted(frozenset({"x"}), GAPS)

PLAIN = st.floats(allow_nan=False, allow_infinity=False).map(repr)
ODD_CELLS = (
    " 1|2 |+3|.5|5.|1e5|1E-5|1e400|1e-400|nan|NaN|nan(1)|inf|-Infinity|NA| NA|-999| -999|-999.0|?"
    '|| |0x10|1_000|1,5|1\n|9007199254740992|9007199254740993|-0.0|١|1.5f|true|"|a b'
)
ODD = st.sampled_from(ODD_CELLS.split("|"))
CELLS = st.lists(st.one_of(PLAIN, st.integers().map(str), ODD), min_size=1, max_size=8)


def written(folder: Path, cells: list[str], quoting: int, beside: str = "w") -> Path:
    out = io.StringIO()
    rows = plain_csv.writer(out, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    rows.writerows([["x", "t"], *([cell, beside] for cell in cells)])
    path = folder / "t.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return path


def column(path: Path, wanted: Wanted) -> pa.ChunkedArray:
    return pa.concat_tables([part.table for part in csv.stream(path, None, wanted)])["x"]


@given(CELLS, st.sampled_from([plain_csv.QUOTE_MINIMAL, plain_csv.QUOTE_ALL]))
@example(["1.5", "NA", "-999", ""], plain_csv.QUOTE_MINIMAL)
@example(["9007199254740991"], plain_csv.QUOTE_ALL)
def test_a_column_read_as_numbers_holds_what_its_text_says(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], quoting: int
) -> None:
    path = written(tmp_path_factory.mktemp("t"), cells, quoting)
    try:
        found = column(path, X)
    except AsTextError:
        return
    text = parsed(column(path, TEXT).combine_chunks(), GAPS)
    assert not text.wrong.any()
    np.testing.assert_array_equal(found.to_numpy() + 0.0, text.values)


@pytest.mark.parametrize("cells", [["1", "2.5", "-1e3"], ["NA", "7", ""], ["-999", "1e3"]])
@pytest.mark.parametrize("rows", [1, 300_000])
def test_plain_numbers_and_known_gaps_are_read_at_once(
    tmp_path: Path, cells: list[str], rows: int
) -> None:
    found = column(written(tmp_path, cells * rows, plain_csv.QUOTE_MINIMAL), X)
    assert found.type == pa.float64()
    assert found.null_count == rows * sum(cell in ("", *GAPS) for cell in cells)
    assert len(found) == rows * len(cells)


@pytest.mark.parametrize("cell", ["nan", "inf", "9007199254740993", "x", " NA", "-999.0 x"])
@pytest.mark.parametrize("before", [0, 900_000])
def test_anything_else_asks_for_the_text_also_far_into_the_file(
    tmp_path: Path, cell: str, before: int
) -> None:
    path = written(tmp_path, [*["1"] * before, cell], plain_csv.QUOTE_MINIMAL)
    with pytest.raises(AsTextError):
        column(path, X)
    assert column(path, TEXT)[before].as_py() == cell


def test_blocks_parsed_ahead_come_in_the_files_order(tmp_path: Path) -> None:
    rows = 2_000_000
    path = tmp_path / "t.csv"
    path.write_text("x\n" + "\n".join(map(str, range(rows))) + "\n", encoding="utf-8")
    np.testing.assert_array_equal(column(path, X).to_numpy(), np.arange(rows))


def test_a_quote_far_into_the_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"{i},w" for i in range(1_500_000)]
    lines[1_000_000] = '1000000,"a\nb"'
    path.write_text("x,t\n" + "\n".join(lines) + "\n", encoding="utf-8")
    parts = list(csv.stream(path, None, X))
    table = pa.concat_tables([part.table for part in parts])
    np.testing.assert_array_equal(table["x"].to_numpy(), np.arange(len(lines)))
    assert table["t"][1_000_000].as_py() == "a\nb"
    last = parts[-1]
    assert last.place(last.table.num_rows - 1) == f"line {len(lines) + 2}"
