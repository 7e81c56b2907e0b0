"""Answers through the inner form of a graph, some thousands of rows at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from pipelines.inference.binding import InputError, as_column, part, require, same_length
from pipelines.inference.encoder import CODES, PROBABILITIES, Dense, Encoder, Feeds
from pipelines.inference.serving import Model, Provider, opened

__all__ = ["InnerModel", "probes", "run_bound"]

CELLS = 2**20  # values in the matrices of one chunk
ROWS = (1_024, 65_536)  # a chunk has no fewer and no more, where there are as many
PROBES = 33
DEVICES = {"CUDAExecutionProvider": "cuda"}

Answer = tuple[NDArray[Any], NDArray[np.float32]]

logger = logging.getLogger(__name__)


class InnerModel:
    """The inner form of a model, which answers with the same bits and in less time.

    Attributes
    ----------
    form : Dense
        The inner form.
    session : onnxruntime.InferenceSession
        Over it.
    """

    def __init__(
        self, model: Model, form: Dense, providers: Sequence[Provider], options: Any
    ) -> None:
        self._model, self.form = model, form
        self.session = opened(form.model, providers, options)
        active = self.session.get_providers()[0]
        self._device = DEVICES.get(active)
        self._encoder = Encoder(form, model.contract, model.words)
        texts = isinstance(model.classes[0], str)
        self._classes = np.array(model.classes, dtype=object if texts else None)
        least, most = ROWS
        self._rows = min(max(CELLS // max(self._encoder.width, 1), least), most)

    @classmethod
    def of(
        cls, content: bytes, model: Model, providers: Sequence[Provider], options: Any
    ) -> InnerModel | None:
        """The inner form, where the graph has one that gives the graph's own bits."""
        # The library that edits graphs takes a tenth of a second to import.
        from pipelines.inference.dense import dense

        form = dense(content)
        if form is None:
            return None
        inner = cls(model, form, providers, options)
        if inner._agrees():
            return inner
        logger.warning("The inner form of the model answers otherwise; it is not used.")
        return None

    def row(self, row: Mapping[str, Any]) -> Answer | None:
        """The answer to one row of single values; None where it is no such row or has none."""
        try:
            feeds = self._encoder.row(row)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            return None
        codes, probabilities = self._run(feeds)
        total = probabilities.sum()
        return (self._classes[codes], probabilities) if total == total else None

    def table(self, table: Any) -> Answer:
        """The answer to the rows of a table, bound by name; raises InputError as `Model.bind`."""
        columns = self._model.columns_of(table)
        return self._answer(
            columns,
            lambda rows, first: self._encoder.rows(rows, first),
            self._model.bind,
        )

    def features(self, features: Mapping[str, Any] | pd.DataFrame) -> Answer:
        """The answer to columns that are features already, arrays or Arrow arrays."""
        require(self._model.columns, list(features))
        columns = {name: as_column(name, features[name]) for name in self._model.columns}
        same_length(columns)
        return self._answer(
            columns,
            lambda rows, _: self._encoder.features(rows),
            lambda rows: {name: np.asarray(values) for name, values in rows.items()},
        )

    def probe(self) -> Feeds:
        """The inputs for `probes`."""
        return self._encoder.features(probes(self._model))

    def _answer(
        self,
        columns: Mapping[str, Any],
        encode: Callable[[Mapping[str, Any], int], Feeds],
        bind: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> Answer:
        count = len(next(iter(columns.values())))
        codes = np.empty(count, dtype=np.int64)
        probabilities = np.empty((count, len(self._classes)), dtype=np.float32)
        chunks = -(-count // self._rows)
        for chunk in range(chunks):
            start, stop = count * chunk // chunks, count * (chunk + 1) // chunks
            rows = {name: part(values, start, stop) for name, values in columns.items()}
            here, p = self._run(encode(rows, start))
            if np.isnan(p.sum()):
                self._explain(bind(rows), start)
            codes[start:stop], probabilities[start:stop] = here, p
        return self._classes[codes], probabilities

    def _explain(self, features: Mapping[str, Any], start: int) -> None:
        """Raise what the graph itself says of rows without a probability."""
        try:
            self._model.answer(features)
        except InputError as error:
            row = None if error.row is None else error.row + start
            raise InputError(error.what, row) from None

    def _run(self, feeds: Feeds) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if self._device is not None:
            return run_bound(self.session, feeds, self._device)
        codes, probabilities = self.session.run([CODES, PROBABILITIES], feeds)
        return codes, probabilities

    def _agrees(self) -> bool:
        """Whether probe rows, alone and together, get the graph's own bits."""
        features = probes(self._model)
        for rows in (features, {name: values[:1] for name, values in features.items()}):
            labels, probabilities = self._model.run(rows)
            codes, p = self._run(self._encoder.features(rows))
            same = probabilities.tobytes() == p.tobytes()
            if not same or labels.tolist() != self._classes[codes].tolist():
                return False
        return True


def run_bound(
    session: Any, feeds: Feeds, device: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Codes and probabilities with inputs and outputs bound: one copy each way.

    Without it each call would take its own buffers on the device, and wait for each copy.
    """
    binding = session.io_binding()
    for name, array in feeds.items():
        binding.bind_ortvalue_input(
            name, onnxruntime.OrtValue.ortvalue_from_numpy(array, device, 0)
        )
    for name in (CODES, PROBABILITIES):
        binding.bind_output(name, device)
    session.run_with_iobinding(binding)
    codes, probabilities = binding.copy_outputs_to_cpu()
    return codes, probabilities


def probes(model: Model) -> dict[str, NDArray[Any]]:
    """Rows with gaps, values within the contract and beyond, texts known and unknown."""
    rng = np.random.default_rng(0)
    features: dict[str, NDArray[Any]] = {}
    for name in model.columns:
        spec = model.contract["columns"][name]
        if spec["type"] == "category":
            texts = np.array([*spec["values"], "", "\0"], dtype=object)
            features[name] = texts[rng.integers(0, len(texts), PROBES)]
            continue
        low, high = spec.get("min"), spec.get("max")
        low = -1.0 if low is None else float(low)
        high = low + 2.0 if high is None else float(high)
        values = rng.uniform(-0.1, 1.1, PROBES) * (high - low) + low
        features[name] = np.where(rng.random(PROBES) < 0.2, np.nan, values)
    return features
