"""The candidates, how the winner is chosen among them, and what one training may use."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from pipelines.config.section import Section

__all__ = ["Candidate", "Compute", "Selection"]


class Candidate(Section):
    """A name, the estimator's row in the registry, and that estimator's own parameters.

    Those under `search` are searched for: a list of choices or a range each, which
    pipelines/searching/mistakes.py checks.
    """

    model_config = ConfigDict(
        extra="allow", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )

    name: str
    estimator: str
    search: dict[str, Any] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _short_and_plain(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
            raise ValueError(
                "a candidate's name begins with a letter or a digit and has up to 64 of A-Z, "
                "a-z, 0-9, dot, dash and underscore"
            )
        return name

    @property
    def parameters(self) -> dict[str, Any]:
        """The other keys, handed to the estimator as they are."""
        return dict(self.__pydantic_extra__ or {})


class Selection(Section):
    """How the winner is chosen, without the test rows."""

    metric: Literal["log_loss"] = "log_loss"
    by: Literal["cross_validation", "validation"] = "cross_validation"
    folds: int = Field(default=5, ge=2, le=20)


class Compute(Section):
    """What one training may use; each candidate runs in a process of its own."""

    runner: Literal["local"] = "local"
    cores: int | None = Field(default=None, ge=1, le=4096)
    memory_gb: float | None = Field(default=None, gt=0, le=1_000_000)
    minutes: float = Field(default=60.0, gt=0, le=525_600)
