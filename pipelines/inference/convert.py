"""One ONNX graph out of a fitted pipeline: raw columns by name in, label and probabilities out.

skl2onnx walks the pipeline; the converters of this folder write the nodes. They are handed
to each conversion and registered nowhere, so nothing global changes.

Inputs: one vector of length N a column, named as the column: STRING for categories, DOUBLE
for the Preprocessor's `doubles_`, else FLOAT. Where all columns are FLOAT and there are more
than 64, one matrix `features` instead. Outputs: `label` and one float vector
`probability_<class>` a class, in sorted order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
from pipelines.inference.serving import FORMAT

__all__ = ["ConversionError", "to_onnx"]

MATRIX_ABOVE = 64  # columns; up to here one input each is friendlier
IR_VERSION = 10  # the first that knows opset 21


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
    preprocessor, estimator = _steps(pipeline, contract)
    columns = [*preprocessor.numbers, *preprocessor.categories]
    plain = not preprocessor.categories and not preprocessor.doubles_.any()
    matrix = plain and len(columns) > MATRIX_ABOVE
    model = convert_sklearn(
        pipeline,
        name="logitline",
        initial_types=_input_types(preprocessor, matrix),
        target_opset=OPSETS,
        custom_parsers={Preprocessor: parse_preprocessor, type(estimator): parse_estimator},
        custom_conversion_functions={
            Preprocessor: convert_preprocessor,
            type(estimator): convert_estimator,
        },
        custom_shape_calculators=dict.fromkeys((Preprocessor, type(estimator)), _declared),
    )
    outputs = ["label", *(f"probability_{label}" for label in contract["classes"])]
    inputs = ["features"] if matrix else _input_names(columns, outputs)
    _rename(model.graph, inputs, outputs)
    content = {
        "format": FORMAT,
        "contract": _json(contract),
        "classes": _json(contract["classes"]),
        "columns": _json(columns),
        "inputs": _json(inputs),
    }
    clash = sorted(content.keys() & lineage.keys())
    if clash:
        raise ConversionError(f"The lineage cannot use the keys {', '.join(clash)}.")
    return _sealed(model, {**lineage, **content})


def _steps(pipeline: Pipeline, contract: Mapping[str, Any]) -> tuple[Preprocessor, Any]:
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


def _input_types(preprocessor: Preprocessor, matrix: bool) -> list[tuple[str, Any]]:
    # skl2onnx bends names into identifiers; `_rename` gives the columns their own at the end.
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


def _rename(graph: onnx.GraphProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Give inputs and outputs these names, and inner values such as clash with none of them."""
    names = dict(zip((value.name for value in graph.input), inputs, strict=True))
    names |= dict(zip((value.name for value in graph.output), outputs, strict=True))
    taken = {*inputs, *outputs}
    inner = [constant.name for constant in graph.initializer]
    inner += [name for node in graph.node for name in node.output]
    for name in inner:
        if name not in names:
            free = name
            while free in taken:
                free += "_"
            taken.add(free)
            names[name] = free
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = names[value.name]
    del graph.value_info[:]
    for node in graph.node:
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]


def _json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _sealed(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    """The checked model's bytes, with the metadata in sorted order."""
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = FORMAT.split("/")
    model.domain = ""
    model.doc_string = ""
    del model.metadata_props[:]
    for key in sorted(metadata):
        model.metadata_props.add(key=key, value=metadata[key])
    opsets = sorted(model.opset_import, key=lambda entry: str(entry.domain))
    versions = [(entry.domain, entry.version) for entry in opsets]
    del model.opset_import[:]
    used = {node.domain for node in model.graph.node}
    for domain, version in versions:
        if domain in used:
            model.opset_import.add(domain=domain, version=version)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
