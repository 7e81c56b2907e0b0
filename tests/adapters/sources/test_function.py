"""Tables that a function of the user's returns."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.adapters.sources import open_source
from pipelines.adapters.sources.origin import Origin
from pipelines.config import Address
from pipelines.records import DataError

MODULE = "loans_of_a_test"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """The user's module is imported anew by the next test."""
    yield
    for name in [name for name in sys.modules if name.startswith(MODULE)]:
        del sys.modules[name]


def origin(folder: Path, body: str, name: str = "rows", **parameters: Any) -> Origin:
    (folder / f"{MODULE}.py").write_text(body)
    return open_source(Address(callable=f"{MODULE}:{name}", parameters=parameters), folder)


def returning(folder: Path, expression: str) -> Origin:
    return origin(
        folder,
        f"import numpy as np, pandas as pd, pyarrow as pa\ndef rows():\n    return {expression}\n",
    )


def refusal(source: Origin, names: bool = False) -> str:
    with pytest.raises(DataError) as refused:
        source.names() if names else source.read()
    assert str(refused.value).startswith(MODULE)
    return str(refused.value)


TABLE = 'pa.table({"x": [1, None], "y": ["p", "q"]})'


@pytest.mark.parametrize(
    "expression",
    [
        TABLE,
        f"{TABLE}.to_batches()[0]",
        f"pa.RecordBatchReader.from_batches({TABLE}.schema, {TABLE}.to_batches())",
        'pd.DataFrame({"x": pd.array([1, None], "Int64"), "y": ["p", "q"]}, index=[7, 9])',
        '{"x": pa.array([1, None]), "y": np.array(["p", "q"])}',
        f'type("Frame", (), {{"__arrow_c_stream__": {TABLE}.__arrow_c_stream__}})()',
        'pa.table({"x": [1, None], "y": pa.array(["p", "q"]).dictionary_encode()})',
    ],
)
def test_whatever_holds_a_table_is_one(tmp_path: Path, expression: str) -> None:
    raw = returning(tmp_path, expression).read()
    assert raw.table.to_pydict() == {"x": [1, None], "y": ["p", "q"]}
    assert not pa.types.is_dictionary(raw.table.schema.field("y").type)
    assert raw.place(1) == "row 2"


def test_a_named_index_of_pandas_is_a_column_as_in_parquet(tmp_path: Path) -> None:
    frame = 'pd.DataFrame({"x": [1.5]}, index=pd.Index(["p"], name="person"))'
    assert returning(tmp_path, frame).read().table.to_pydict() == {"x": [1.5], "person": ["p"]}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("None", "returned builtins.NoneType. Return a pandas DataFrame"),
        ("[1, 2]", "returned builtins.list"),
        ("np.zeros((2, 2))", "returned numpy.ndarray"),
        ('pd.DataFrame({"x": [1, "a"]})', "Arrow cannot hold"),
        ('pd.DataFrame([[1, 2]], columns=["x", "x"])', "Arrow cannot hold"),
        ('{"x": [1, 2], "y": [1]}', "Arrow cannot hold"),
        ("{1: [1, 2]}", "the name 1 is no text"),
        ('pa.table([[1], [2]], names=["x", "x"])', "'x' stand twice"),
        ('pa.table({"": [1]})', "no column name in position 1"),
        ('{"x": []}', "no rows"),
        ("pa.chunked_array([[1]])", "Arrow cannot hold"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(
    tmp_path: Path, expression: str, words: str
) -> None:
    assert words in refusal(returning(tmp_path, expression))


@pytest.mark.parametrize(
    "expression", ['{"x": [MOMENT]}', 'pd.DataFrame({"x": pd.Series([MOMENT], dtype=object)})']
)
def test_moments_keep_their_zone_though_a_library_told_arrow_to_ignore_zones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expression: str
) -> None:
    monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", "1")
    body = (
        "import pandas as pd\nfrom datetime import datetime, timedelta, timezone\n"
        "MOMENT = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))\n"
        f"def rows():\n    return {expression}\n"
    )
    (moment,) = origin(tmp_path, body).read().table.column("x").to_pylist()
    assert moment == datetime(2024, 1, 1, 10, tzinfo=UTC)
    assert os.environ["PYARROW_IGNORE_TIMEZONE"] == "1"


def test_it_runs_once_for_digest_and_rows(tmp_path: Path) -> None:
    body = "runs = []\ndef rows():\n    runs.append(1)\n    return {'x': [len(runs)]}\n"
    source = origin(tmp_path, body)
    assert source.names() is None
    digest = source.sha256
    raw = source.read()
    assert (raw.sha256, raw.table.to_pydict()) == (digest, {"x": [1]})
    assert sys.modules[MODULE].runs == [1]


def test_the_same_rows_have_the_same_digest_whatever_held_them(tmp_path: Path) -> None:
    first = returning(tmp_path, '{"x": [1, 2, 3]}').sha256
    del sys.modules[MODULE]
    chunks = 'pa.table({"x": pa.chunked_array([[1], [2, 3]])})'
    assert returning(tmp_path, chunks).sha256 == first


def test_parameters_are_its_arguments_and_others_are_told(tmp_path: Path) -> None:
    body = "def rows(days, town='Bath'):\n    return {'x': [days], 'town': [town]}\n"
    assert origin(tmp_path, body, days=3).read().table.to_pydict() == {"x": [3], "town": ["Bath"]}
    said = refusal(origin(tmp_path, body, dayz=3), names=True)
    assert "does not take source.parameters as they are" in said
    assert "(days, town='Bath')" in said


def test_an_error_in_it_is_told_with_its_last_line_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANS_PASSWORD", "s3cr3t")
    body = "import json\n\ndef rows():\n    return inner()\n\ndef inner():\n    json.loads('{')\n"
    said = refusal(origin(tmp_path, body))
    assert "raised JSONDecodeError: Expecting property name" in said
    assert f"({tmp_path / (MODULE + '.py')}, line 7)" in said
    del sys.modules[MODULE]
    said = refusal(origin(tmp_path, "def rows():\n    raise SystemExit('no s3cr3t here')\n"))
    assert "raised SystemExit: no ${LOANS_PASSWORD} here" in said


def test_a_module_or_function_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = refusal(origin(tmp_path, "def recent(): ...\n"), names=True)
    assert "has no function 'rows'. It has 'recent'" in said
    del sys.modules[MODULE]
    assert "imports 'no_such_library'" in refusal(
        origin(tmp_path, "import no_such_library\n"), names=True
    )
    assert "cannot be imported: it raised ZeroDivisionError" in refusal(
        origin(tmp_path, "1 / 0\n"), names=True
    )
    assert "SyntaxError" in refusal(origin(tmp_path, "def (\n"), names=True)
    (tmp_path / f"{MODULE}.py").unlink()
    source = open_source(Address(callable=f"{MODULE}.inner:rows"), tmp_path)
    assert "there is no module" in refusal(source, names=True)


def test_a_module_of_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def rows(): ...\n")
    source = open_source(Address(callable="json:rows"), tmp_path)
    with pytest.raises(DataError, match="another module of the name 'json' is in use already"):
        source.names()


def test_the_config_s_folder_is_on_the_path_for_the_import_only(tmp_path: Path) -> None:
    (tmp_path / f"{MODULE}_shared.py").write_text("X = [5]\n")
    before = list(sys.path)
    body = f"from {MODULE}_shared import X\ndef rows():\n    return {{'x': X}}\n"
    assert origin(tmp_path, body).read().table.to_pydict() == {"x": [5]}
    assert sys.path == before
    assert not (tmp_path / "__pycache__").exists()


def test_what_it_prints_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    origin(tmp_path, "def rows():\n    print('hello')\n    return {'x': [1]}\n").read()
    assert capsys.readouterr() == ("", "hello\n")


FAILING = (
    'type("Frame", (), {"__arrow_c_stream__": lambda *_, **__: (_ for _ in ()).throw(ERROR)})()'
)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ('pa.table({"x": pa.array([1, 1]).dictionary_encode(), "y": STRAY})', "bounds"),
        (FAILING.replace("ERROR", "OSError('the disk is gone')"), "the disk is gone"),
        (FAILING.replace("ERROR", "SILENT"), "Silent"),
        ("Moody()", "not today"),
        ('pa.table({"x": pa.array([[2**62]], pa.list_(pa.timestamp("s")))})', "returned a table"),
        ('pa.table({"x": pc.run_end_encode(pa.array(["p", "p"]))})', "returned a table"),
    ],
)
def test_what_fails_after_it_has_returned_is_told_of_it_too(
    tmp_path: Path, expression: str, words: str
) -> None:
    body = (
        "import pyarrow as pa, pyarrow.compute as pc\n"
        "class Silent(Exception):\n    def __str__(self):\n        raise ValueError\n"
        "class Moody:\n    def __getattr__(self, name):\n        raise RuntimeError('not today')\n"
        "SILENT = Silent()\n"
        "STRAY = pa.DictionaryArray.from_arrays(pa.array([0, 9]), ['p'], safe=False)\n"
        f"def rows():\n    return {expression}\n"
    )
    said = refusal(origin(tmp_path, body))
    assert "Arrow cannot hold" in said
    assert words in said


def test_an_error_of_it_that_cannot_say_what_it_is_is_told_by_its_type(tmp_path: Path) -> None:
    body = (
        "class Silent(Exception):\n    def __str__(self):\n        raise ValueError\n"
        "def rows():\n    raise Silent\n"
    )
    assert "raised Silent (" in refusal(origin(tmp_path, body))
