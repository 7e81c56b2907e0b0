from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from pipelines.estimators.registry import build
from pipelines.inference.graph import ConversionError
from pipelines.inference.parity import Proof, prove
from pipelines.inference.portable import to_portable
from pipelines.inference.runtimes.openvino import OPENVINO
from tests.inference.runtimes import at_hand


def proven(X: pd.DataFrame, y: NDArray[np.int64], classes: list[int]) -> Proof:
    at_hand.require(OPENVINO)
    pipeline = build("sklearn_logistic", {}, list(X.columns), [])
    pipeline.fit(X, np.array(classes)[y])
    columns = {name: {"type": "number", "missing": True} for name in X.columns}
    contract = {"target": "y", "classes": classes, "missing": [], "columns": columns}
    graphs = {"portable": to_portable(pipeline, contract, {})}
    (proof,) = prove(pipeline, graphs, X, contract, [OPENVINO])
    return proof


def test_columns_far_from_zero_beside_their_spread_keep_their_digits() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    year, density = 2015 + np.rint(3 * x[:, 0]), 10_000 + x[:, 1] / 500
    X = pd.DataFrame({"year": year, "density": density, "plain": x[:, 2]}).astype(np.float32)
    proof = proven(X.astype(np.float64), (x.sum(axis=1) > 0).astype(int), [0, 1])
    assert proof.proven, proof.sentence


def test_classes_that_32_bits_do_not_hold_come_back_as_they_are() -> None:
    x = np.random.default_rng(1).normal(size=(200, 1))
    y = np.digitize(x[:, 0], [-0.5, 0.5])
    proof = proven(pd.DataFrame(x, columns=["x"]), y, [-(2**40), 0, 2**53])
    assert proof.proven, proof.sentence


def test_a_graph_in_float64_is_refused_before_openvino_rounds_it() -> None:
    assert "float64" in OPENVINO.refuses({"precision": "float64"})
    assert OPENVINO.refuses({"precision": "float32"}) == ""
    assert OPENVINO.refuses({}) == ""


def test_its_absence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert "logitline[runtimes]" in OPENVINO.absent()


def test_a_column_of_subnormal_numbers_has_no_portable_graph() -> None:
    """OpenVINO takes them for zero, and others on some processors."""
    x = np.random.default_rng(2).normal(size=(200, 1))
    with pytest.raises(ConversionError, match="Column 'x' is not exact in float32"):
        proven(pd.DataFrame(x * 1e-39, columns=["x"]), (x[:, 0] > 0).astype(int), [0, 1])
