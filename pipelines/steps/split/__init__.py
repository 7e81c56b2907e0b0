"""split: which rows train, validate and test, and which fold a training row is in.

A kind of split says where each row stands and what makes two rows one: rows with the same
digest always share a part and a fold.

====== ========================================= ==================================
kind   a row's part follows from                 its digest is taken over
====== ========================================= ==================================
hash   its own values, or its key, and the salt  its values, or its key
group  its group and the salt                    its group
time   its time, and the other rows' times       its values and its time
column the word that the table gives it          its values
====== ========================================= ==================================

With hash and group a row keeps its part when the table grows. The boundary of a split by
time moves on as later rows come: what tested may train the next time, and a champion is
compared only on rows whose digests it did not learn from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.config import Split
from pipelines.records import DataError, Parts, Table
from pipelines.steps.split import by_number, by_time, by_word, folding
from pipelines.steps.split.folding import folds
from pipelines.steps.split.keeping import keep
from pipelines.steps.split.placed import Placed
from pipelines.steps.split.salt import choose_salt

__all__ = ["choose_salt", "digested", "folds", "folds_of", "split"]


@dataclass(frozen=True)
class Kind:
    """What tells one kind of split from another; `digested` names what digests are over."""

    digested: Callable[[Any, Sequence[str]], list[str]]
    digests: Callable[[Table, Any], NDArray[np.uint64]]
    place: Callable[[Table, NDArray[np.uint64], Any], Placed]
    folds: Callable[[Table, Parts, Any, int], NDArray[np.int8]]
    remedy: Callable[[Any], str]


NUMBERED = Kind(
    by_number.digested, by_number.digests, by_number.place, folding.by_digest, by_number.remedy
)
KINDS = {
    "hash": NUMBERED,
    "group": NUMBERED,
    "time": Kind(by_time.digested, by_time.digests, by_time.place, folding.by_time, by_time.remedy),
    "column": Kind(
        by_word.digested, by_word.digests, by_word.place, folding.by_digest, by_word.remedy
    ),
}


def split(table: Table, config: Split) -> Parts:
    """The part of every row.

    Raises
    ------
    DataError
        If a class is missing from a part, or cannot be kept in every part; if the times, or
        the gap between them, leave a part empty.
    """
    kind = KINDS[config.kind]
    digests = kind.digests(table, config)
    placed = kind.place(table, digests, config)
    names = Parts.NAMES if config.validation else ("train", "test")
    left_out = int((placed.part < 0).sum())
    notes = (f"{left_out} rows in the gap before a part are in none.",) if left_out else ()
    if config.absent == "keep":
        part, moved = keep(table, placed, names)
        return Parts(part=part, digests=digests, notes=(*notes, *moved))
    parts = Parts(part=placed.part, digests=digests, notes=notes)
    missing = [each for name in names for each in _missing(table, parts, name)]
    if missing:
        raise DataError(
            f"The split leaves a class out: {'; '.join(missing)}. A model cannot be fitted or "
            f"judged so. {kind.remedy(config)}"
        )
    return parts


def folds_of(table: Table, parts: Parts, config: Split, count: int) -> NDArray[np.int8]:
    """The fold of each training row as the kind of split asks for; −1 and −2 as in `folds`."""
    return KINDS[config.kind].folds(table, parts, config, count)


def digested(config: Split, columns: Sequence[str]) -> list[str]:
    """What the rows' digests are taken over: where it differs, digests name other rows."""
    return KINDS[config.kind].digested(config, columns)


def _missing(table: Table, parts: Parts, name: str) -> list[str]:
    counts = np.bincount(table.codes[parts.where(name)], minlength=len(table.classes))
    if not counts.any():
        return [f"{name} has no row at all"]
    absent = np.flatnonzero(counts == 0)
    return [f"class {table.classes[code]!r} has no row in {name}" for code in absent]
