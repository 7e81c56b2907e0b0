"""The winner's graph and its proof; a graph that disagrees is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.inference.portable import PortableModel
from pipelines.steps import register as registering
from pipelines.steps.register import ParityError, register

CONTRACT: dict[str, Any] = {
    "target": "y",
    "classes": ["no", "yes"],
    "missing": [],
    "columns": {
        "x": {"type": "number", "missing": True},
        "island": {"type": "category", "values": ["Biscoe", "Dream"], "missing": True},
    },
}
ROWS = pd.DataFrame(
    {
        "x": [0.0, 1.0, np.nan, 3.0, 4.0, 5.0, 6.0, 7.0],
        "island": ["Biscoe", "Dream", "", "Biscoe"] * 2,
    }
)
LABELS = np.array(["no", "no", "yes", "no", "yes", "no", "yes", "yes"])


def fitted(estimator: str = "logistic", labels: Any = LABELS) -> Pipeline:
    return build(estimator, {}, ["x"], ["island"]).fit(ROWS, labels)


@pytest.mark.parametrize("estimator", ["logistic", "decision_tree", "prior"])
def test_the_graph_answers_as_the_pipeline_does(estimator: str) -> None:
    pipeline = fitted(estimator)
    made = register(pipeline, ROWS, CONTRACT, {"data": "0" * 64})
    predictor = Predictor.from_bytes(made.model)
    assert predictor.predict(ROWS).tolist() == pipeline.predict(ROWS).tolist()
    assert predictor.predict_proba(ROWS) == pytest.approx(pipeline.predict_proba(ROWS), abs=1e-5)
    assert made.parity.proven


def test_the_proof_covers_the_test_rows_and_probes_of_every_column() -> None:
    made = register(fitted(), ROWS, CONTRACT, {})
    # The rows; a typical one, one all gaps; of x: gap, least, greatest, both bounds; of the
    # category: gap, unseen, its two values; mixtures of these; x in both directions to 1e24.
    assert made.parity.rows == len(ROWS) + (2 + 5 + 4) + 200 + 6


def test_the_proof_covers_both_sides_of_a_trees_thresholds() -> None:
    pipeline = fitted("decision_tree")
    splits = int((pipeline[-1].tree_.children_left >= 0).sum())
    made = register(pipeline, ROWS, CONTRACT, {})
    assert splits > 1
    assert made.parity.rows == len(ROWS) + (2 + 5 + 4) + 200 + 6 + 2 * splits


def test_the_graph_repeats_to_the_byte() -> None:
    first, second = (register(fitted(), ROWS, CONTRACT, {"data": "d"}) for _ in range(2))
    assert first.model == second.model


def test_a_graph_that_disagrees_is_refused_with_the_row_and_its_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline, other = fitted(), fitted(labels=LABELS[::-1])
    honest = registering.to_onnx
    monkeypatch.setattr(registering, "to_onnx", lambda _, *rest: honest(other, *rest))
    with pytest.raises(ParityError) as refused:
        register(pipeline, ROWS, CONTRACT, {})
    message = str(refused.value)
    assert message.startswith("The graph was not registered.")
    assert "another label" in message
    assert "row " in message
    assert "x = " in message
    assert "island = " in message


@pytest.mark.parametrize("estimator", ["logistic", "hist_gradient_boosting"])
def test_the_portable_graph_is_made_and_proven_beside_the_other(estimator: str) -> None:
    pipeline = fitted(estimator)
    made = register(pipeline, ROWS, CONTRACT, {})
    assert made.portable is not None
    assert made.portable != made.model
    assert made.portable_note.startswith("The graph gives the pipeline's label on all ")
    labels, _ = PortableModel(made.portable).run(ROWS)
    assert labels.tolist() == pipeline.predict(ROWS).tolist()


def test_a_portable_graph_that_disagrees_stops_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, other = fitted(), fitted(labels=LABELS[::-1])
    honest = registering.to_portable
    monkeypatch.setattr(registering, "to_portable", lambda _, *rest: honest(other, *rest))
    with pytest.raises(ParityError, match=r"^The portable graph was not registered\..*x = "):
        register(pipeline, ROWS, CONTRACT, {})


def test_a_column_that_float32_does_not_hold_leaves_the_line_without_a_portable_graph() -> None:
    rows = ROWS.assign(x=ROWS["x"] + 2.0**40)
    pipeline = build("logistic", {}, ["x"], ["island"]).fit(rows, LABELS)
    made = register(pipeline, rows, CONTRACT, {})
    assert made.parity.proven
    assert made.portable is None
    assert "Column 'x' is not exact in float32" in made.portable_note


def test_a_portable_graph_larger_than_allowed_is_noted_and_left_out() -> None:
    made = register(fitted(), ROWS, CONTRACT, {}, max_mb=0.001)
    assert made.portable is None
    assert "more than the 0.001 MB" in made.portable_note


def test_the_rows_are_left_as_they_were() -> None:
    before = ROWS.copy()
    register(fitted(), ROWS, CONTRACT, {})
    pd.testing.assert_frame_equal(ROWS, before)
