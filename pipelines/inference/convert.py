"""One ONNX graph out of a fitted pipeline: raw columns by name in, label and probabilities out.

skl2onnx walks the pipeline; the converters of this folder write the nodes. They are handed
to each conversion and registered nowhere, so nothing global changes.

Inputs: one vector of length N a column, named as the column: STRING for categories, DOUBLE
for the Preprocessor's `doubles_`, else FLOAT. Where all columns are FLOAT and there are more
than 64, one matrix `features` instead. Outputs: `label` and one float vector
`probability_<class>` a class, in sorted order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.estimators import PROBABILITIES, convert_estimator, parse_estimator
from pipelines.inference.graph import OPSETS, ConversionError
from pipelines.inference.preprocessing import convert_preprocessor, parse_preprocessor
from pipelines.inference.sealing import as_json, metadata, renamed, sealed

__all__ = ["ConversionError", "fitted_steps", "to_onnx", "walked"]

MATRIX_ABOVE = 64  # columns; up to here one input each is friendlier


def to_onnx(pipeline: Pipeline, contract: Mapping[str, Any], lineage: Mapping[str, str]) -> bytes:
    """The ONNX file's bytes; the same content gives the same bytes.

    Parameters
    ----------
    pipeline : Pipeline
        A Preprocessor and one of the estimators of `PROBABILITIES`, both fitted; the latter
        by itself or within a CalibratedClassifier.
    contract : mapping
        As `pipelines.config.contract` gives it; travels in the metadata.
    lineage : mapping of str to str
        Digests of what the pipeline was made from; each becomes a metadata entry.

    Raises ConversionError where the pipeline, its classes or a lineage key do not fit.
    """
    preprocessor, _ = fitted_steps(pipeline, contract)
    columns = [*preprocessor.numbers, *preprocessor.categories]
    plain = not preprocessor.categories and not preprocessor.doubles_.any()
    matrix = plain and len(columns) > MATRIX_ABOVE
    model = walked(pipeline, _input_types(preprocessor, matrix), parse_estimator, convert_estimator)
    outputs = ["label", *(f"probability_{label}" for label in contract["classes"])]
    inputs = ["features"] if matrix else _input_names(columns, outputs)
    renamed(model.graph, inputs, outputs)
    return sealed(model, metadata(contract, columns, lineage, {"inputs": as_json(inputs)}))


def fitted_steps(pipeline: Pipeline, contract: Mapping[str, Any]) -> tuple[Preprocessor, Any]:
    """The Preprocessor and the estimator.

    Raises ConversionError where the pipeline has other steps, an estimator without converter,
    or other classes than the contract.
    """
    steps = [step for _, step in pipeline.steps]
    if len(steps) != 2 or not isinstance(steps[0], Preprocessor):
        raise ConversionError(
            "Only a pipeline of a Preprocessor and one estimator has a graph; this one has "
            f"{', '.join(type(step).__name__ for step in steps)}."
        )
    preprocessor, estimator = steps
    inner = type(uncalibrated(estimator))
    if inner not in PROBABILITIES:
        known = ", ".join(sorted(kind.__name__ for kind in PROBABILITIES))
        raise ConversionError(
            f"{inner.__name__} has no converter. The estimators that have one: {known}."
        )
    if estimator.classes_.tolist() != list(contract["classes"]):
        raise ConversionError(
            f"The estimator was fitted on the classes {estimator.classes_.tolist()}, the contract "
            f"lists {list(contract['classes'])}. Fit it on rows of every class."
        )
    return preprocessor, estimator


def walked(
    pipeline: Pipeline,
    inputs: Sequence[tuple[str, Any]],
    parse: Callable[..., list[Any]],
    convert: Callable[..., None],
) -> onnx.ModelProto:
    """What skl2onnx makes of the pipeline, the estimator's nodes written by `convert`."""
    estimator = type(pipeline[-1])
    convert = partial(convert, one_hot=pipeline[0].one_hot())
    model: onnx.ModelProto = convert_sklearn(
        pipeline,
        name="logitline",
        initial_types=inputs,
        target_opset=OPSETS,
        custom_parsers={Preprocessor: parse_preprocessor, estimator: parse},
        custom_conversion_functions={Preprocessor: convert_preprocessor, estimator: convert},
        custom_shape_calculators=dict.fromkeys((Preprocessor, estimator), _declared),
    )
    return model


def _input_types(preprocessor: Preprocessor, matrix: bool) -> list[tuple[str, Any]]:
    # skl2onnx bends names into identifiers; `renamed` gives the columns their own at the end.
    if matrix:
        return [("input_0", FloatTensorType([None, len(preprocessor.numbers)]))]
    types = [DoubleTensorType if d else FloatTensorType for d in preprocessor.doubles_]
    types += [StringTensorType] * len(preprocessor.categories)
    return [(f"input_{index}", kind([None])) for index, kind in enumerate(types)]


def _declared(operator: Any) -> None:
    """Leaves the shapes as the parsers declared them."""


def _input_names(columns: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """The columns' names; a name that is empty or an output's gets «_» behind until it is free."""
    taken = {"", *columns, *outputs}
    names = []
    for column in columns:
        name = column
        if not column or column in outputs:
            while name in taken:
                name += "_"
            taken.add(name)
        names.append(name)
    return names
