"""Faults 24, 28, 30, 32, 36, 37 and 38 the whole way: ingest, fit, graph, scoring."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimators.registry import CANDIDATES
from pipelines.inference import InputError
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from tests.faults.line import config, line, read

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
FAST: dict[str, dict[str, Any]] = {"mlp": {"max_iter": 5, "hidden_layer_sizes": [4]}}
NUMBER = {"type": "number"}


def labels(rows: int) -> list[str]:
    return (["a", "b", "b"] * rows)[:rows]


def test_fault_24_the_words_mean_at_scoring_what_they_meant_in_training(tmp_path: Path) -> None:
    words = ["NA", "None", "null", "x"] * 6
    text = "c,y\n" + "".join(f"{w},{y}\n" for w, y in zip(words, "aabb" * 6, strict=True))
    raw = read(tmp_path, text)
    kept = line(raw, config({"c": {"type": "category", "values": words[:4]}}), "decision_tree")
    assert kept.scored(raw)["label"].tolist() == raw["y"].to_pylist()
    assert kept.predictor.predict(pd.DataFrame({"c": words})).tolist() == raw["y"].to_pylist()
    column = {"type": "category", "values": ["x"], "missing": True}
    gone = line(raw, config({"c": column}, missing=words[:3]), "logistic")
    probabilities = gone.scored(raw)["probability_a"]
    assert len(set(probabilities[np.array(words) != "x"])) == 1
    as_gap = gone.predictor.predict_proba({"c": [None, "NA", ""]})
    np.testing.assert_array_equal(as_gap, np.repeat(as_gap[:1], 3, axis=0))


def test_fault_28_nan_and_infinity_are_what_the_contract_says_in_training_and_scoring(
    tmp_path: Path,
) -> None:
    cells = ["1", "nan", "inf", "1e400", "2", "-Infinity"] * 4
    text = "x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(cells, labels(24), strict=True))
    raw = read(tmp_path, text)
    taken = {"type": "number", "missing": True, "infinite": "missing"}
    done = line(raw, config({"x": taken}))
    assert "Missing values: 16 in 'x'." in done.table.notes
    assert "column 'x': 12 infinite values were taken as gaps." in done.table.notes
    scored = done.scored(raw)["probability_a"].to_numpy()
    assert len(set(scored[np.isin(cells, ["nan", "inf", "1e400", "-Infinity"])])) == 1
    floats = pd.DataFrame({"x": [float(cell) for cell in cells]})
    np.testing.assert_array_equal(done.predictor.predict_proba(floats)[:, 0], scored)
    strict = line(raw.filter(np.isin(cells, ["1", "2"])), config({"x": NUMBER}))
    with pytest.raises(DataError, match="infinite or too large for a float64: row 3 'inf'"):
        strict.scored(raw, lenient=True)
    with pytest.raises(InputError, match="'x' holds inf"):
        strict.predictor.predict({"x": [1.0, float("inf")]})


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_fault_30_great_and_small_magnitudes_give_finite_losses_and_one_graph(
    estimator: str,
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    raw = pa.table(
        {
            "great": x * 1e30,
            "small": x * 1e-30,
            "both": np.where(np.arange(60) % 2, 1e30, 1e-30) * (1 + rng.random(60)),
            "huge": x * 1e300,
            "y": np.where(x + rng.normal(0, 0.5, 60) > 0, "a", "b").astype(object),
        }
    )
    columns = {name: NUMBER for name in ("great", "small", "both", "huge")}
    done = line(raw, config(columns), estimator, **FAST.get(estimator, {}))
    probabilities = done.pipeline.predict_proba(done.rows)
    assert np.isfinite(np.log(np.maximum(probabilities, 1e-6))).all()
    assert np.isfinite(done.scored(raw)["probability_a"]).all()
    if estimator not in ("prior", "mlp"):
        assert (done.pipeline.predict(done.rows) == raw["y"].to_pylist()).mean() > 0.7


def test_fault_32_one_class_and_no_label_are_refused_and_gaps_dropped_if_the_contract_says() -> (
    None
):
    one = pa.table({"x": [1.0, 2.0], "y": ["a", "a"]})
    with pytest.raises(DataError, match="every label in the target 'y' is 'a'"):
        ingest(one, config({"x": NUMBER}))
    x = [float(i) for i in range(30)]
    gaps = pa.table({"x": x, "y": ["", *labels(29)]})
    with pytest.raises(DataError, match="1 value is missing in the target: row 1"):
        ingest(gaps, config({"x": NUMBER}))
    done = line(gaps, config({"x": NUMBER}, missing_target="drop"))
    assert done.table.rows.tolist() == list(range(1, 30))
    assert "1 row without a label was left out." in done.table.notes
    unlabelled = done.scored(pa.table({"x": x}))
    assert len(unlabelled) == 30
    only = pa.table({"x": x, "y": ["", *["a"] * 29]})
    with pytest.raises(DataError, match="every label in the target 'y' is 'a'"):
        ingest(only, config({"x": NUMBER}, missing_target="drop"))


ODD_NAMES = ["größe", 'say "hi"', "a,b", "it's", "label", "probability_a", "城 市", " x ", "", "=1"]

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([name for name in ODD_NAMES if name]),
            st.text(LETTERS, min_size=1),
        ).filter(lambda name: name != "y"),
        min_size=2,
        max_size=4,
        unique=True,
    )
)
def test_fault_36_odd_names_come_out_of_the_graph_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    out = io.StringIO()
    cells = [[f"{(i * 7 + j) % 5}" for j in range(len(names))] for i in range(20)]
    rows = [[*row, y] for row, y in zip(cells, labels(20), strict=True)]
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([[*names, "y"], *rows])
    try:
        raw = read(tmp_path_factory.mktemp("t"), out.getvalue())
    except DataError:  # a name that the reader takes for none
        return
    columns: dict[str, Any] = {name: {"type": "integer"} for name in names}
    columns[names[0]] = {"type": "category", "values": [str(i) for i in range(5)]}
    done = line(raw, config(columns))
    assert set(done.predictor.columns) == set(names)
    free = [name for name in names if name not in ("label", "probability_a", "probability_b")]
    assert set(free) <= set(done.predictor.inputs)
    assert set(done.predictor.contract["columns"]) == set(names)
    scored = done.scored(raw)
    assert scored.columns[: len(names)].tolist() == names
    wanted = done.pipeline.predict(done.rows).tolist()
    assert scored[[c for c in scored.columns if c.endswith("label")][-1]].tolist() == wanted


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_fault_37_a_category_never_seen_has_one_answer_everywhere(estimator: str) -> None:
    raw = pa.table(
        {"c": ["u", "v", "w", ""] * 10, "x": [float(i % 7) for i in range(40)], "y": labels(40)}
    )
    column = {"type": "category", "values": ["u", "v", "w", "listed"], "missing": True}
    done = line(raw, config({"c": column, "x": NUMBER}), estimator, **FAST.get(estimator, {}))
    new = pd.DataFrame({"c": ["listed", "never", "Ü" * 100], "x": [3.0] * 3})
    expected = done.pipeline.predict_proba(new)
    # The documented answer: zeros in all columns of the category.
    start = done.pipeline[0].get_feature_names_out().tolist().index("c=")
    assert not done.pipeline[0].transform(new)[:, start:].any()
    for given_answer in (
        done.predictor.predict_proba(new),
        done.predictor.predict_proba(new.to_dict("records")),
        done.scored(pa.Table.from_pandas(new))[["probability_a", "probability_b"]].to_numpy(),
    ):
        np.testing.assert_allclose(given_answer, expected, atol=1e-6)
        np.testing.assert_array_equal(given_answer, np.repeat(given_answer[:1], 3, axis=0))


def test_fault_38_columns_are_bound_by_name_and_their_types_held(tmp_path: Path) -> None:
    rows = [f"{i % 5},{'uv'[i % 2]},2024-01-0{i % 9 + 1},{'ab'[i % 2]}" for i in range(30)]
    raw = read(tmp_path, "\n".join(["n,c,d,y", *rows]) + "\n")
    columns = {
        "n": {"type": "integer"},
        "c": {"type": "category", "values": ["u", "v"]},
        "d": {"type": "date"},
    }
    done = line(raw, config(columns))
    answers = done.scored(raw)["probability_a"]
    turned = read(tmp_path, "more;d;c;n\n" + "".join(
        f"?;{d};{c};{n}\n" for n, c, d, _ in (row.split(",") for row in rows)))  # fmt: skip
    np.testing.assert_array_equal(done.scored(turned)["probability_a"], answers)
    frame = turned.to_pandas().astype({"n": int})
    np.testing.assert_array_equal(done.predictor.predict_proba(frame)[:, 0], answers)
    with pytest.raises(DataError, match="needs the columns 'd', 'n'"):
        done.scored(raw.select(["c", "y"]))
    with pytest.raises(InputError, match="no column 'n', 'd'"):
        done.predictor.predict(raw.select(["c", "y"]))
    wrong = raw.set_column(0, "n", [["many"] * 30]).set_column(2, "d", [["soon"] * 30])
    with pytest.raises(DataError) as caught:
        done.scored(wrong, lenient=True)
    assert "'n': 30 values are not readable as a number: row 1 'many'" in str(caught.value)
    assert "'d': 30 values are not readable as a date: row 1 'soon'" in str(caught.value)
    with pytest.raises(InputError, match="'n' holds 'many'"):
        done.predictor.predict(wrong)
    native = raw.set_column(0, "n", pa.chunked_array([pa.array([True] * 30)]))
    with pytest.raises(DataError, match="holds bool, where the contract says integer"):
        done.scored(native)
