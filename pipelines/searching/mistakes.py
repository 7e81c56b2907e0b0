"""What is wrong with the candidates' `search` tables and with their budget."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.config import Candidate
from pipelines.problems import Problem, nearest, place

__all__ = ["budget_problems", "search_problems"]

CandidateCheck = Callable[[str, Mapping[str, Any]], Sequence[str]]

ENDS = ("low", "high")
KEYS = (*ENDS, "log")
LARGEST = 2**53
AS_RANGE = "{ low = 0.01, high = 1.0, log = true }"


def search_problems(
    where: str, candidate: Mapping[str, Any], check: CandidateCheck
) -> Iterator[Problem]:
    """The mistakes in one candidate's `search`, each at the parameter's own place.

    Parameters
    ----------
    where : str
        The candidate's place in the file.
    candidate : mapping
        The candidate as the file has it.
    check : callable
        Estimator name and parameters → a sentence for each mistake.
    """
    search = candidate.get("search")
    if not isinstance(search, dict):
        return  # no search, or told as a mistake of the file itself
    if not search:
        remedy = "Name a parameter and what to try, or leave search out."
        yield Problem(f"{where}.search", "is empty.", remedy)
    for name, values in search.items():
        there = f"{where}.{place(('search', name))}"
        if name in candidate and name not in Candidate.model_fields:
            remedy = "Leave it in one of the two."
            yield Problem(there, "is both fixed and searched.", remedy)
        shape = [*_shape(values)]
        if shape:
            yield from (Problem(f"{there}{key}", said, remedy) for key, said, remedy in shape)
            continue
        estimator = candidate.get("estimator")
        if isinstance(estimator, str) and not check(estimator, {}):
            yield from (Problem(there, said) for said in _refused(estimator, name, values, check))


def budget_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """A mistake where there are fewer trials than candidates that search."""
    candidates, section = raw.get("candidates"), raw.get("search")
    if not isinstance(candidates, list) or not isinstance(section, dict):
        return
    searching = sum(isinstance(each, dict) and bool(each.get("search")) for each in candidates)
    trials = section.get("trials")
    if isinstance(trials, int) and not isinstance(trials, bool) and 1 <= trials < searching:
        message = f"{trials} trials cannot be shared out among {searching} candidates that search."
        yield Problem("search.trials", message, f"Give {searching} at least, better 20 for each.")


def _refused(
    estimator: str, name: str, values: list[Any] | dict[str, Any], check: CandidateCheck
) -> list[str]:
    """What the estimator says of each choice, or of a range's first end that it refuses."""
    if isinstance(values, list):
        said = (check(estimator, {name: value}) for value in values)
        return list(dict.fromkeys(sentence for each in said for sentence in each))
    ends = (check(estimator, {name: values[end]}) for end in ENDS)
    return next((list(each) for each in ends if each), [])


def _shape(values: object) -> Iterator[tuple[str, str, str]]:
    """What is wrong with what stands beside a name: key below it, message, remedy."""
    if isinstance(values, list):
        yield from _choices(values)
    elif isinstance(values, dict):
        yield from _range(values)
    else:
        remedy = f"Write [0.1, 1.0], or {AS_RANGE}; a single value belongs beside the name."
        yield "", "is neither a list of choices nor a range.", remedy


def _choices(values: list[Any]) -> Iterator[tuple[str, str, str]]:
    if not values:
        yield "", "is an empty list.", "List what to try."
    seen: set[str] = set()
    for index, value in enumerate(values):
        if _endless(value):
            yield f"[{index}]", "is not a finite number.", "Write a finite number."
            continue
        written = json.dumps(value, default=str)  # 1, 1.0 and true are three values
        if written in seen:
            yield f"[{index}]", f"{value!r} is listed twice.", "List each value once."
        seen.add(written)


def _range(values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key in values:
        if key not in KEYS:
            yield f".{place((key,))}", "unknown key.", nearest(key, KEYS)
    if not isinstance(values.get("log", False), bool):
        yield ".log", "is neither true nor false.", "Write true or false, without quotes."
    wrong = False
    for end in ENDS:
        for said, remedy in _end(values, end):
            wrong = True
            yield f".{end}", said, remedy
    if wrong:
        return
    low, high = values["low"], values["high"]
    if low >= high:
        remedy = "Swap them; a single value belongs beside the name."
        yield "", f"low ({low}) is not below high ({high}).", remedy
    elif not math.isfinite(high - low):
        yield "", "is wider than a number can say.", "Bring low and high nearer together."
    if values.get("log") is True and low <= 0:
        remedy = "Give a low above 0, or leave log out."
        yield ".low", f"a log range cannot begin at {low}.", remedy


def _end(values: Mapping[str, Any], end: str) -> Iterator[tuple[str, str]]:
    value = values.get(end)
    if end not in values:
        yield "is missing.", f"A range has a low and a high: {AS_RANGE}."
    elif isinstance(value, bool) or not isinstance(value, int | float):
        yield f"is no number (here: {value!r}).", "Write it without quotes, as in 0.1."
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield "is beyond 2**53.", "Write it with a dot, as in 1e16, for a range of real numbers."
    elif not math.isfinite(value):
        yield "is not a finite number.", "Write a finite number."


def _endless(value: object) -> bool:
    if isinstance(value, list):
        return any(_endless(part) for part in value)
    return isinstance(value, float) and not math.isfinite(value)
