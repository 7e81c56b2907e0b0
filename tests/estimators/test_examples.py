from __future__ import annotations

import doctest
from importlib import import_module

import pytest

import pipelines.estimators as estimators


@pytest.mark.parametrize("home", sorted(set(estimators.HOMES.values()) - {"preprocessing"}))
def test_the_examples_in_the_docstrings_hold(home):
    attempted = doctest.testmod(import_module(f"pipelines.estimators.{home}"))
    assert attempted.attempted > 0
    assert attempted.failed == 0


def test_every_public_name_can_be_imported_from_the_package():
    for name in estimators.__all__:
        assert getattr(estimators, name).__name__ == name
    assert set(estimators.__all__) == set(estimators.HOMES)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Perceptron'"):
        estimators.Perceptron  # noqa: B018 - the access itself is tested
