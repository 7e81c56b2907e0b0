"""Digests of rows, values and code: what they depend on, and what they do not."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.line import CODE
from pipelines import digests
from pipelines.digests import code_digest, content_digest, row_digests, uniform

GOLDEN = ["0x6567b2f9b33799f3", "0x1b1832963fd5dae3"]
UNIFORM = [0.39562192240352956, 0.48150275743939763]

ROWS = st.lists(
    st.tuples(
        st.floats(allow_nan=True), st.sampled_from([0.0, -0.0, 1.0, np.nan]), st.text(max_size=4)
    ),
    min_size=1,
    max_size=20,
)


def table(rows: list[tuple[float, float, str]]) -> pa.Table:
    x, z, text = zip(*rows, strict=True)
    return pa.table(
        {"x": pa.array(x, pa.float64()), "z": pa.array(z, pa.float64()), "text": pa.array(text)}
    )


def test_two_literal_rows_have_these_digests_for_ever() -> None:
    # A change here moves every row of every table to another part: training rows of past
    # champions become test rows. It must not happen by accident.
    rows = table([(39.1, 0.0, "Torgersen"), (np.nan, 1.0, "")])
    assert [hex(each) for each in row_digests(rows)] == GOLDEN
    assert uniform(row_digests(rows), 0).tolist() == UNIFORM


@given(ROWS, st.randoms())
def test_a_rows_digest_is_independent_of_its_neighbours_and_of_the_columns_order(
    rows: list[tuple[float, float, str]], random: object
) -> None:
    whole = row_digests(table(rows))
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = table([rows[i] for i in order]).select(["text", "x", "z"])
    assert (row_digests(shuffled) == whole[order]).all()
    assert row_digests(table(rows[:1]))[0] == whole[0]


@given(ROWS)
def test_minus_zero_is_zero_and_every_nan_is_the_one_nan(
    rows: list[tuple[float, float, str]],
) -> None:
    odd_nan = np.array([0x7FF8000000000123], np.uint64).view(np.float64)[0]
    twins = [(odd_nan if np.isnan(x) else x, -z if z == 0 else z, text) for x, z, text in rows]
    assert (row_digests(table(twins)) == row_digests(table(rows))).all()


def test_a_value_a_column_and_a_neighbouring_cell_each_change_the_digest() -> None:
    base = pa.table({"a": [1.0], "b": [2.0]})
    others = [
        pa.table({"a": [1.0], "b": [2.0000000000000004]}),
        pa.table({"a": [2.0], "b": [1.0]}),
        pa.table({"a": [1.0], "c": [2.0]}),
        pa.table({"a": [1.0], "b": ["2.0"]}),
        pa.table({"a": [1.0]}),
    ]
    assert len({int(row_digests(each)[0]) for each in [base, *others]}) == 6


def test_a_table_in_chunks_has_the_digests_of_the_same_table_in_one() -> None:
    whole = table([(float(i), 0.0, str(i % 3)) for i in range(10)])
    chunks = pa.concat_tables([whole.slice(0, 3), whole.slice(3)])
    assert (row_digests(chunks) == row_digests(whole)).all()
    assert len(row_digests(whole.slice(0, 0))) == 0


def test_a_hundred_thousand_different_rows_have_as_many_digests() -> None:
    rows = pa.table({"a": np.arange(100_000.0), "b": np.arange(100_000.0)[::-1].copy()})
    assert len(np.unique(row_digests(rows))) == 100_000


def test_the_uniform_numbers_fill_the_unit_interval_evenly_and_change_with_the_salt() -> None:
    words = row_digests(pa.table({"a": np.arange(20_000.0)}))
    u, v = uniform(words, 0), uniform(words, 1)
    assert u.min() >= 0
    assert u.max() < 1
    # Twenty bins of 1,000 expected: chi-squared with 19 degrees is over 60 once in 100,000.
    counts = np.histogram(u, 20, (0, 1))[0]
    assert ((counts - 1_000) ** 2 / 1_000).sum() < 60
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.04


def test_a_values_digest_forgets_the_order_of_keys_and_of_nothing_else() -> None:
    assert content_digest({"a": 1, "b": [1, 2]}) == content_digest({"b": [1, 2], "a": 1})
    assert content_digest([1, 2]) != content_digest([2, 1])
    assert content_digest(1) != content_digest("1")
    with pytest.raises(ValueError, match="JSON"):
        content_digest(float("nan"))


TREE = {
    "pipelines/__init__.py": "",
    "pipelines/steps/__init__.py": "",
    "pipelines/steps/first.py": "import numpy\nfrom pipelines import second\nfrom .near import N\n",
    "pipelines/steps/near.py": "N = 1\n",
    "pipelines/second.py": "def lazily():\n    from pipelines.third import THREE\n",
    "pipelines/third.py": "THREE = 3\n",
    "pipelines/apart.py": "X = 0\n",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    return tmp_path


def first_digest() -> str:
    return code_digest.__wrapped__("pipelines.steps.first")


@pytest.mark.parametrize(
    "name",
    [
        "pipelines/steps/first.py",
        "pipelines/steps/near.py",
        "pipelines/steps/__init__.py",
        "pipelines/__init__.py",
        "pipelines/second.py",
        "pipelines/third.py",
    ],
)
def test_a_change_in_any_module_that_is_reached_changes_the_code_digest(
    tree: Path, name: str
) -> None:
    before = first_digest()
    path = tree / name
    path.write_text(path.read_text() + "\n\n# said differently\n")
    assert first_digest() == before
    path.write_text(path.read_text() + "Y = 1\n")
    assert first_digest() != before


def test_a_module_that_is_not_reached_and_a_new_file_leave_the_code_digest(tree: Path) -> None:
    before = first_digest()
    (tree / "pipelines/apart.py").write_text("X = 1\n")
    (tree / "pipelines/new.py").write_text("Y = 1\n")
    assert first_digest() == before


def test_a_librarys_version_is_part_of_the_code_digest(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = first_digest()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{name} 9.9")
    assert first_digest() != before


@pytest.mark.parametrize("step", list(CODE))
def test_the_code_of_every_step_has_a_digest(step: str) -> None:
    assert len(code_digest(*CODE[step])) == 64
