"""Reads a configuration file and finds every mistake in it before anything runs.

A mistake has its place (`candidates[1].max_depth`), what is wrong there, and what would be
right. What needs the disk or the estimators (the table's header, an estimator's own
parameters) is asked through functions that the caller passes in.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipelines import config as models
from pipelines.config import Config

__all__ = ["ConfigError", "Problem", "load_config"]

Header = Callable[[Path], Sequence[str]]
CandidateCheck = Callable[[str, Mapping[str, Any]], Sequence[str]]

SECTIONS: dict[str, type[BaseModel]] = {
    "source": models.Source,
    "split": models.Split,
    "selection": models.Selection,
    "promotion": models.Promotion,
    "registry": models.Registry,
    "schedule": models.Schedule,
    "compute": models.Compute,
}
COLUMN_TYPES: dict[str, type[BaseModel]] = {
    "number": models.Number,
    "integer": models.Integer,
    "category": models.Category,
    "boolean": models.Boolean,
    "date": models.Date,
}
CRON_FIELD = r"[\d*/,\-A-Za-z#?]+"


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, what is wrong, what to do."""

    place: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


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
        problems += [_problem(dict(details)) for details in error.errors()]
    problems += _table_problems(path, raw, read_header)
    problems += _candidate_problems(raw, check_candidate)
    problems += _selection_problems(raw)
    problems += _schedule_problems(raw)
    if problems or config is None:
        raise ConfigError(path, problems)
    return config


def source_path(config_path: Path, source: str) -> Path:
    """Where the table lies: `source.path` as seen from the configuration's folder."""
    return config_path.parent / source


def nearest(word: str, known: Sequence[str]) -> str:
    """«Did you mean …?» for a misspelt word, or the list of what is known."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    shown = ", ".join(list(known)[:20]) + (", …" if len(known) > 20 else "")
    return f"Known: {shown}."


def _parse(path: Path) -> dict[str, Any]:
    if path.is_dir():
        remedy = "Give the .toml file itself."
        raise ConfigError(path, [Problem(str(path), "is a folder, not a file.", remedy)])
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        remedy = "Write one with: logitline init TABLE --target COLUMN"
        raise ConfigError(path, [Problem(str(path), "there is no such file.", remedy)]) from None
    except UnicodeDecodeError:
        problem = Problem(str(path), "is not UTF-8 text.", "Save it as UTF-8.")
        raise ConfigError(path, [problem]) from None
    except OSError as error:
        problem = Problem(str(path), f"cannot be read: {error.strerror}.")
        raise ConfigError(path, [problem]) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        remedy = "Text stands in quotes, lists in [ ], and each key stands once."
        raise ConfigError(path, [Problem("TOML syntax", f"{error}.", remedy)]) from None


def _place(location: Sequence[int | str]) -> str:
    parts: list[str] = []
    skip_tag = len(location) > 2 and location[0] == "columns"
    for index, part in enumerate(location):
        if skip_tag and index == 2:
            continue  # pydantic names the column's type between its name and its key
        if isinstance(part, int) and parts:
            parts[-1] += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", str(part)):
            parts.append(str(part))
        else:
            parts.append(f'"{part}"')
    return ".".join(parts)


def _known_keys(location: Sequence[int | str]) -> list[str]:
    if len(location) == 1:
        return list(Config.model_fields)
    if location[0] == "columns":
        return list(COLUMN_TYPES[str(location[2])].model_fields)
    return list(SECTIONS[str(location[0])].model_fields)


def _problem(details: Mapping[str, Any]) -> Problem:
    location: tuple[int | str, ...] = details["loc"]
    place, kind = _place(location), details["type"]
    if kind == "extra_forbidden":
        return Problem(place, "unknown key.", nearest(str(location[-1]), _known_keys(location)))
    if kind == "missing":
        return Problem(place, "is missing.", "Add it.")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return Problem(f"{place}.type", "unknown column type.", nearest("", list(COLUMN_TYPES)))
    message = str(details["msg"]).removeprefix("Value error, ")
    given = details.get("input")
    shown = "" if isinstance(given, dict | list) else f" (here: {given!r})"
    return Problem(place, f"{message[0].lower()}{message[1:]}{shown}.")


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _table_problems(path: Path, raw: Mapping[str, Any], read_header: Header) -> Iterator[Problem]:
    source = _section(raw, "source")
    location = source.get("path")
    if not isinstance(location, str) or not location:
        return
    table = source_path(path, location)
    if not table.exists():
        remedy = f"source.path is read from the folder of {path.name}."
        yield Problem("source.path", f"there is no file {table}.", remedy)
        return
    try:
        header = list(read_header(table))
    except (ValueError, OSError) as error:
        yield Problem("source.path", str(error))
        return
    target, columns = source.get("target"), _section(raw, "columns")
    wanted = [("source.target", target), ("split.key", _section(raw, "split").get("key"))]
    wanted += [(_place(("columns", name)), name) for name in columns]
    for place, name in wanted:
        if isinstance(name, str) and name and name not in header:
            remedy = nearest(name, header)
            yield Problem(place, f"the table has no column '{name}'.", remedy)
    if isinstance(target, str) and target in columns:
        remedy = "The target is no feature: take it out of [columns]."
        yield Problem(_place(("columns", target)), "is the target itself.", remedy)


def _candidate_problems(raw: Mapping[str, Any], check: CandidateCheck) -> Iterator[Problem]:
    candidates = raw.get("candidates")
    seen: set[str] = set()
    for index, candidate in enumerate(candidates if isinstance(candidates, list) else []):
        if not isinstance(candidate, dict):
            continue
        place = f"candidates[{index}]"
        name, estimator = candidate.get("name"), candidate.get("estimator")
        if isinstance(name, str) and name in seen:
            yield Problem(f"{place}.name", f"'{name}' names two candidates.", "Rename one.")
        seen.add(str(name))
        if isinstance(estimator, str):
            parameters = {k: v for k, v in candidate.items() if k not in ("name", "estimator")}
            for sentence in check(estimator, parameters):
                yield Problem(place, sentence)


def _selection_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    by = _section(raw, "selection").get("by", "cross_validation")
    share = _section(raw, "split").get("validation", 0.0)
    if by == "validation" and share == 0:
        remedy = "Give [split] validation a share (0.15, say), or choose by cross_validation."
        yield Problem("selection.by", "there are no validation rows to choose by.", remedy)
    if by == "cross_validation" and isinstance(share, int | float) and share > 0:
        remedy = 'Set it to 0, or set [selection] by = "validation".'
        yield Problem("split.validation", "cross-validation leaves these rows unused.", remedy)


def _schedule_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    schedule = _section(raw, "schedule")
    cron, timezone = schedule.get("cron"), schedule.get("timezone", "UTC")
    if isinstance(cron, str) and not re.fullmatch(rf"{CRON_FIELD}(\s+{CRON_FIELD}){{4}}", cron):
        remedy = 'Five fields: minute hour day month weekday, as in "0 3 * * *".'
        yield Problem("schedule.cron", f"'{cron}' is no cron expression.", remedy)
    if isinstance(timezone, str):
        try:
            zoneinfo.ZoneInfo(timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            remedy = 'Write it as "UTC" or "Europe/Paris".'
            yield Problem("schedule.timezone", f"'{timezone}' is no time zone.", remedy)
