"""`logitline init`: from a table to a config that trains unchanged."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from pipelines.adapters import tables
from pipelines.adapters.store import write_atomically
from pipelines.config import Config
from pipelines.contracts.proposal import propose
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from pipelines.steps.split import choose_salt

__all__ = ["propose_config", "shown"]

SHOWN = 5
LEFT_OUT = re.compile(r'# (".*") is left out: (.*)\.$')


def propose_config(
    table: Path, target: str, output: Path | None
) -> tuple[Path, dict[str, list[str]]]:
    """Where the config was written, and the columns it leaves out: reason → names.

    Raises
    ------
    DataError
        If the table cannot be used, or a config of that name is there already.
    """
    tables.kind_of(table)
    path = output or table.with_suffix(".toml")
    if path.exists():
        raise DataError(
            f"{path} is there already and was left as it is. Name another file with --output, "
            "or move it away first."
        )
    if not path.parent.is_dir():
        raise DataError(f"There is no folder {path.parent} to write {path.name} to. Make it first.")
    raw = tables.read(table)
    source = os.path.relpath(table.resolve(), path.parent.resolve()).replace(os.sep, "/")
    text = propose(raw.table, raw.kind, target, source, table.stem)
    config = Config.model_validate(tomllib.loads(text))
    rows = ingest(raw.table, config, raw.place)
    salt = choose_salt(rows, config.split)
    text = propose(raw.table, raw.kind, target, source, table.stem, salt)
    write_atomically(path, text.encode())
    return path, _left_out(text)


def shown(names: list[str]) -> str:
    """The names, the first five of many."""
    quoted = [repr(name) for name in names]
    if len(quoted) <= SHOWN:
        return ", ".join(quoted)
    return f"{', '.join(quoted[:SHOWN])} and {len(quoted) - SHOWN} more"


def _left_out(text: str) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for line in text.splitlines():
        if match := LEFT_OUT.match(line):
            out.setdefault(match[2], []).append(tomllib.loads(f"name = {match[1]}")["name"])
    return out
