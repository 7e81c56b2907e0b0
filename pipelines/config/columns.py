"""The contract of a column: its type, and what may stand in it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipelines.config.section import LARGEST, Section

__all__ = ["Boolean", "Category", "Column", "Date", "Integer", "Number"]

Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Share = Annotated[float, Field(ge=0, le=1)]


class Gaps(Section):
    """Whether cells may be missing, and which share of them at most."""

    missing: bool = False
    max_missing: Share | None = None

    @model_validator(mode="after")
    def _share_of_something(self) -> Self:
        if self.max_missing is not None and not self.missing:
            raise ValueError("max_missing says how many may be missing, so it needs missing = true")
        return self


def _require_order(least: float | None, greatest: float | None) -> None:
    if least is not None and greatest is not None and least > greatest:
        raise ValueError(f"min ({least:g}) is above max ({greatest:g}): no value can be right")


class Number(Gaps):
    """A real number; enters the model as a float, a gap as NaN."""

    type: Literal["number"]
    min: float | None = None
    max: float | None = None
    infinite: Literal["refuse", "missing"] = "refuse"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _require_order(self.min, self.max)
        return self


class Integer(Gaps):
    """A whole number no larger than 2**53, so that a float64 holds it exactly."""

    type: Literal["integer"]
    min: Whole | None = None
    max: Whole | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _require_order(self.min, self.max)
        return self


class Category(Gaps):
    """A text out of a known list; a gap is the empty text, which no value may be.

    Without `max_unseen` no other value may be in a table that is trained on, while a table
    that is scored may hold some; with it, at most that share of the values in both.
    """

    type: Literal["category"]
    values: list[str] = Field(min_length=1)
    max_unseen: Share | None = None

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: list[str]) -> list[str]:
        if "" in values:
            raise ValueError("the empty text stands for a missing value and cannot be listed")
        if len(set(values)) != len(values):
            raise ValueError("a value is listed twice")
        return values


class Boolean(Gaps):
    """True or false; enters the model as 1 or 0, a gap as NaN."""

    type: Literal["boolean"]


class Date(Gaps):
    """A day or a moment; enters the model as days or seconds since 1970-01-01 UTC."""

    type: Literal["date"]
    unit: Literal["day", "second"] = "day"


Column = Annotated[Number | Integer | Category | Boolean | Date, Field(discriminator="type")]
