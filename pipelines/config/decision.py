"""How probabilities are calibrated, and how they become labels."""

from __future__ import annotations

from itertools import permutations
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipelines.config.section import Section

__all__ = ["BINARY", "Calibration", "Threshold"]

BINARY = ("best_f1", "recall", "precision")
"""The kinds that are for two classes."""

# Which key each kind needs beside it; no other kind takes that key.
NEEDED = {"costs": "costs", "recall": "at_least", "precision": "at_least"}

Cost = Annotated[float, Field(ge=0, le=1e12)]


class Calibration(Section):
    """What the estimator's probabilities go through, fitted on rows that it did not learn from."""

    method: Literal["none", "sigmoid", "isotonic", "temperature"] = "none"


class Threshold(Section):
    """The rule that makes labels of probabilities.

    `costs` has a row a true class and a column a label, in sorted order. All kinds but
    "argmax" and "costs" are for two classes, of which the second is the positive one.
    """

    kind: Literal["argmax", "best_f1", "costs", "recall", "precision"] = "argmax"
    costs: list[list[Cost]] | None = None
    at_least: float | None = Field(default=None, gt=0, le=1)

    @field_validator("costs")
    @classmethod
    def _every_label_can_be_the_cheapest(cls, costs: list[list[float]]) -> list[list[float]]:
        size = len(costs)
        if size < 2 or any(len(row) != size for row in costs):
            raise ValueError("costs need as many columns as rows, one of each a class")
        if not any(map(any, costs)):
            raise ValueError("all costs are zero, so every label would do")
        for number, row in enumerate(costs, start=1):
            if row[number - 1] > min(row):
                raise ValueError(
                    f"in row {number} a wrong label costs less than the right one; rows are the "
                    "true classes, columns the labels"
                )
        columns = list(enumerate(zip(*costs, strict=True), start=1))
        for (dear, column), (cheap, other) in permutations(columns, 2):
            if all(mine >= its for mine, its in zip(column, other, strict=True)):
                raise ValueError(
                    f"column {dear} is nowhere below column {cheap}, so that label would never be "
                    "given"
                )
        return costs

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needed = NEEDED.get(self.kind)
        for key in ("costs", "at_least"):
            given = getattr(self, key) is not None
            if key == needed and not given:
                raise ValueError(f'kind = "{self.kind}" needs {key}')
            if key != needed and given:
                kinds = " or ".join(f'"{kind}"' for kind, its in NEEDED.items() if its == key)
                raise ValueError(f"{key} belongs to kind = {kinds}")
        return self
