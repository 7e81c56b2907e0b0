"""A fit that fails leaves the estimator as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["unchanged_on_failure"]


@contextmanager
def unchanged_on_failure(model: Any) -> Iterator[None]:
    """A context that gives the model its attributes back where an exception leaves it."""
    before = dict(vars(model))
    try:
        yield
    except BaseException:
        vars(model).clear()
        vars(model).update(before)
        raise
