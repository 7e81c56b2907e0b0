"""`logitline init`: from a table to a config that trains unchanged."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from flows.addressing import beside, seen_from, stem
from pipelines.adapters.sources import open_source
from pipelines.adapters.store import write_atomically
from pipelines.config import Address, Config, HashSplit
from pipelines.contracts.proposal import propose
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from pipelines.steps.split import choose_salt

__all__ = ["propose_config", "shown"]

SHOWN = 5
LEFT_OUT = re.compile(r'# (".*") is left out: (.*)\.$')


def propose_config(
    address: Address, target: str, output: Path | None
) -> tuple[Path, dict[str, list[str]]]:
    """Where the config was written, and the columns it leaves out: reason → names.

    Raises
    ------
    DataError
        If the table cannot be used, or a config of that name is there already.
    """
    path = output or beside(address)
    # A path is seen from here; a database's file and a module from where the config will be.
    origin = open_source(address, Path() if address.path else path.parent)
    kind = origin.kind
    if path.exists():
        raise DataError(
            f"{path} is there already and was left as it is. Name another file with --output, "
            "or move it away first."
        )
    if not path.parent.is_dir():
        raise DataError(f"There is no folder {path.parent} to write {path.name} to. Make it first.")
    raw = origin.read()
    origin.close()
    source, name = seen_from(path.parent, address), stem(address)
    text = propose(raw.table, kind, target, source, name)
    config = Config.model_validate(tomllib.loads(text))
    rows = ingest(raw.table, config, raw.place)
    assert isinstance(config.split, HashSplit)  # as proposed
    salt = choose_salt(rows, config.split)
    text = propose(raw.table, kind, target, source, name, salt)
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
