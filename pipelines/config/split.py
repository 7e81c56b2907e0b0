"""Which rows train, validate and test: one model a kind of split."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from pipelines.config.section import Section

__all__ = ["ColumnSplit", "GroupSplit", "HashSplit", "Split", "TimeSplit"]

MOST_HELD_OUT = 0.9


class Shares(Section):
    """The shares of the rows that test and validate, and what becomes of a rare class.

    `absent` says what happens where a part would lack a class: "refuse" the split, or "keep"
    the class in every part by moving as few of its rows (or groups) as it takes.
    """

    test: float = Field(default=0.2, gt=0, lt=1)
    validation: float = Field(default=0.0, ge=0, lt=1)
    absent: Literal["refuse", "keep"] = "refuse"

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.test + self.validation > MOST_HELD_OUT:
            raise ValueError("test and validation together take more than 0.9 of the rows")
        return self


class HashSplit(Shares):
    """By a hash of each row's values, or of one column, its key."""

    kind: Literal["hash"] = "hash"
    salt: int = Field(default=0, ge=0)
    key: str | None = None

    @property
    def column(self) -> str | None:
        """The column that the split reads, beside the features."""
        return self.key


class GroupSplit(Shares):
    """By a hash of the group: no group stands on both sides."""

    kind: Literal["group"]
    column: str = Field(min_length=1)
    salt: int = Field(default=0, ge=0)


class TimeSplit(Shares):
    """The latest rows test, those before them validate; between parts a gap is left out.

    The gap is counted in days where the column holds dates, in its own unit where it holds
    numbers.
    """

    kind: Literal["time"]
    column: str = Field(min_length=1)
    gap: float = Field(default=0.0, ge=0)


class ColumnSplit(Section):
    """As a column of the table says: the words of each part."""

    kind: Literal["column"]
    column: str = Field(min_length=1)
    train: list[str] = Field(default_factory=lambda: ["train"], min_length=1)
    validation: list[str] = Field(default_factory=list)
    test: list[str] = Field(default_factory=lambda: ["test"], min_length=1)

    absent: ClassVar[Literal["refuse", "keep"]] = "refuse"

    @property
    def words(self) -> dict[str, list[str]]:
        """Part → its words; parts without one are left out."""
        words = {"train": self.train, "validation": self.validation, "test": self.test}
        return {part: each for part, each in words.items() if each}

    @model_validator(mode="after")
    def _tells_the_parts_apart(self) -> Self:
        words = [*self.train, *self.validation, *self.test]
        if len(set(words)) != len(words):
            raise ValueError("a value names two parts")
        return self


def _kind(given: Any) -> str:
    kind = given.get("kind", "hash") if isinstance(given, dict) else getattr(given, "kind", "hash")
    return str(kind)


Split = Annotated[
    Annotated[HashSplit, Tag("hash")]
    | Annotated[GroupSplit, Tag("group")]
    | Annotated[TimeSplit, Tag("time")]
    | Annotated[ColumnSplit, Tag("column")],
    Discriminator(_kind),
]
