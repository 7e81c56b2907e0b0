from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.reading import read_table
from pipelines.adapters.sources import open_source
from pipelines.config import Config
from pipelines.records import DataError
from pipelines.steps.ingest import ingest

CELLS = st.sampled_from(
    ["1", "2.5", "", "NA", " NA", "-3e2", "+4", "nan", "inf", "9007199254740993", "x", "1,5", " 7 "]
)
WORDS = st.sampled_from(["red", "blue", "", "NA", " red", "é"])


def config(path: Path, **source: Any) -> Config:
    return Config.model_validate(
        {
            "source": {
                "path": path.name,
                "target": "y",
                "classes": ["a", "b"],
                "missing": ["NA"],
                **source,
            },
            "columns": {
                "x": {"type": "number", "min": -500.0, "missing": True},
                "c": {"type": "category", "values": ["blue", "red", "é"], "missing": True},
            },
            "candidates": [{"name": "prior", "estimator": "prior"}],
            "registry": {"model": "m"},
        }
    )


def both_ways(path: Path, terms: Config) -> list[object]:
    """What comes of the file by the fast way and by the plain one: a table, or the refusal."""
    origin = open_source(terms.source, path.parent)

    def plain() -> Any:
        raw = origin.read()
        return raw, ingest(raw.table, terms, raw.place)

    found: list[object] = []
    for way in (lambda: read_table(origin, terms), plain):
        try:
            raw, table = way()
        except DataError as error:
            found.append(str(error))
        else:
            kept = (table.features.to_pydict(), table.codes.tolist(), table.notes, raw.sha256)
            found.append(repr(kept))
    return found


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELLS, WORDS, st.sampled_from("ab")), min_size=2, max_size=6))
def test_the_fast_way_gives_what_the_plain_one_gives_or_its_refusal(
    rows: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    lines = [f'"{x}",{c},{y}' if "," in x else f"{x},{c},{y}" for x, c, y in rows]
    path.write_text("\n".join(["x,c,y", *lines]) + "\n", encoding="utf-8")
    fast, plain = both_ways(path, config(path))
    assert fast == plain


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-600, 600), st.just(float("nan"))),
            st.one_of(st.none(), WORDS),
            st.one_of(st.none(), st.sampled_from("abc")),
        ),
        min_size=2,
        max_size=6,
    ),
    categorical=st.booleans(),
)
def test_parquets_dictionaries_tell_what_its_plain_text_tells(
    rows: list[Any], categorical: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("parquet") / "t.parquet"
    x, c, y = (list(column) for column in zip(*rows, strict=True))
    words = pa.array(c, pa.string())
    table = pa.table(
        {
            "x": pa.array(x, pa.float64()),
            "c": words.dictionary_encode() if categorical else words,
            "y": pa.array(y, pa.string()),
        }
    )
    pq.write_table(table, path)
    fast, plain = both_ways(path, config(path, missing_target="drop"))
    assert fast == plain


def test_a_breach_tells_its_cells_as_they_stand_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,c,y\n1.50,red,a\n-1e3,red,b\n-0700.0,red,a\n")
    with pytest.raises(DataError, match=r"line 3 '-1e3', line 4 '-0700\.0'"):
        read_table(open_source(config(path).source, tmp_path), config(path))


def test_real_numbers_and_words_come_in_the_fast_forms(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,c,y\n1.5,red,a\n,blue,b\n")
    raw, _ = read_table(open_source(config(path).source, tmp_path), config(path))
    assert raw.table.schema.field("x").type == pa.float64()
    pq.write_table(raw.table, tmp_path / "t.parquet")
    path = tmp_path / "t.parquet"
    raw, _ = read_table(open_source(config(path).source, tmp_path), config(path))
    assert pa.types.is_dictionary(raw.table.schema.field("c").type)


def test_a_key_stays_the_text_that_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,c,y\n1.50,red,a\n2.0,blue,b\n")
    terms = config(path, unique=["x"])
    raw, table = read_table(open_source(terms.source, tmp_path), terms)
    assert raw.table.column("x").to_pylist() == ["1.50", "2.0"]
    assert len(table.codes) == 2
