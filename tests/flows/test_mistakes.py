"""The table of exceptions that have their exit status."""

from __future__ import annotations

from importlib import import_module

import pytest

from flows.mistakes import STATUS, status


@pytest.mark.parametrize("name", STATUS)
def test_every_exception_of_the_table_is_one_that_stands_there(name: str) -> None:
    module, _, kind = name.rpartition(".")
    found = getattr(import_module(module), kind)
    assert issubclass(found, Exception)
    assert f"{found.__module__}.{found.__qualname__}" == name


def test_a_fault_of_ours_has_no_status() -> None:
    assert status(KeyError("x")) is None
    assert status(PermissionError(13, "denied")) == 2
    assert status(OSError(28, "full")) == 1
