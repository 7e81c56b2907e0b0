"""Which texts of a Parquet file are read as dictionaries, and which as they stand.

As a dictionary a text column tells what its rows unpack to before they are unpacked. But where
nearly all texts differ, the dictionary is the texts themselves, and is kept for a whole row
group: a million names of rows are some hundred megabytes. Such columns are read as they stand,
so few rows at a time that the longest text of the file's own dictionary in each would do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["Span", "spans"]

# A dictionary is no larger than the pages that it is made of: up to here it may be kept.
SMALL = 1 << 22
# Texts that are written one by one take four bytes and more each; places in a dictionary do not.
DISTINCT = 4


@dataclass(frozen=True)
class Span:
    """Row groups one after the other that are read alike.

    Attributes
    ----------
    groups : list of int
    distinct : frozenset of str
        The text columns that are read as they stand.
    rows : int
        At most so many of them at a time.
    """

    groups: list[int]
    distinct: frozenset[str]
    rows: int


def spans(file: pq.ParquetFile, texts: Sequence[str], rows: int, most: int) -> Iterator[Span]:
    """All row groups; `file` reads the columns `texts` as dictionaries.

    Rows are `rows` at a time, fewer where the texts of as many may come to more bytes than `most`.
    """
    places = _places(file, texts)
    longest = [_longest(file, group, places) for group in range(file.num_row_groups)]
    for distinct, run in groupby(range(len(longest)), key=lambda group: frozenset(longest[group])):
        groups = list(run)
        length = max((size for group in groups for size in longest[group].values()), default=0)
        yield Span(groups, distinct, max(1, min(rows, most // max(length, 1))))


def _places(file: pq.ParquetFile, texts: Sequence[str]) -> dict[str, int]:
    """Column → its place among the file's columns, where its name is that of one alone."""
    paths = [file.schema.column(i).path for i in range(len(file.schema))]
    return {name: paths.index(name) for name in texts if paths.count(name) == 1}


def _longest(file: pq.ParquetFile, group: int, places: dict[str, int]) -> dict[str, int]:
    """Column → bytes of the longest text in its dictionary, of those to be read as they stand."""
    chunks = file.metadata.row_group(group)
    found = {}
    for name, place in places.items():
        chunk = chunks.column(place)
        size, plain = chunk.total_uncompressed_size, {"PLAIN", "RLE", "RLE_DICTIONARY"}
        if size > max(SMALL, DISTINCT * chunk.num_values) and plain.issuperset(chunk.encodings):
            length = _in_dictionary(file, group, name) if chunk.has_dictionary_page else 0
            if length is not None:
                found[name] = length
    return found


def _in_dictionary(file: pq.ParquetFile, group: int, name: str) -> int | None:
    """Bytes of the longest text of the dictionary; None where the first row does not tell it."""
    options = {"columns": [name], "row_groups": [group], "use_threads": False}
    for batch in file.iter_batches(batch_size=1, **options):
        known = batch.column(0).dictionary
        # One alone may be the row's own, and the dictionary come later.
        return int(pc.max(pc.binary_length(known)).as_py() or 0) if len(known) > 1 else None
    return None  # the footer told of rows that are not there
