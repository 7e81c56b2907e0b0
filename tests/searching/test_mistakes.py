"""A wrong search table is told with all other mistakes of the file, at its own place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.estimators.registry import check
from pipelines.searching.mistakes import search_problems
from pipelines.searching.space import read_space
from tests.test_loading import RIGHT, load, problems

SEARCH = RIGHT.replace("C = 1.0", "search = { C = [0.1, 1.0] }")


def with_search(text: str, estimator: str = "logistic") -> str:
    return RIGHT.replace("C = 1.0", f"search = {text}").replace(
        'estimator = "logistic"', f'estimator = "{estimator}"'
    )


def test_a_right_search_is_read_and_is_no_parameter(tmp_path: Path) -> None:
    config = load(tmp_path, SEARCH + "\n[search]\ntrials = 30\nminutes = 10\n")
    assert config.candidates[0].search == {"C": [0.1, 1.0]}
    assert config.candidates[0].parameters == {}
    assert (config.search.trials, config.search.minutes, config.search.seed) == (30, 10, 0)


@pytest.mark.parametrize(
    ("search", "place", "words"),
    [
        ("3", "search", "is no table"),
        ("{}", "search", "is empty"),
        ("{ Cee = [1.0] }", "search.Cee", "has no parameter 'Cee'"),
        ("{ name = ['x'] }", "search.name", "has no parameter 'name'"),
        ("{ verbose = [0, 1] }", "search.verbose", "reports progress itself"),
        ("{ C = [] }", "search.C", "empty list"),
        ("{ C = 1.0 }", "search.C", "neither a list of choices nor a range"),
        ("{ C = [0.1, -1.0] }", "search.C", "in the range"),
        ("{ C = [0.1, 'x'] }", "search.C", "'x'"),
        ("{ C = [1.0, 2.0, 1.0] }", "search.C[2]", "1.0 is listed twice"),
        ("{ C = [1.0, inf] }", "search.C[1]", "is not a finite number"),
        ("{ C = [1.0, nan] }", "search.C[1]", "is not a finite number"),
        ("{ C = [2024-01-01] }", "search.C", "must be a number, a text"),
        ("{ C = { low = 2.0, high = 1.0 } }", "search.C", "low (2.0) is not below high (1.0)"),
        ("{ C = { low = 1.0, high = 1.0 } }", "search.C", "a single value belongs beside"),
        ("{ C = { low = 0.0, high = 1.0, log = true } }", "search.C.low", "cannot begin at 0.0"),
        ("{ C = { low = -1.0, high = 1.0 } }", "search.C", "in the range"),
        ("{ C = { low = 1.0 } }", "search.C.high", "is missing"),
        ("{ C = { lo = 1.0, low = 1.0, high = 2.0 } }", "search.C.lo", "Did you mean 'low'?"),
        ("{ C = { low = '1', high = 2.0 } }", "search.C.low", "is no number"),
        ("{ C = { low = true, high = 2.0 } }", "search.C.low", "is no number"),
        ("{ C = { low = 1.0, high = inf } }", "search.C.high", "is not a finite number"),
        ("{ C = { low = 1.0, high = nan } }", "search.C.high", "is not a finite number"),
        ("{ C = { low = 1, high = 2, log = 1 } }", "search.C.log", "neither true nor false"),
        ("{ C = { low = -1e308, high = 1e308 } }", "search.C", "wider than a number can say"),
        (f"{{ C = {{ low = 1, high = {2**60} }} }}", "search.C.high", "is beyond 2**53"),
        ("{ max_iter = { low = 10.0, high = 20.0 } }", "search.max_iter", "an int"),
    ],
)
def test_a_mistake_is_named_by_its_place_with_what_is_right(
    tmp_path: Path, search: str, place: str, words: str
) -> None:
    (found,) = problems(tmp_path, with_search(search))
    assert found.startswith(f"candidates[0].{place}: ")
    assert words in found


def test_a_parameter_is_either_fixed_or_searched(tmp_path: Path) -> None:
    text = RIGHT.replace("C = 1.0", "C = 1.0\nsearch = { C = [0.1, 1.0] }")
    assert problems(tmp_path, text) == [
        "candidates[0].search.C: is both fixed and searched. Leave it in one of the two."
    ]


def test_all_mistakes_of_a_search_are_told_together(tmp_path: Path) -> None:
    found = problems(tmp_path, with_search("{ C = [], tol = { low = 1.0, log = 3 }, x = 1 }"))
    assert len(found) == 4


def test_each_candidate_that_searches_needs_a_trial(tmp_path: Path) -> None:
    two = SEARCH.replace(
        'estimator = "decision_tree"',
        'estimator = "decision_tree"\nsearch = { max_depth = { low = 1, high = 9 } }',
    )
    (found,) = problems(tmp_path, two + "\n[search]\ntrials = 1\n")
    assert found.startswith("search.trials: 1 trials cannot be shared out among 2 candidates")
    config = load(tmp_path, two + "\n[search]\ntrials = 7\n")
    assert config.search.trials_of_each(2) == 3


@pytest.mark.parametrize(
    ("budget", "place"),
    [
        ("trials = 0", "search.trials"),
        ("trials = 2.5", "search.trials"),
        ("trials = true", "search.trials"),
        ("minutes = 0", "search.minutes"),
        ("minutes = nan", "search.minutes"),
        ("seed = -1", "search.seed"),
        ("trial = 10", "search.trial"),
    ],
)
def test_a_budget_is_a_number_of_trials_or_minutes(tmp_path: Path, budget: str, place: str) -> None:
    (found,) = problems(tmp_path, SEARCH + f"\n[search]\n{budget}\n")
    assert found.startswith(f"{place}: ")


SCALARS = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.none())
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS | st.lists(SCALARS, max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(["low", "high", "log", "x"]), SCALARS, max_size=4),
)


@given(VALUES)
def test_whatever_stands_in_a_search_is_a_space_or_a_mistake(values: object) -> None:
    candidate = {"name": "a", "estimator": "logistic", "search": {"C": values}}
    if not list(search_problems("candidates[0]", candidate, check)):
        assert read_space({"C": values})["C"].size >= 1
