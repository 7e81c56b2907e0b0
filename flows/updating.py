"""`logitline init --update`: an old config and a new table, their difference, and a yes."""

from __future__ import annotations

import re
import sys
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.addressing import beside
from pipelines.adapters.sources import open_source
from pipelines.adapters.store import write_atomically
from pipelines.config import Address, Config
from pipelines.contracts import toml
from pipelines.contracts.edits import Edit, UneditableError, edited
from pipelines.contracts.spans import spans
from pipelines.contracts.update import Change, changes
from pipelines.estimators.registry import check
from pipelines.loading import load_config
from pipelines.records import DataError, Table
from pipelines.steps.ingest import ingest
from pipelines.steps.split import choose_salt, split

__all__ = ["Update", "prepare", "shown", "update", "write"]

MARK = {"gone": "-", "new": "+"}
# A comment that begins with a column's name: `# "id" is left out: …`, or its own line.
COMMENTED = re.compile(r"""#\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*=| is left out)""")
LONGEST = 60
NOBODY = "Nothing was written: nobody is at a terminal to say yes. Add --yes to write the changes."


@dataclass(frozen=True)
class Update:
    """What must change in a config for a table, and the config's text afterwards."""

    config: Path
    changes: tuple[Change, ...]
    before: str
    after: str

    @property
    def as_json(self) -> list[dict[str, Any]]:
        """The changes as plain values."""
        return [{**vars(change), "path": _place(change)} for change in self.changes]


def prepare(address: Address, target: str, output: Path | None) -> Update:
    """The difference between the config beside the table and the table; nothing is written.

    Raises
    ------
    DataError
        If there is no config yet, it has another target, the table breaks what an update does
        not change, or the file cannot be edited safely.
    ConfigError
        With every mistake that the config has as it is.
    """
    path = output or beside(address)
    if not path.exists():
        raise DataError(
            f"{path} is not there, so there is nothing to update. Run init without --update to "
            "write it, or name the config with --output."
        )
    # Columns that are gone are what is looked for, so the table's header is not asked.
    config = load_config(path, lambda _, __: None, check)
    if config.source.target != target:
        raise DataError(
            f"{path} predicts {config.source.target!r}, not {target!r}. Give --target "
            f"{config.source.target!r}, or write another config with --output."
        )
    origin = open_source(address, Path() if address.path else path.parent)
    raw = origin.read()
    origin.close()
    text = path.read_bytes().decode("utf-8")
    found = changes(config, raw.table, _commented(text))
    after, config = _applied(path, text, found)
    try:
        table = ingest(raw.table, config, raw.place)
    except DataError as error:
        place = f"{origin.place} (after the update)"
        raise DataError(*error.problems, path=place, undone="nothing was written") from None
    found += _salt(table, config)
    after, _ = _applied(path, text, found)
    return Update(path, tuple(found), text, after)


def write(update: Update) -> None:
    """Put the new text in the config's place, if that is still what the update was made from."""
    if update.config.read_bytes().decode("utf-8") != update.before:
        raise DataError("was changed meanwhile, and was left as it is.", path=update.config)
    write_atomically(update.config, update.after.encode("utf-8"))


def shown(update: Update) -> str:
    """The changes, a line each: what goes, what comes, what becomes of what, and why."""
    count = len(update.changes)
    lines = [f"{update.config}: {count} change{'' if count == 1 else 's'} for the table to fit."]
    width = max(len(_place(change)) for change in update.changes)
    for change in update.changes:
        mark = MARK.get(change.kind, "~")
        lines.append(f"  {mark} {_place(change):<{width}}  {_step(change)}  ({change.why})")
    return "\n".join(lines)


def update(
    address: Address, target: str, output: Path | None, yes: bool, as_json: bool
) -> tuple[dict[str, Any], str, bool]:
    """What was found and done: as plain values, in words, and whether it ended as asked.

    The changes are written after a yes: `yes` itself, or one given at the terminal.

    Raises
    ------
    DataError
        As `prepare` does, and where there is nobody to ask.
    """
    found = prepare(address, target, output)
    facts = {"config": str(found.config), "target": target, "changes": found.as_json}
    if not found.changes:
        said = f"{found.config} fits the table as it is. Nothing was written."
        return facts | {"written": False}, said, True
    picture = shown(found)
    if not yes and as_json:
        return facts | {"written": False}, NOBODY, False
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise DataError(f"{picture}\n{NOBODY}")
    if not yes:
        sys.stdout.write(f"{picture}\n")
        if not _asked(f"Write these to {found.config}?"):
            return facts | {"written": False}, "Nothing was written.", True
    write(found)
    said = f"Wrote {found.config}. Next: logitline train {found.config}"
    return facts | {"written": True}, f"{picture}\n{said}" if yes else said, True


def _asked(question: str) -> bool:
    """Whether the person at the terminal says yes."""
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _applied(path: Path, text: str, found: list[Change]) -> tuple[str, Config]:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        after = edited(text.removeprefix(mark), [Edit(each.path, each.after) for each in found])
    except UneditableError as error:
        raise DataError(
            f"needs {len(found)} changes, and {error}. Nothing was written. Make them by hand:\n"
            + "\n".join(f"    {_place(each)}: {_step(each)} ({each.why})" for each in found),
            path=path,
        ) from None
    content = tomllib.loads(after)
    if not content["columns"]:
        raise DataError(
            "no column of [columns] would be left. Is this the table that the config is for?",
            path=path,
        )
    return mark + after, Config.model_validate(content)


def _salt(table: Table, config: Config) -> list[Change]:
    """Another salt, where the old one leaves a class out of a part."""
    if config.split.kind not in ("hash", "group"):
        return []
    try:
        split(table, config.split)
    except DataError:
        salt = choose_salt(table, config.split)
        why = "the old one leaves a class out of a part"
        return [Change(("split", "salt"), "salt", config.split.salt, salt, why)]
    return []


def _commented(text: str) -> set[str]:
    """The columns that a comment leaves out."""
    try:
        comments = spans(text.removeprefix("\ufeff")).comments
    except ValueError:
        return set()  # written so that no change can be made, which `_applied` tells
    names: set[str] = set()
    for table, comment in comments:
        found = COMMENTED.match(comment) if table[:1] == ("columns",) else None
        if found is not None:
            with suppress(tomllib.TOMLDecodeError):
                names.update(tomllib.loads(f"{found[1]} = 1"))
    return names


def _place(change: Change) -> str:
    return ".".join(map(toml.key, change.path))


def _step(change: Change) -> str:
    """From what to what; of a longer list what is new."""
    before, after = change.before, change.after
    if after is None:
        return "goes"
    if isinstance(before, list) and isinstance(after, list):
        gone = [each for each in before if each not in after]
        new = [each for each in after if each not in before]
        return " ".join(
            [*(f"− {_cut(each)}" for each in gone), *(f"+ {_cut(each)}" for each in new)]
        )
    return _cut(after) if before is None else f"{_cut(before)} → {_cut(after)}"


def _cut(value: Any) -> str:
    if isinstance(value, dict):
        text = toml.inline(value)
    else:
        text = toml.array(value) if isinstance(value, list) else toml.scalar(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
