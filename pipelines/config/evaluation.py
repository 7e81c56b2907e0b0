"""Which parts of the test rows are looked at on their own."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from pipelines.config.section import Section

__all__ = ["Evaluation", "Slice"]


class Slice(Section):
    """A column whose values, or whose quantile ranges, are slices."""

    column: str = Field(min_length=1)
    quantiles: int | None = Field(default=None, ge=2, le=20)


class Evaluation(Section):
    """What is measured beside the metrics of all test rows.

    `slices` lists columns: a name, or a table with the name and the number of quantiles.
    """

    slices: list[Slice] = Field(default_factory=list)

    @field_validator("slices", mode="before")
    @classmethod
    def _names_are_slices(cls, slices: Any) -> Any:
        if not isinstance(slices, list):
            return slices
        return [{"column": each} if isinstance(each, str) else each for each in slices]
