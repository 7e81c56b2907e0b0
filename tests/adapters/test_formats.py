"""Records come back from their files as they were."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops.io
from sklearn.pipeline import Pipeline

from pipelines.adapters import formats
from pipelines.estimators.registry import CANDIDATES, TRUSTED_TYPES, build
from pipelines.metrics import (
    Bin,
    Calibration,
    ClassScores,
    Curve,
    Interval,
    McNemar,
    Paired,
    SliceComparison,
    SliceScores,
)
from pipelines.records import CandidateFit, Evaluation, Leak, Parts, Table
from pipelines.records.explanation import Coefficient, Explanation
from tests.report.predictions import explanation

NAN = float("nan")


def table(rows: int = 4, key: bool = False) -> Table:
    x = np.arange(rows, dtype=np.float64)
    x[1] = NAN
    return Table(
        features=pa.table({"größe, mm": x, "key": ["", "é", "", "x" * 50] * (rows // 4)}),
        codes=np.arange(rows, dtype=np.int32) % 2,
        rows=np.arange(rows, dtype=np.int64) * 2,
        classes=("nein", "ja, größer"),
        key=pa.array([f"k{i}" for i in range(rows)]) if key else None,
        notes=("2 rows without a label were left out.",),
    )


@pytest.mark.parametrize("rows", [4, 200_000])  # one chunk of an Arrow file, and several
@pytest.mark.parametrize("key", [False, True])
def test_a_table_comes_back_as_it_was(tmp_path: Path, rows: int, key: bool) -> None:
    written = table(rows, key)
    formats.write_table(tmp_path, written)
    read = formats.read_table(tmp_path)
    pd.testing.assert_frame_equal(read.features.to_pandas(), written.features.to_pandas())
    assert read.features.schema.equals(written.features.schema)
    for name in ("codes", "rows"):
        mine, theirs = getattr(read, name), getattr(written, name)
        assert mine.dtype == theirs.dtype
        assert (mine == theirs).all()
    assert (read.classes, read.notes) == (written.classes, written.notes)
    assert (read.key is None) == (not key)
    if key:
        assert read.key.equals(written.key)


@pytest.mark.parametrize("classes", [(False, True), (-3, 10), ("1", "é")])
def test_classes_keep_their_type(tmp_path: Path, classes: tuple[object, ...]) -> None:
    plain = table()
    formats.write_table(tmp_path, Table(plain.features, plain.codes, plain.rows, classes=classes))
    read = formats.read_table(tmp_path).classes
    assert read == classes
    assert [type(label) for label in read] == [type(label) for label in classes]


def test_a_split_comes_back_as_it_was_and_names_each_part_in_words(tmp_path: Path) -> None:
    parts = Parts(
        part=np.array([0, 2, 1, 0], dtype=np.int8),
        digests=np.array([0, 1, 2**63, 2**64 - 1], dtype=np.uint64),
    )
    formats.write_parts(tmp_path, parts, table())
    read = formats.read_parts(tmp_path / "split.parquet", table())
    assert read.part.dtype == np.int8
    assert (read.part == parts.part).all()
    assert read.digests.dtype == np.uint64
    assert (read.digests == parts.digests).all()
    shown = pd.read_parquet(tmp_path / "split.parquet")
    assert shown["part"].tolist() == ["train", "test", "validation", "train"]
    assert shown["row"].tolist() == [0, 2, 4, 6]
    assert formats.read_learned(tmp_path / "split.parquet").tolist() == [0, 2**63, 2**64 - 1]


def test_rows_in_no_part_are_not_in_the_file_and_the_others_find_their_places(
    tmp_path: Path,
) -> None:
    parts = Parts(
        part=np.array([-1, 2, -1, 0], dtype=np.int8),
        digests=np.array([7, 8, 9, 10], dtype=np.uint64),
    )
    formats.write_parts(tmp_path, parts, table())
    shown = pd.read_parquet(tmp_path / "split.parquet")
    assert shown["row"].tolist() == [2, 6]
    assert shown["part"].tolist() == ["test", "train"]
    read = formats.read_parts(tmp_path / "split.parquet", table())
    assert read.part.tolist() == [-1, 2, -1, 0]
    assert read.digests.tolist() == [0, 8, 0, 10]
    assert formats.read_learned(tmp_path / "split.parquet").tolist() == [10]


def test_a_leak_comes_back_as_it_was() -> None:
    leak = Leak("target", ("größe, mm",), "The column 'größe, mm' is the label.")
    assert formats.read_leak(json.loads(json.dumps(asdict(leak)))) == leak


def fitted(estimator: str) -> tuple[Pipeline, pd.DataFrame]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=60), "island": rng.choice(["a", "b", ""], 60)})
    X.loc[::9, "x"] = NAN
    y = np.where(X["x"].fillna(0) > 0, "yes", "no")
    few = {"mlp": {"max_iter": 2, "hidden_layer_sizes": [3]}}
    return build(estimator, few.get(estimator, {}), ["x"], ["island"]).fit(X, y), X


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", list(CANDIDATES))
def test_every_candidates_fit_comes_back_and_predicts_the_same_bits(
    tmp_path: Path, estimator: str
) -> None:
    pipeline, X = fitted(estimator)
    fit = CandidateFit(
        name="mine",
        estimator=estimator,
        pipeline=pipeline,
        selection_loss=0.25,
        fit_seconds=1.5,
        curve=(0.5, 0.25),
        warnings=("slow",),
        parameters={"hidden_layer_sizes": [3], "C": 1.0},
    )
    facts = json.loads(json.dumps(formats.write_fit(tmp_path, fit)))
    read = formats.read_fit(tmp_path, facts, TRUSTED_TYPES)
    assert (read.pipeline.predict_proba(X) == pipeline.predict_proba(X)).all()
    plain = formats.read_fit(tmp_path, facts)
    assert plain.pipeline is None
    for name in ("name", "selection_loss", "fit_seconds", "curve", "warnings", "parameters"):
        assert getattr(read, name) == getattr(plain, name) == getattr(fit, name)


def test_a_failed_candidate_comes_back_with_its_reason_and_no_pipeline(tmp_path: Path) -> None:
    fit = CandidateFit("mine", "mlp", reason="it diverged in epoch 3")
    facts = json.loads(json.dumps(formats.write_fit(tmp_path, fit)))
    assert list(tmp_path.iterdir()) == []
    read = formats.read_fit(tmp_path, facts, TRUSTED_TYPES)
    assert (read.reason, read.pipeline) == ("it diverged in epoch 3", None)


def test_a_pipeline_with_a_foreign_type_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.skops"
    skops.io.dump({"innocent": np.zeros(2), "guest": Fraction(1, 2)}, path)
    with pytest.raises(formats.UntrustedTypeError, match=r"fractions\.Fraction"):
        formats.load_pipeline(path, TRUSTED_TYPES)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.skops"
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(zipfile.BadZipFile):
        formats.load_pipeline(path, TRUSTED_TYPES)


@pytest.mark.parametrize("champion", [False, True])
def test_an_evaluation_comes_back_with_its_nans(tmp_path: Path, champion: bool) -> None:
    undefined = Interval(NAN, NAN, NAN)
    paired = Paired(Interval(-0.1, -0.2, 0.05), 0.93, 50, 50)
    P = np.array([[0.1, 0.9], [0.6, 0.4]])
    evaluation = Evaluation(
        winner="b",
        scores={"a": {"log_loss": Interval(0.5, 0.4, 0.6), "roc_auc": undefined}, "b": {}},
        probabilities={"b": P, "a": P[::-1]},
        codes=np.array([1, 0], dtype=np.int32),
        labels={"b": np.array([1, 1], dtype=np.int32), "a": np.array([0, 1], dtype=np.int32)},
        against_prior=paired,
        against_champion=paired if champion else None,
        champion_note="Compared on 2 of 2 test rows.",
        champion_scores={"log_loss": Interval(0.7, NAN, NAN)} if champion else {},
    )
    written = formats.write_evaluation(tmp_path, evaluation)
    text = json.dumps(written, allow_nan=False)
    read = formats.read_evaluation(tmp_path, json.loads(text))
    assert repr(read.scores) == repr(evaluation.scores)
    assert repr(read.champion_scores) == repr(evaluation.champion_scores)
    assert list(read.probabilities) == ["b", "a"]
    assert all((read.probabilities[k] == evaluation.probabilities[k]).all() for k in "ab")
    assert (read.codes == evaluation.codes).all()
    for name in ("winner", "against_prior", "against_champion", "champion_note"):
        assert getattr(read, name) == getattr(evaluation, name)


def test_everything_that_was_measured_comes_back(tmp_path: Path) -> None:
    value = Interval(0.5, 0.4, 0.6)
    paired = Paired(value, 0.93, 50, 49, "roc_auc", 0.01, "")
    undefined = Paired(Interval(NAN, NAN, NAN), 0.0, 2, 2, "roc_auc", 0.0, "not defined")
    P = np.array([[0.1, 0.9], [0.6, 0.4]])
    evaluation = Evaluation(
        winner="a",
        scores={},
        probabilities={"a": P},
        codes=np.array([1, 0], dtype=np.int32),
        against_prior=undefined,
        metric="roc_auc",
        labels={"a": np.array([1, 0], dtype=np.int32)},
        per_class=(ClassScores(7, {"f1": value, "roc_auc": Interval(NAN, NAN, NAN)}),),
        slices=(
            SliceScores("island", "Dream", 40, {"brier": value}, value, 0.01, True),
            SliceScores("island", "Biscoe", 2, note="too small"),
        ),
        calibration=(Calibration(1, (Bin(3, 0.25, value),), value, 0.2, 0.01, 0.05, 0.24, 0.0),),
        curves=(Curve(1, (0.9, 0.4), (0.0, 1.0), (0.5, 1.0), (1.0, 0.5), 0.75, NAN),),
        mcnemar=McNemar(3, 1, 0.625),
        champion_slices=(
            SliceComparison("island", "Dream", 40, paired, 0.5, False),
            SliceComparison("island", "Biscoe", 2, note="too small"),
        ),
        notes=("Only 2 test rows.",),
    )
    text = json.dumps(formats.write_evaluation(tmp_path, evaluation), allow_nan=False)
    read = formats.read_evaluation(tmp_path, json.loads(text))
    assert repr(read) == repr(evaluation)


def test_an_explanation_is_read_as_it_was_written(tmp_path: Path) -> None:
    told = explanation(("a", "b"))
    bare = Coefficient("wing", "b", Interval(0.5, float("nan"), float("nan")))
    formats.write_explanation(tmp_path, replace(told, coefficients=(*told.coefficients, bare)))
    found = formats.read_explanation(tmp_path)
    assert replace(found, coefficients=found.coefficients[:-1]) == told
    assert np.isnan(found.coefficients[-1].value.low)


def test_an_explanation_without_a_plane_is_read_as_it_was_written(tmp_path: Path) -> None:
    formats.write_explanation(tmp_path, Explanation(plane_note="No figure."))
    assert formats.read_explanation(tmp_path) == Explanation(plane_note="No figure.")
