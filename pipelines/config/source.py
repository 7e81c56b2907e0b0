"""Where the rows come from, and which column is the label."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipelines.config.section import LARGEST, Section

__all__ = ["Address", "Source", "is_database"]

Label = bool | int | str
Parameter = bool | int | float | str
ORIGINS = ("path", "url", "callable")
# How the address of a database that SQLAlchemy itself knows begins.
DATABASE = re.compile(r"(postgres|postgresql|sqlite|mysql|mariadb|oracle|mssql)(\+\w+)?://")
# ${NAME} stands for a variable of the environment, read when the rows are.
# user:password@, as fsspec finds it in an address and as SQLAlchemy does in a url.
PASSWORDS = {
    "path": re.compile(r"://[^/@]*?:(?!\$\{\w+\}@)[^/@]+@"),
    "url": re.compile(r"://[^/@:]*:(?!\$\{\w+\}@)[^@]+@"),
}
# password=… and its like behind an address.
SECRET = re.compile(
    r"(?i)[?&;][^=&;]*(passw|pwd|secret|token|signature|credential|api_?key|\bsig)[^=&;]*="
    r"(?!\$\{\w+\}(&|;|$))[^&;]"
)


def is_database(address: str) -> bool:
    """Whether the text is a database's address."""
    return DATABASE.match(address) is not None


class Address(Section):
    """The origin of rows: one of path, url and callable.

    `path` is a CSV or Parquet file, a folder or a glob of such files, on disk or at any
    fsspec address; `url` is a database's, with a `query` or a `table`; `callable` is
    `module:function`, which returns a table.
    """

    path: str | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, min_length=1)
    query: str | None = Field(default=None, min_length=1)
    table: str | None = Field(default=None, min_length=1)
    callable: str | None = None
    parameters: dict[str, Parameter] = Field(default_factory=dict)

    @field_validator("path", "url")
    @classmethod
    def _holds_no_password(cls, address: str, info: ValidationInfo) -> str:
        if PASSWORDS[str(info.field_name)].search(address) or SECRET.search(address):
            raise ValueError(
                "a password stands in the address, and the config is kept with every run; "
                "leave it to the driver's environment (PGPASSWORD, AWS_…), or write ${NAME} "
                "in its place"
            )
        return address

    @field_validator("callable")
    @classmethod
    def _names_a_function(cls, name: str) -> str:
        if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*", name):
            raise ValueError('name it as "module:function", for example "loans.tables:recent"')
        return name

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        given = [name for name in ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"here: {' and '.join(given)}" if given else "here: none"
            raise ValueError(f"name one origin of the rows, path, url or callable ({found})")
        if self.url is not None and (self.query is None) == (self.table is None):
            raise ValueError("a database's url needs either a query or a table")
        if self.url is None and (self.query or self.table):
            raise ValueError("query and table belong to a database's url")
        if self.parameters and self.query is None and self.callable is None:
            raise ValueError("parameters belong to a query or a callable")
        return self

    @property
    def kind(self) -> str:
        """Which of path, url and callable is given."""
        return next(name for name in ORIGINS if getattr(self, name) is not None)

    @property
    def place(self) -> str:
        """The origin in a few words for messages, ${NAME} as written: no secret is in it."""
        if self.url is None:
            return self.path or self.callable or ""
        return f"{self.url} {self.table or '(query)'}"


class Source(Address):
    """An origin, the target among its columns, and what else is known of its rows."""

    target: str = Field(min_length=1)
    classes: list[Label] = Field(min_length=2)
    missing: list[str] = Field(default_factory=list)
    missing_target: Literal["refuse", "drop"] = "refuse"
    unique: list[str] = Field(default_factory=list)
    outcome_time: str | None = None

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
