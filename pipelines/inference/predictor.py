"""The Predictor: a deployed model in Python, around ONNX Runtime."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipelines.inference.binding import InputError, single_row
from pipelines.inference.inner import InnerModel, probes
from pipelines.inference.placement import elsewhere, placements
from pipelines.inference.providers import CPU, configured, require_active, started
from pipelines.inference.schema import schema_changes
from pipelines.inference.serving import (
    Model,
    ModelError,
    noted_digest,
    session_options,
    verified,
)
from pipelines.inference.vetting import vet

__all__ = ["InputError", "ModelError", "Predictor"]

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
    fallbacks : tuple of str
        The nodes that another provider than the preferred one runs, as a profile of one call
        tells; none on the CPU.
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
        here = started(providers, strict)
        options = session_options(threads, arena)
        given = configured(here)
        self._model = Model(content, given, options)
        self._inner = InnerModel.of(content, self._model, given, options)
        self._fetch: Callable[[], bytes] | None = None
        self._options: dict[str, Any] = {
            "providers": tuple(providers),
            "strict": strict,
            "threads": threads,
            "arena": arena,
        }
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.classes = self._model.classes
        self.contract = self._model.contract
        self.inputs = self._model.inputs
        self.columns = tuple(self._model.columns)
        answering = self._inner or self._model
        self.providers: tuple[str, ...] = tuple(answering.session.get_providers())
        require_active(here, self.providers, strict)
        self.fallbacks = self._fallbacks(content, session_options(threads, arena))

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
            registry, if anything does. It is checked before the file is parsed; "" is the
            digest of no file. A file that no digest vouches for is first tried in a process
            of its own.
        providers : sequence of str, optional
            ONNX Runtime's execution providers, the preferred one first. Default: the CPU.
        strict : bool, default=False
            Whether a provider that is absent or does not start is an error; otherwise the
            CPU steps in, which is logged and shows in `providers`.
        threads : int, default=1
            Threads within an operator.
        arena : bool, default=True
            Whether memory that a call took is kept for the next one: faster, and never given
            back.

        Raises
        ------
        ModelError
            The file is unreadable, has another digest, is no model of logitline, or a
            provider is absent or does not start and `strict` is set.
        """
        fetch = functools.partial(_fetched, source, sha256)
        made = cls(fetch(), providers or (CPU,), strict, threads, arena)
        made._fetch = fetch
        return made

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """The Predictor of an ONNX file's bytes, on the CPU."""
        return cls(content)

    def renewed(self) -> Self:
        """The Predictor of what its path or address holds now; itself where nothing changed.

        A service calls this from time to time and goes on with what comes back. Where it
        raises, this Predictor still answers as before.

        Raises
        ------
        ModelError
            As of `load`; or the new model has another target, other classes, or asks for
            other columns, so that the rows that are sent to this one do not fit it.
        """
        if self._fetch is None:
            raise ModelError(
                "This Predictor was made from bytes, which do not change. Make it with "
                "Predictor.load to renew it."
            )
        content = self._fetch()
        if hashlib.sha256(content).hexdigest() == self.sha256:
            return self
        fresh = type(self)(content, **self._options)
        changes = schema_changes(self.contract, fresh.contract)
        if changes:
            raise ModelError(
                f"The new model ({fresh.sha256[:12]}) is refused, and the old one "
                f"({self.sha256[:12]}) goes on: {'; '.join(changes)}. Change what sends the rows "
                "and load the new model with Predictor.load, or promote one of the old schema."
            )
        fresh._fetch = self._fetch
        return fresh

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
        float64 with NaN for a gap, text with "" for a gap. The arrays may be Arrow's.
        Nothing but names and lengths is checked.
        """
        if self._inner is None:
            return self._model.answer(features)
        return self._inner.features(features)

    def _fallbacks(self, content: bytes, options: Any) -> tuple[str, ...]:
        wanted = self.providers[0]
        if wanted == CPU:
            return ()
        if self._inner is None:
            model, feeds = content, self._model.feeds(probes(self._model))
        else:
            model, feeds = self._inner.form.model, self._inner.probe()
        nodes = elsewhere(placements(model, feeds, configured(self.providers), options), wanted)
        if nodes:
            logger.warning("%s leaves to other providers: %s.", wanted, ", ".join(nodes))
        return nodes

    def __repr__(self) -> str:
        return f"Predictor({self.contract['target']!r}, sha256={self.sha256[:12]!r})"


def _fetched(source: str | Path, sha256: str | None) -> bytes:
    """The bytes of a model that a digest vouches for, or that a child process survived."""
    path = Path(source)
    if str(source).startswith("models:/"):
        path, registered = _download(str(source))
        sha256 = registered if sha256 is None else sha256
    sha256 = noted_digest(path) if sha256 is None else sha256.strip() or "nothing"
    content = verified(path, sha256)
    if sha256 is None:
        logger.warning("%s: no SHA-256 is known, so a change of it would go unnoticed.", path)
        vet(content, str(path))
    return content


def _download(uri: str) -> tuple[Path, str | None]:
    # MLflow takes a second to import, and a model in a file needs none of it.
    from pipelines.adapters.tracking.client import WorkspaceError
    from pipelines.adapters.tracking.registry import download_model

    try:
        return download_model(uri)
    except (LookupError, WorkspaceError) as error:
        raise ModelError(str(error)) from None
