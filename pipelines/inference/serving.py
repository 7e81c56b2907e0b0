"""Answers rows with a label and probabilities, out of an exported graph.

This file, binding.py, columns.py and cells.py stand alone: they need numpy, pandas and
onnxruntime, and nothing of this project. `Predictor` builds on them, and all four are copied
into each MLflow model as its loader, to run where the project is not installed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

# Relative: in an MLflow model the files lie in a package of another name.
from .binding import InputError, as_column, read_column, require, same_length, table_columns
from .cells import reader

FORMAT = "logitline/1"
LARGEST = 2**31  # bytes of a file: what protobuf, in which ONNX is written, takes at most

Provider = str | tuple[str, dict[str, str]]  # its name, with its options or without


class ModelError(ValueError):
    """The model file cannot be used, and why."""


class Model:
    """A session over an exported graph, with the contract that its metadata carries.

    Parameters
    ----------
    content : bytes
        The ONNX file's bytes.
    providers : sequence of Provider
        Execution providers, in order of preference.
    options : onnxruntime.SessionOptions, optional
        By default those of `session_options`.

    Attributes
    ----------
    contract : dict
        Target, classes, missing words and columns.
    classes : tuple
        The labels, in the order of the probabilities.
    columns : list of str
        The columns that the model needs.
    inputs : dict of str to str
        Element type and shape of each of the graph's inputs, in its order.
    words : frozenset of str
        The texts that stand for a gap, "" among them.
    """

    def __init__(
        self,
        content: bytes,
        providers: Sequence[Provider] = ("CPUExecutionProvider",),
        options: Any = None,
    ) -> None:
        try:
            self.session = opened(content, providers, options or session_options())
        except Exception as error:  # ONNX Runtime's own exceptions share no narrower base
            raise ModelError(f"ONNX Runtime cannot load the file as a model: {error}") from None
        self.metadata: dict[str, str] = dict(self.session.get_modelmeta().custom_metadata_map)
        if self.metadata.get("format") != FORMAT:
            raise ModelError(
                "The ONNX file carries no logitline contract, so no column can be bound by "
                f"name (its metadata lacks format = {FORMAT}). Give a model.onnx that "
                "logitline wrote."
            )
        if self.metadata.get("graph") == "portable":
            raise ModelError(
                "This is the portable graph, whose input is a matrix of codes and numbers, not "
                "columns by name. Give model.onnx, which lies beside it."
            )
        if not _fits(self.session, self.metadata):
            raise ModelError(
                "The ONNX file's metadata does not describe its graph, so no column can be bound "
                "by name: the file was changed after logitline wrote it. Fetch the model again."
            )
        self.contract: dict[str, Any] = json.loads(self.metadata["contract"])
        self.classes: tuple[Any, ...] = tuple(json.loads(self.metadata["classes"]))
        self.columns: list[str] = json.loads(self.metadata["columns"])
        self._inputs: list[str] = json.loads(self.metadata["inputs"])
        words = self.contract["missing"]
        self.words = frozenset({"", *words, *(word.strip() for word in words)})
        self.inputs = {
            node.name: f"{node.type[7:-1]}, {' × '.join(str(size or 'N') for size in node.shape)}"
            for node in self.session.get_inputs()
        }
        self._types = {
            node.name: np.dtype(_ARRAYS[node.type]) for node in self.session.get_inputs()
        }
        self._outputs = [node.name for node in self.session.get_outputs()]

    def bind(self, table: Any) -> dict[str, np.ndarray]:
        """The features of a DataFrame, an Arrow table, a dict or a list of dicts.

        Raises InputError, naming the column that is missing or of another type. Further
        columns are ignored; their order is free.
        """
        columns = self.columns_of(table)
        specs = self.contract["columns"]
        return {
            name: read_column(name, columns[name], specs[name], self.words) for name in self.columns
        }

    def columns_of(self, table: Any) -> dict[str, Any]:
        """The columns that the model needs, all of one length, each fit to be sliced."""
        given = table_columns(table, self.columns)
        columns = {name: as_column(name, values) for name, values in given.items()}
        same_length(columns)
        return columns

    def answer(self, features: Mapping[str, Any] | pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Labels, shape (N,), and float32 probabilities, shape (N, K), of bound features.

        A DataFrame of features does as well as what `bind` returns. Raises InputError where
        a column is missing, or a number is too large for any probability to come out.
        """
        labels, probabilities = self.run(features)
        undefined = np.flatnonzero(np.isnan(probabilities).any(axis=1))
        if undefined.size:
            row = int(undefined[0])
            raise InputError(self._too_large(features, row), row)
        return labels, probabilities

    def run(self, features: Mapping[str, Any] | pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """What the graph gives, undefined probabilities and all; otherwise as `answer`."""
        require(self.columns, list(features))
        labels, *columns = self.session.run(self._outputs, self.feeds(features))
        return labels, np.stack(columns, axis=1)

    def predict(self, table: Any) -> pd.DataFrame:
        """Columns `label` and one `probability_<class>` a class, under the input's index."""
        labels, probabilities = self.answer(self.bind(table))
        named = zip(self._outputs[1:], probabilities.T, strict=True)
        index = table.index if isinstance(table, pd.DataFrame) else None
        return pd.DataFrame({self._outputs[0]: labels, **dict(named)}, index=index)

    def feeds(self, features: Mapping[str, Any] | pd.DataFrame) -> dict[str, np.ndarray]:
        """The session's inputs."""
        # A number beyond float32 becomes infinite here, as it does in the fitted pipeline.
        with np.errstate(over="ignore"):
            if len(self._inputs) < len(self.columns):
                matrix = np.stack([np.asarray(features[name]) for name in self.columns], axis=1)
                return {self._inputs[0]: matrix.astype(self._types[self._inputs[0]])}
            return {
                name: np.asarray(features[column]).astype(self._types[name], copy=False)
                for column, name in zip(self.columns, self._inputs, strict=True)
            }

    def _too_large(self, features: Mapping[str, Any] | pd.DataFrame, row: int) -> str:
        numbers = [
            name for name in self.columns if self.contract["columns"][name]["type"] != "category"
        ]
        values = {name: np.asarray(features[name])[row] for name in numbers}
        sizes = {name: abs(value) for name, value in values.items() if not np.isnan(value)}
        if not sizes:
            return "has no probability: the model cannot compute with it."
        name = max(sizes, key=lambda column: float(sizes[column]))
        return (
            "has no probability: a number is too large to compute with. The largest is "
            f"{values[name]} in column {name!r}."
        )


_ARRAYS: dict[str, type] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(string)": np.object_,
}


def _fits(session: Any, metadata: Mapping[str, str]) -> bool:
    """Whether columns, types and classes of the metadata are those of the graph."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    try:
        contract, classes, columns, names = (
            json.loads(metadata[key]) for key in ("contract", "classes", "columns", "inputs")
        )
        specs = [contract["columns"][name] for name in columns]
        for spec in specs:
            reader(spec, frozenset(word.strip() for word in contract["missing"]))
        texts = [spec["type"] == "category" for spec in specs]
        matrix = len(inputs) == 1 and len(inputs[0].shape) == 2
        return (
            [node.name for node in inputs] == names
            and [node.name for node in outputs[1:]] == [f"probability_{each}" for each in classes]
            and all(node.type in _ARRAYS for node in inputs)
            and ([False] if matrix else texts) == [node.type == "tensor(string)" for node in inputs]
            and not (matrix and any(texts))
            and contract["classes"] == classes
            and len(classes) > 1
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return False


def opened(content: bytes, providers: Sequence[Provider], options: Any) -> Any:
    """A session over a graph; on the last provider alone where another does not take it.

    `get_providers` tells which it is. ONNX Runtime's own way would print a page on stdout, and
    would in any later call that a provider fails in go on without it, whatever was told before:
    here such a call raises.
    """
    try:
        return onnxruntime.InferenceSession(
            content, options, providers=list(providers), enable_fallback=0
        )
    except (ValueError, RuntimeError):  # a provider's; what a graph does wrong is of other types
        if len(providers) == 1:
            raise
        return opened(content, providers[-1:], options)


def session_options(threads: int = 1, arena: bool = True) -> Any:
    """ONNX Runtime's options under which the same rows get the same bits.

    With the arena, memory that a call took is kept for the next one.
    """
    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = arena
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    return options


def noted_digest(path: Path) -> str | None:
    """The SHA-256 that stands in PATH.sha256; None where there is no such file."""
    beside = path.parent / f"{path.name}.sha256"
    try:
        said = _bytes(beside).decode(errors="replace").split()
    except FileNotFoundError:
        return None
    except ValueError as error:  # a NUL in the name
        raise ModelError(f"{str(path)!r}: the model cannot be read: {error}.") from None
    except OSError as error:
        raise ModelError(f"{beside}: the digest cannot be read: {error.strerror}.") from None
    return said[0] if said else "nothing"


def verified(path: Path, sha256: str | None = None) -> bytes:
    """The file's bytes, after its SHA-256 was found right.

    The digest is the one given, or else the one in PATH.sha256 where that file exists.
    Raises ModelError when it is another, or the file cannot be read.
    """
    try:
        content = _bytes(path)
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read: {error.strerror}.") from None
    except ValueError as error:  # a NUL in the name
        raise ModelError(f"{str(path)!r}: the model cannot be read: {error}.") from None
    sha256 = noted_digest(path) if sha256 is None else sha256
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256.lower():
        raise ModelError(
            f"{path}: this is not the file that was proven, and it was not loaded: its SHA-256 "
            f"is {found}, expected {sha256}. Fetch the model again."
        )
    return content


def _bytes(path: Path) -> bytes:
    """What a plain file holds now: reading a pipe or a device may never end."""
    facts = path.stat()
    if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
        raise OSError(errno.EINVAL, "It is no plain file")
    if facts.st_size > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    with path.open("rb") as file:
        return file.read(facts.st_size)


def _load_pyfunc(folder: str) -> Model:
    """MLflow's entry point: the model in its folder, verified by the digest beside it."""
    return Model(verified(Path(folder) / "model.onnx"))
