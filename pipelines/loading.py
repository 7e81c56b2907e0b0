"""Reads a configuration file and finds every mistake in it before anything runs.

A mistake has its place (`candidates[1].name`), what is wrong there, and what would be
right. What needs the disk or the estimators (the table's header, an estimator's own
parameters) is asked through functions that the caller passes in.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.config import Address, Candidate, Config
from pipelines.config.decision import BINARY
from pipelines.problems import Problem, explain, nearest, place
from pipelines.searching.mistakes import budget_problems, search_problems
from pipelines.slice_problems import slice_problems

__all__ = ["ConfigError", "Problem", "load_config"]

Names = Callable[[Address, Path], Sequence[str] | None]
CandidateCheck = Callable[[str, Mapping[str, Any]], Sequence[str]]

DEEPEST = 20
SPLIT_COLUMNS = {
    "key": "Name a column that says which rows belong together, or leave key out.",
    "column": "Name the column that the rows are split by.",
}


class ConfigError(ValueError):
    """All mistakes found in one configuration file."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{path}: {count}; nothing was run.\n{lines}")


def load_config(path: Path, read_names: Names, check_candidate: CandidateCheck) -> Config:
    """The configuration in the file, or a ConfigError with all its mistakes.

    Parameters
    ----------
    path : Path
        The TOML file; `source.path` is relative to its folder.
    read_names : callable
        The address of a table and the folder that it is seen from → the column names, or None
        where only reading the table tells them; raises ValueError or OSError with a sentence.
    check_candidate : callable
        Estimator name and parameters → a sentence for each mistake.
    """
    raw = _parse(path)
    problems: list[Problem] = []
    config: Config | None = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        found = [explain(dict(details)) for details in error.errors()]
        problems += dict.fromkeys(found)  # pydantic names a label once a type it might have
    problems += _table_problems(path, raw, read_names)
    problems += _target_problems(raw)
    problems += _candidate_problems(raw, check_candidate)
    problems += _selection_problems(raw)
    problems += slice_problems(raw)
    problems += _threshold_problems(raw)
    problems += budget_problems(raw)
    if problems or config is None:
        raise ConfigError(path, problems)
    return config


def _parse(path: Path) -> dict[str, Any]:
    text = _read(path)
    try:
        raw = tomllib.loads(text)
        deep = _deeper_than(DEEPEST, raw)
    except RecursionError:
        deep = True
    except ValueError as error:  # Python's own too, for a number of thousands of digits
        remedy = "Text stands in quotes, lists in [ ], and each key stands once."
        raise ConfigError(path, [Problem("TOML syntax", f"{error}.", remedy)]) from None
    if deep:
        remedy = f"No setting is nested more than {DEEPEST} deep."
        raise ConfigError(path, [Problem("TOML syntax", "too many brackets or dots.", remedy)])
    return raw


def _read(path: Path) -> str:
    if path.is_dir():
        remedy = "Give the .toml file itself."
        raise ConfigError(path, [Problem(str(path), "is a folder, not a file.", remedy)])
    try:
        return path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark before it
    except FileNotFoundError:
        remedy = "Write one with: logitline init TABLE --target COLUMN"
        problem = Problem(str(path), "there is no such file.", remedy)
    except UnicodeDecodeError:
        problem = Problem(str(path), "is not UTF-8 text.", "Save it as UTF-8.")
    except OSError as error:
        remedy = "Check its name and its permissions."
        problem = Problem(str(path), f"cannot be read: {error.strerror}.", remedy)
    raise ConfigError(path, [problem])


def _deeper_than(limit: int, value: object) -> bool:
    level = [value]
    for _ in range(limit):
        tables = [part.values() for part in level if isinstance(part, dict)]
        lists = [part for part in level if isinstance(part, list)]
        level = [inner for part in (*tables, *lists) for inner in part]
    return bool(level)


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _table_problems(path: Path, raw: Mapping[str, Any], read_names: Names) -> Iterator[Problem]:
    source = _section(raw, "source")
    try:
        address = Address(**{key: source[key] for key in Address.model_fields if key in source})
    except ValidationError:
        return  # told as a mistake of the file itself
    where = f"source.{address.kind}"
    try:
        names = read_names(address, path.parent)
    except (ValueError, OSError) as error:
        yield Problem(where, str(error))
        return
    if names is None:
        return
    for where, name in _named_columns(raw):
        if name not in names:
            yield Problem(where, f"the table has no column {name!r}.", nearest(name, names))


def _named_columns(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every column that the file names: its place in the file, and its name."""
    source, split, leaks = (_section(raw, name) for name in ("source", "split", "leaks"))
    unique = source.get("unique")
    named = [
        ("source.target", source.get("target")),
        ("source.outcome_time", source.get("outcome_time")),
        *(("source.unique", each) for each in (unique if isinstance(unique, list) else [])),
        *((f"split.{key}", split.get(key)) for key in ("key", "column")),
        *((place(("columns", name)), name) for name in _section(raw, "columns")),
        *((place(("leaks", "allow", name)), name) for name in _section(leaks, "allow")),
    ]
    yield from ((where, name) for where, name in named if isinstance(name, str) and name)


def _target_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    target = _section(raw, "source").get("target")
    if not isinstance(target, str) or not target:
        return
    if target in _section(raw, "columns"):
        remedy = "The target is no feature: take it out of [columns]."
        yield Problem(place(("columns", target)), "is the target itself.", remedy)
    for key, remedy in SPLIT_COLUMNS.items():
        if target == _section(raw, "split").get(key):
            yield Problem(f"split.{key}", "is the target itself.", remedy)


def _candidate_problems(raw: Mapping[str, Any], check: CandidateCheck) -> Iterator[Problem]:
    candidates = raw.get("candidates")
    seen: set[str] = set()
    for index, candidate in enumerate(candidates if isinstance(candidates, list) else []):
        if not isinstance(candidate, dict):
            continue
        where = f"candidates[{index}]"
        name, estimator = candidate.get("name"), candidate.get("estimator")
        if isinstance(name, str):
            if name in seen:
                yield Problem(f"{where}.name", f"{name!r} names two candidates.", "Rename one.")
            seen.add(name)
        parameters = {k: v for k, v in candidate.items() if k not in Candidate.model_fields}
        if isinstance(estimator, str):
            for sentence in check(estimator, parameters):
                yield Problem(where, sentence)
        yield from search_problems(where, candidate, check)
        for key, value in parameters.items():
            if _endless(value):
                remedy = "Write a finite number, or leave the key out."
                yield Problem(f"{where}.{place((key,))}", "is not a finite number.", remedy)


def _endless(value: object) -> bool:
    if isinstance(value, list):
        return any(_endless(part) for part in value)
    return isinstance(value, float) and not math.isfinite(value)


def _selection_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    by = _section(raw, "selection").get("by", "cross_validation")
    split = _section(raw, "split")
    words = split.get("kind") == "column"
    held = split.get("validation", [] if words else 0.0)
    if isinstance(held, bool) or not isinstance(held, list if words else int | float):
        return
    if by == "validation" and not held:
        what = 'the words of these rows (["validation"], say)' if words else "a share (0.15, say)"
        remedy = f"Give [split] validation {what}, or choose by cross_validation."
        yield Problem("selection.by", "there are no validation rows to choose by.", remedy)
    if by == "cross_validation" and (held if isinstance(held, list) else 0 < held < 1):
        nothing = "List their words under train" if words else "Set it to 0"
        remedy = f'{nothing}, or set [selection] by = "validation".'
        yield Problem("split.validation", "cross-validation leaves these rows unused.", remedy)


def _threshold_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    classes = _section(raw, "source").get("classes")
    threshold = _section(raw, "threshold")
    kind, costs = threshold.get("kind"), threshold.get("costs")
    if not isinstance(classes, list):
        return
    if kind in BINARY and len(classes) != 2:
        remedy = 'Choose "argmax" or "costs".'
        what = f'"{kind}" is for two classes, and there are {len(classes)}.'
        yield Problem("threshold.kind", what, remedy)
    if isinstance(costs, list) and len(costs) != len(classes):
        remedy = "Give a row a true class and a column a label, in the sorted order of the classes."
        what = f"{len(costs)} rows of costs for {len(classes)} classes."
        yield Problem("threshold.costs", what, remedy)
