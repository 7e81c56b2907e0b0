"""The same pipeline as a graph of core operators alone, for runtimes that know no others.

Input: `features`, one float32 matrix of shape (N, C). Outputs: `label`, int64 of shape (N,),
and `probabilities`, float32 of shape (N, K). What the columns and codes stand for is in the
metadata, as JSON: `columns` names the C columns in order, `codes` lists the values of each
category, `classes` those of the probabilities. `label` there says what the output `label`
holds: the `class` itself, or its `position` among the classes. `precision` is `float64` where
some part is computed in it, for runtimes that would take float32 without a word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.binding import InputError
from pipelines.inference.convert import fitted_steps, walked
from pipelines.inference.estimators import convert_portable, label_is_class, parse_portable
from pipelines.inference.graph import ConversionError
from pipelines.inference.preprocessing import codes
from pipelines.inference.sealing import as_json, metadata, renamed, sealed
from pipelines.inference.serving import session_options
from pipelines.inference.tree_walk import table_bytes
from pipelines.inference.trees import ENSEMBLES

__all__ = ["PortableModel", "encode", "to_portable"]

INPUT, LABEL, PROBABILITIES = "features", "label", "probabilities"
SHOWN = 10


def to_portable(
    pipeline: Pipeline,
    contract: Mapping[str, Any],
    lineage: Mapping[str, str],
    max_mb: float | None = None,
) -> bytes:
    """The portable ONNX file's bytes; the same content gives the same bytes.

    Parameters
    ----------
    pipeline, contract, lineage
        As of `pipelines.inference.convert.to_onnx`.
    max_mb : float, optional
        The most that the file may take, in 10⁶ bytes.

    Raises ConversionError as `to_onnx` does; also where a column's values are not exact in
    float32, and where the file would be larger than `max_mb`.
    """
    preprocessor, estimator = fitted_steps(pipeline, contract)
    _require_float32(preprocessor)
    _require_small_trees(uncalibrated(estimator), max_mb)
    columns = [*preprocessor.numbers, *preprocessor.categories]
    inputs = [("input_0", FloatTensorType([None, len(columns)]))]
    model = walked(pipeline, inputs, parse_portable, convert_portable)
    renamed(model.graph, [INPUT], [LABEL, PROBABILITIES])
    further = {
        "graph": "portable",
        "codes": as_json(codes(preprocessor)),
        "label": "class" if label_is_class(estimator.classes_) else "position",
        "precision": _precision(model.graph),
    }
    content = sealed(model, metadata(contract, columns, lineage, further))
    if max_mb is not None and len(content) > max_mb * 1e6:
        raise _too_large(len(content), max_mb)
    return content


def encode(
    metadata: Mapping[str, str], features: Mapping[str, Any] | pd.DataFrame
) -> NDArray[np.float32]:
    """The matrix that a portable graph takes, shape (N, C), of columns as ingest leaves them.

    Parameters
    ----------
    metadata : mapping
        The graph's, of which `columns` and `codes` are read.
    features : mapping or DataFrame
        Float64 with NaN for a gap (numbers, integers, booleans as 0 and 1, dates as days or
        seconds since 1970-01-01 UTC), or text with "" for a gap.

    A number enters as its nearest float32; one beyond float32 becomes infinite, as it does in
    the fitted pipeline. A category enters as its place in its list of `codes`, −1 where it is
    not in it, NaN for a gap. Raises InputError where a column is missing.
    """
    columns, known = json.loads(metadata["columns"]), json.loads(metadata["codes"])
    absent = [repr(name) for name in columns if name not in features]
    if absent:
        raise InputError(f"The rows have no column {', '.join(absent)}, which the model needs.")
    out = np.empty((len(features[columns[0]]), len(columns)), dtype=np.float32)
    with np.errstate(over="ignore"):
        for j, name in enumerate(columns):
            values = np.asarray(features[name])
            out[:, j] = _coded(values, known[name]) if name in known else values
    return out


def _coded(texts: NDArray[Any], values: list[str]) -> NDArray[np.float32]:
    index = pd.Index(values, dtype=object)
    texts = texts.astype(object, copy=False)
    coded = index.get_indexer(pd.Index(texts, dtype=object)).astype(np.float32)
    coded[texts == ""] = np.nan
    return coded


class PortableModel:
    """ONNX Runtime on the CPU over a portable graph, for columns as ingest leaves them.

    Attributes
    ----------
    metadata : dict of str to str
    classes : tuple
        The labels, in the order of the probabilities.
    """

    def __init__(self, content: bytes) -> None:
        self._session = onnxruntime.InferenceSession(
            content, session_options(), providers=["CPUExecutionProvider"]
        )
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.classes: tuple[Any, ...] = tuple(json.loads(self.metadata["classes"]))

    def run(
        self, features: Mapping[str, Any] | pd.DataFrame
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Labels themselves, shape (N,), and probabilities, shape (N, K)."""
        feeds = {INPUT: encode(self.metadata, features)}
        labels, probabilities = self._session.run([LABEL, PROBABILITIES], feeds)
        if self.metadata["label"] == "position":
            labels = np.array(self.classes)[labels]
        return labels, probabilities


def _require_float32(preprocessor: Preprocessor) -> None:
    names = [
        repr(name)
        for name, double in zip(preprocessor.numbers, preprocessor.doubles_, strict=True)
        if double
    ]
    if names:
        many = len(names) > 1
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise ConversionError(
            f"Column{'s' * many} {', '.join(names[:SHOWN])}{more} {'are' if many else 'is'} not "
            "exact in float32, the portable graph's input: rows that differ would come out as "
            "one. Use model.onnx, or give smaller numbers in another column: a date as "
            'unit = "day", a number less a fixed one, a number of many digits as a category.'
        )


def _require_small_trees(estimator: Any, max_mb: float | None) -> None:
    """Refuse before anything is built."""
    trees = ENSEMBLES.get(type(estimator))
    if trees is not None and max_mb is not None:
        size = table_bytes(trees(estimator))
        if size > max_mb * 1e6:
            raise _too_large(size, max_mb)


def _too_large(size: int, max_mb: float) -> ConversionError:
    return ConversionError(
        f"In core operators the model takes {size / 1e6:.1f} MB, more than the {max_mb:g} MB it "
        "may. Use model.onnx, set [promotion] max_size_mb higher, or fit a smaller model: of "
        "trees, fewer (max_iter) or shallower ones (max_depth, max_leaf_nodes)."
    )


def _precision(graph: onnx.GraphProto) -> str:
    """`float64` where any value of the graph is."""
    double = onnx.TensorProto.DOUBLE
    constant = any(each.data_type == double for each in graph.initializer)
    cast = any(
        attribute.name == "to" and attribute.i == double
        for node in graph.node
        for attribute in node.attribute
    )
    return "float64" if constant or cast else "float32"
