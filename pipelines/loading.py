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

from pipelines.config import Config
from pipelines.problems import Problem, explain, nearest, place

__all__ = ["ConfigError", "Problem", "load_config", "source_path"]

Header = Callable[[Path], Sequence[str]]
CandidateCheck = Callable[[str, Mapping[str, Any]], Sequence[str]]

DEEPEST = 20


class ConfigError(ValueError):
    """All mistakes found in one configuration file."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{path}: {count}; nothing was run.\n{lines}")


def load_config(path: Path, read_header: Header, check_candidate: CandidateCheck) -> Config:
    """The configuration in the file, or a ConfigError with all its mistakes.

    Parameters
    ----------
    path : Path
        The TOML file; `source.path` is relative to its folder.
    read_header : callable
        Path of a table → its column names; raises ValueError or OSError with a sentence.
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
    problems += _table_problems(path, raw, read_header)
    problems += _target_problems(raw)
    problems += _candidate_problems(raw, check_candidate)
    problems += _selection_problems(raw)
    if problems or config is None:
        raise ConfigError(path, problems)
    return config


def source_path(config_path: Path, source: str) -> Path:
    """Where the table lies: `source.path` as seen from the configuration's folder."""
    return config_path.parent / source


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


def _table_problems(path: Path, raw: Mapping[str, Any], read_header: Header) -> Iterator[Problem]:
    source = _section(raw, "source")
    location = source.get("path")
    if not isinstance(location, str) or not location:
        return
    table = source_path(path, location)
    if not _is_file(table):
        remedy = f"source.path is read from the folder of {path.name}."
        yield Problem("source.path", f"there is no file {str(table)!r}.", remedy)
        return
    try:
        header = list(read_header(table))
    except (ValueError, OSError) as error:
        yield Problem("source.path", str(error))
        return
    wanted = [("source.target", source.get("target"))]
    wanted += [("split.key", _section(raw, "split").get("key"))]
    wanted += [(place(("columns", name)), name) for name in _section(raw, "columns")]
    for where, name in wanted:
        if isinstance(name, str) and name and name not in header:
            yield Problem(where, f"the table has no column {name!r}.", nearest(name, header))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be searched
        return False


def _target_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    target = _section(raw, "source").get("target")
    if not isinstance(target, str) or not target:
        return
    if target in _section(raw, "columns"):
        remedy = "The target is no feature: take it out of [columns]."
        yield Problem(place(("columns", target)), "is the target itself.", remedy)
    if target == _section(raw, "split").get("key"):
        remedy = "Name a column that says which rows belong together, or leave key out."
        yield Problem("split.key", "is the target itself.", remedy)


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
        parameters = {k: v for k, v in candidate.items() if k not in ("name", "estimator")}
        if isinstance(estimator, str):
            for sentence in check(estimator, parameters):
                yield Problem(where, sentence)
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
    share = _section(raw, "split").get("validation", 0.0)
    if isinstance(share, bool) or not isinstance(share, int | float):
        return
    if by == "validation" and share == 0:
        remedy = "Give [split] validation a share (0.15, say), or choose by cross_validation."
        yield Problem("selection.by", "there are no validation rows to choose by.", remedy)
    if by == "cross_validation" and 0 < share < 1:
        remedy = 'Set it to 0, or set [selection] by = "validation".'
        yield Problem("split.validation", "cross-validation leaves these rows unused.", remedy)
