"""The Predictor: a deployed model in Python, around ONNX Runtime."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipelines.inference.binding import InputError, single_row
from pipelines.inference.inner import InnerModel
from pipelines.inference.serving import Model, ModelError, session_options, verified

__all__ = ["InputError", "ModelError", "Predictor"]

CPU = "CPUExecutionProvider"

logger = logging.getLogger(__name__)


class Predictor:
    """Labels and probabilities for rows of named columns.

    Rows come as a DataFrame, an Arrow table, a dict (single values are one row; lists or
    arrays are columns), or a list of dicts. Columns are bound by name; a missing or mistyped
    one raises InputError, others are ignored. Gaps are None, NaN, NaT, pandas.NA, "" and the
    contract's own words for them. May be used by several threads at once.

    Attributes
    ----------
    classes : tuple
        The labels, in the order of the probabilities.
    contract : dict
        Target, classes, missing words and columns.
    columns : tuple of str
        The columns it needs, in the graph's order.
    inputs : dict of str to str
        Element type and shape of each of the graph's inputs.
    providers : tuple of str
        The execution providers that are at work, the first one preferred.
    sha256 : str
        Digest of the model file.

    Examples
    --------
    >>> predictor = Predictor.load("models:/penguins@champion")      # doctest: +SKIP
    >>> predictor.predict({"island": "Biscoe", "bill_length_mm": 47.5})   # doctest: +SKIP
    array(['Gentoo'], dtype=object)
    """

    def __init__(
        self,
        content: bytes,
        providers: Sequence[str] = (CPU,),
        strict: bool = False,
        threads: int = 1,
        arena: bool = True,
    ) -> None:
        installed = _installed(providers, strict)
        options = session_options(threads, arena)
        self._model = Model(content, installed, options)
        self._inner = InnerModel.of(content, self._model, installed, options)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.classes = self._model.classes
        self.contract = self._model.contract
        self.inputs = self._model.inputs
        self.columns = tuple(self._model.columns)
        self.providers: tuple[str, ...] = tuple(self._model.session.get_providers())
        _require_active(installed, self.providers, strict)

    @classmethod
    def load(
        cls,
        source: str | Path,
        sha256: str | None = None,
        providers: Sequence[str] | None = None,
        strict: bool = False,
        threads: int = 1,
        arena: bool = True,
    ) -> Self:
        """The Predictor of a model file or of a model in the registry.

        Parameters
        ----------
        source : str or Path
            An ONNX file, or an address such as ``models:/penguins@champion``.
        sha256 : str, optional
            What the file must digest to; by default what stands in SOURCE.sha256 or in the
            registry, if anything does. It is checked before the file is parsed.
        providers : sequence of str, optional
            ONNX Runtime's execution providers, the preferred one first. Default: the CPU.
        strict : bool, default=False
            Whether a provider that is absent is an error; otherwise the CPU steps in, which
            is logged and shows in `providers`.
        threads : int, default=1
            Threads within an operator.
        arena : bool, default=True
            Whether memory that a call took is kept for the next one: faster, and never given
            back.

        Raises
        ------
        ModelError
            The file is unreadable, has another digest, is no model of logitline, or a
            provider is absent and `strict` is set.
        """
        path = Path(source)
        if str(source).startswith("models:/"):
            path, registered = _download(str(source))
            sha256 = sha256 or registered
        return cls(verified(path, sha256), providers or (CPU,), strict, threads, arena)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """The Predictor of an ONNX file's bytes, on the CPU."""
        return cls(content)

    def predict(self, table: Any) -> NDArray[Any]:
        """The label of each row."""
        return self.run(table)[0]

    def predict_proba(self, table: Any) -> NDArray[np.float32]:
        """The probability of each class, shape (n_rows, n_classes), in the order of `classes`."""
        return self.run(table)[1]

    def run(self, table: Any) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Labels and probabilities in one call."""
        inner = self._inner
        if inner is None:
            return self._model.answer(self._model.bind(table))
        row = single_row(table)
        answer = None if row is None else inner.row(row)
        return inner.table(table) if answer is None else answer

    def answer(self, features: Any) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Labels and probabilities of columns that are in the model's types already.

        `features` is a DataFrame, or a mapping of names to arrays, as ingest leaves them:
        float64 with NaN for a gap, text with "" for a gap. Nothing but the names is checked.
        """
        if self._inner is None:
            return self._model.answer(features)
        return self._inner.features(features)

    def __repr__(self) -> str:
        return f"Predictor({self.contract['target']!r}, sha256={self.sha256[:12]!r})"


def _download(uri: str) -> tuple[Path, str | None]:
    # MLflow takes a second to import, and a model in a file needs none of it.
    from pipelines.adapters.tracking.registry import download_model

    try:
        return download_model(uri)
    except LookupError as error:
        raise ModelError(str(error)) from None


def _installed(wanted: Sequence[str], strict: bool) -> list[str]:
    """The wanted providers that this installation has, the CPU last."""
    known = onnxruntime.get_all_providers()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ModelError(
            f"ONNX Runtime knows no provider {', '.join(unknown)}. It knows {', '.join(known)}."
        )
    installed = onnxruntime.get_available_providers()
    absent = [name for name in wanted if name not in installed]
    if absent and strict:
        raise ModelError(
            f"{', '.join(absent)} is asked for and absent; installed here: "
            f"{', '.join(installed)}. Install the ONNX Runtime build that has it, or load without "
            "strict to run on the CPU."
        )
    if absent:
        logger.warning("%s is absent; the model runs without it.", ", ".join(absent))
    return list(dict.fromkeys([*(name for name in wanted if name in installed), CPU]))


def _require_active(asked: Sequence[str], active: Sequence[str], strict: bool) -> None:
    """Raise or log where ONNX Runtime has dropped a provider that did not start."""
    dropped = [name for name in asked if name not in active]
    if dropped and strict:
        raise ModelError(
            f"{', '.join(dropped)} is installed and did not start, so the model would run on "
            f"{', '.join(active)}. Mend its driver or libraries, or load without strict."
        )
    if dropped:
        logger.warning("%s did not start; running on %s.", ", ".join(dropped), ", ".join(active))
