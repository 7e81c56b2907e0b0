"""What was found of a separation, and the sentence that tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sklearn.exceptions import ConvergenceWarning

from pipelines.estimators.listing import listed

__all__ = ["Separation", "SeparationWarning"]


class SeparationWarning(ConvergenceWarning):  # type: ignore[misc]
    """A fit without a penalty on classes that are perfectly separated."""


@dataclass(frozen=True)
class Separation:
    """A separation of the classes.

    Attributes
    ----------
    kind : {"complete", "quasi-complete"}
    columns : tuple of str
        The columns that separate; empty where it was not affordable to tell.
    classes : tuple
        The classes with a row strictly on its side.
    n_rows : int
        Those rows; all in a complete separation.
    reason : str
        What the columns do.
    """

    kind: Literal["complete", "quasi-complete"]
    columns: tuple[str, ...]
    classes: tuple[Any, ...]
    n_rows: int
    reason: str

    @property
    def message(self) -> str:
        """What happened, what it means, and what to do."""
        some = f"drop or merge {listed(self.columns)}" if self.columns else "drop columns"
        return (
            f"The classes are perfectly separated ({self.kind} separation): {self.reason}. The "
            "likelihood has no maximum: without a penalty the coefficients grow without end, and "
            "those found only tell where the solver stopped. Fit with a penalty (a finite C), or "
            f"{some}."
        )
