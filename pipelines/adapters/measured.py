"""What was measured as JSON and back: frozen records of numbers, NaN as null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["as_json", "read_field", "record"]

Record = TypeVar("Record")


def as_json(value: Any) -> Any:
    """The record, or whatever holds records, in lists, dicts, texts, numbers and null."""
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_json(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def record(kind: type[Record], facts: Mapping[str, Any]) -> Record:
    """The record of this type that `as_json` wrote."""
    types = get_type_hints(kind)
    return kind(**{name: _read(types[name], value) for name, value in facts.items()})


def read_field(kind: type[Any], name: str, value: Any) -> Any:
    """One field of a record of this type, from what `as_json` wrote of it."""
    return _read(get_type_hints(kind)[name], value)


def _read(kind: Any, value: Any) -> Any:
    """A value of this type: a record, one or none, a tuple or a mapping of them, or a number."""
    if isinstance(kind, UnionType):
        (inner,) = (each for each in get_args(kind) if each is not NoneType)
        return None if value is None else _read(inner, value)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], each) for each in value)
    if get_origin(kind) is not None:
        return {name: _read(get_args(kind)[1], each) for name, each in value.items()}
    if is_dataclass(kind):
        # mypy cannot see that is_dataclass leaves a class, not an instance of one
        return record(kind, value)  # type: ignore[arg-type]
    return math.nan if kind is float and value is None else value
