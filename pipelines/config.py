"""The configuration of one data set as frozen models; pipelines/loading.py reads the file."""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.cron import cron_mistake

__all__ = [
    "Candidate",
    "Category",
    "Column",
    "Compute",
    "Config",
    "Promotion",
    "Registry",
    "Schedule",
    "Selection",
    "Source",
    "Split",
    "contract",
]

Label = bool | int | str
LARGEST = 2**53
"""The largest whole number up to which a float64 holds every one."""
Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]


class Section(BaseModel):
    """A part of the file: unknown keys refused, types exact, NaN and infinity refused, frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )


def _require_order(least: float | None, greatest: float | None) -> None:
    if least is not None and greatest is not None and least > greatest:
        raise ValueError(f"min ({least:g}) is above max ({greatest:g}): no value can be right")


class Number(Section):
    """A real number; enters the model as a float, a gap as NaN."""

    type: Literal["number"]
    min: float | None = None
    max: float | None = None
    missing: bool = False
    infinite: Literal["refuse", "missing"] = "refuse"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _require_order(self.min, self.max)
        return self


class Integer(Section):
    """A whole number no larger than 2**53, so that a float64 holds it exactly."""

    type: Literal["integer"]
    min: Whole | None = None
    max: Whole | None = None
    missing: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _require_order(self.min, self.max)
        return self


class Category(Section):
    """A text out of a known list; a gap is the empty text, which no value may be."""

    type: Literal["category"]
    values: list[str] = Field(min_length=1)
    missing: bool = False

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: list[str]) -> list[str]:
        if "" in values:
            raise ValueError("the empty text stands for a missing value and cannot be listed")
        if len(set(values)) != len(values):
            raise ValueError("a value is listed twice")
        return values


class Boolean(Section):
    """True or false; enters the model as 1 or 0, a gap as NaN."""

    type: Literal["boolean"]
    missing: bool = False


class Date(Section):
    """A day or a moment; enters the model as days or seconds since 1970-01-01 UTC."""

    type: Literal["date"]
    unit: Literal["day", "second"] = "day"
    missing: bool = False


Column = Annotated[Number | Integer | Category | Boolean | Date, Field(discriminator="type")]


class Source(Section):
    """Where the rows come from and which column is the label."""

    path: str = Field(min_length=1)
    target: str = Field(min_length=1)
    classes: list[Label] = Field(min_length=2)
    missing: list[str] = Field(default_factory=list)
    missing_target: Literal["refuse", "drop"] = "refuse"

    @field_validator("classes")
    @classmethod
    def _one_type(cls, classes: list[Label]) -> list[Label]:
        if len({type(label) for label in classes}) > 1:
            raise ValueError(
                "the classes are of several types; write all as numbers or all as text"
            )
        if len(set(classes)) != len(classes):
            raise ValueError("a class is listed twice")
        if "" in classes:
            raise ValueError("the empty text stands for a missing label and is no class")
        if any(isinstance(label, int) and abs(label) > LARGEST for label in classes):
            raise ValueError("a class is beyond 2**53; write such labels as text")
        return classes

    @model_validator(mode="after")
    def _classes_are_no_gaps(self) -> Self:
        both = [label for label in self.classes if label in self.missing]
        if both:
            raise ValueError(
                f"the class {both[0]!r} stands under missing too, so no row could have it; "
                "take it out of one of the two"
            )
        return self


class Split(Section):
    """Which rows train, validate and test."""

    kind: Literal["hash"] = "hash"
    test: float = Field(default=0.2, gt=0, lt=1)
    validation: float = Field(default=0.0, ge=0, lt=1)
    salt: int = Field(default=0, ge=0)
    key: str | None = None

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.test + self.validation > 0.9:
            raise ValueError("test and validation together take more than 0.9 of the rows")
        return self


class Candidate(Section):
    """A name, the estimator's row in the registry, and that estimator's own parameters."""

    model_config = ConfigDict(
        extra="allow", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )

    name: str
    estimator: str

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
        """The keys beside name and estimator, handed to the estimator as they are."""
        return dict(self.__pydantic_extra__ or {})


class Selection(Section):
    """How the winner is chosen, without the test rows."""

    metric: Literal["log_loss"] = "log_loss"
    by: Literal["cross_validation", "validation"] = "cross_validation"
    folds: int = Field(default=5, ge=2, le=20)


class Promotion(Section):
    """What a challenger must prove and keep within."""

    confidence: float = Field(default=0.95, ge=0.5, lt=1)
    max_latency_ms: float | None = Field(default=None, gt=0)
    max_size_mb: float | None = Field(default=None, gt=0)


class Registry(Section):
    """The registered model in MLflow."""

    model: str

    @field_validator("model")
    @classmethod
    def _names_a_folder_too(cls, model: str) -> str:
        if not re.fullmatch(r"\w[\w .-]*", model) or len(model.encode()) > 200:
            raise ValueError(
                "a model's name begins with a letter or a digit, has letters, digits, spaces, "
                "dots, dashes and underscores only, and is at most 200 bytes long"
            )
        return model


class Schedule(Section):
    """When retraining runs."""

    cron: str
    timezone: str = "UTC"

    @field_validator("cron")
    @classmethod
    def _has_five_fields(cls, cron: str) -> str:
        mistake = cron_mistake(cron)
        if mistake:
            raise ValueError(mistake)
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        try:
            zoneinfo.ZoneInfo(timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('is no time zone; write "UTC" or "Europe/Paris"') from None
        return timezone


class Compute(Section):
    """What one training may use; each candidate runs in a process of its own."""

    runner: Literal["local"] = "local"
    cores: int | None = Field(default=None, ge=1, le=4096)
    memory_gb: float | None = Field(default=None, gt=0, le=1_000_000)
    minutes: float = Field(default=60.0, gt=0, le=525_600)


class Config(Section):
    """One data set, from its source to its schedule."""

    source: Source
    columns: dict[str, Column] = Field(min_length=1)
    split: Split = Split()
    candidates: list[Candidate] = Field(min_length=1)
    selection: Selection = Selection()
    promotion: Promotion = Promotion()
    registry: Registry
    schedule: Schedule | None = None
    compute: Compute = Compute()


def contract(config: Config) -> dict[str, Any]:
    """The contract as plain JSON values: target, classes, missing words, columns.

    It travels in the ONNX file's metadata and in the exported bundle.
    """
    return {
        "target": config.source.target,
        "classes": sorted(config.source.classes),
        "missing": list(config.source.missing),
        "columns": {
            name: column.model_dump(exclude_none=True) for name, column in config.columns.items()
        },
    }
