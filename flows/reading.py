"""From an origin to a typed table, by the faster way where that tells the same."""

from __future__ import annotations

from pipelines.adapters.sources import Origin
from pipelines.adapters.tables import Raw, Wanted
from pipelines.config import Category, Config, Number
from pipelines.contracts.parsing import is_number
from pipelines.records import DataError, Table
from pipelines.steps.ingest import ingest

__all__ = ["read_table"]


def read_table(origin: Origin, config: Config) -> tuple[Raw, Table]:
    """The table as read, and held against its contract.

    Raises
    ------
    DataError
        With every breach of the contract, its cells as they stand in the file.
    """
    wanted = _wanted(config)
    raw = origin.read(wanted)
    try:
        return raw, ingest(raw.table, config, raw.place)
    except DataError:
        if raw.kind != "csv" or not wanted.numbers:
            raise
    # Read as numbers, cells are no longer told as they were written.
    raw = origin.read()
    return raw, ingest(raw.table, config, raw.place)


def _wanted(config: Config) -> Wanted:
    """Real numbers as float64 and categories as dictionaries, but for columns that are keys.

    Of keys the text itself counts, and of whole numbers every digit, also one that float64
    rounds away.
    """
    source = config.source
    keys = {config.split.column, source.outcome_time, *source.unique}
    types = {name: type(each) for name, each in config.columns.items() if name not in keys}
    numbers = {name for name, kind in types.items() if kind is Number}
    # A number that means a gap may be written in many ways; as text it is one word.
    if any(is_number(word) for word in source.missing):
        numbers = set()
    return Wanted(
        numbers=frozenset(numbers),
        gaps=tuple(source.missing),
        words=frozenset(name for name, kind in types.items() if kind is Category) | {source.target},
    )
