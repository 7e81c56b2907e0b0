"""Rows of the training or validation part that stand in the test part too.

Tables of few distinct values repeat rows honestly. How often, the near twins tell. With N_j
pairs of a test row and another that agree in all columns but j, N_jk that agree in all but j
and k, and q_j the chance that two rows agree in column j, chance gives about N_j q_j / (1 − q_j)
pairs that agree in all if the columns are independent, and Σ N_j N_k / Σ N_jk (over the six
columns of most near twins) if any two are so where the others agree; the greatest of these is
what is expected. Copies have no near twins. It is a finding where more than three times the
expected pairs are found, and more than a Poisson number of that mean exceeds once in a hundred
times. Columns that name the row are left out: a copy under another number is a copy.

Two kinds of rows do not count: those with the most frequent value in every column, as rows
without any entries, and those that five or more of the rows learned from equal, if the table
explains that: if they have near twins, or are fewer than five different rows, or fewer than two
columns have more than ten values. Oversampled rows of measurements have none of these excuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

from pipelines.digests import row_digests, uniform
from pipelines.records import Leak, Parts, Table

__all__ = ["find"]

SHOWN = 3
FACTOR, BY_CHANCE = 3.0, 1e-2
FREQUENT = 5
MANY_VALUES, MEASUREMENTS = 10, 2
SPARSE = 32
MOST_PAIRED = 6
MOST_TEST_ROWS, SAMPLE_SALT = 20_000, 1_000_003

Words = NDArray[np.uint64]
Rows = NDArray[np.int64]


def find(table: Table, parts: Parts, content: Words) -> list[Leak]:
    """The copies, if there are more than chance gives."""
    test = np.flatnonzero(parts.where("test"))
    learned = np.flatnonzero(parts.where("train") | parts.where("validation"))
    twins = test[_among(content[test], content[learned])]
    if not twins.size or table.features.num_columns < 2:
        return []
    asked = test
    if len(test) > MOST_TEST_ROWS:  # pairs and near twins of the same rows are compared
        least = np.argpartition(uniform(content[test], SAMPLE_SALT), MOST_TEST_ROWS)
        asked = test[least[:MOST_TEST_ROWS]]
    words = [row_digests(table.features.select([name])) for name in table.features.column_names]
    usual = np.logical_and.reduce([word == _most_frequent(word[asked]) for word in words])
    asked = asked[~usual[asked]]
    asked = asked[~_frequent(asked, learned, content, words)]
    pairs = int(_counts(content[asked], content[learned]).sum())
    if not pairs:
        return []
    chances = _by_chance([word[asked] for word in words], [word[learned] for word in words], pairs)
    expected = FACTOR * max(chances)
    # P(Poisson(m) ≥ n) is the regularised lower incomplete gamma function P(n, m).
    if pairs <= expected or gammainc(pairs, expected) > BY_CHANCE:
        return []
    detail = _said(table, content, twins[~usual[twins]], learned, len(test))
    return [Leak("duplicates", (), detail)]


def _frequent(asked: Rows, learned: Rows, content: Words, words: list[Words]) -> NDArray[np.bool_]:
    """Which of the rows have so many twins as the table's own values explain."""
    twins = _counts(content[asked], content[learned])
    frequent = twins >= FREQUENT
    measured = sum(len(np.unique(word[asked])) > MANY_VALUES for word in words)
    if not frequent.any() or measured < MEASUREMENTS:
        return frequent
    often = asked[frequent]
    here, there = (_sum([word[rows] for word in words]) for rows in (often, learned))
    explained = np.zeros(len(often), dtype=np.bool_)
    for word in words:
        near = _counts(here - word[often], there - word[learned])
        explained |= near > twins[frequent]
    if len(np.unique(content[often[~explained]])) >= FREQUENT:
        frequent[frequent] = explained
    return frequent


def _most_frequent(words: Words) -> np.uint64:
    known, counts = np.unique(words, return_counts=True)
    most: np.uint64 = known[counts.argmax()]
    return most


def _counts(asked: Words, known: Words) -> NDArray[np.int64]:
    """How many of the known words equal each of those asked for."""
    words, place = np.unique(asked, return_inverse=True)
    if not words.size:
        return np.zeros(0, dtype=np.int64)
    # First by their last bits, which few others share, for most words equal none.
    size = 1 << (SPARSE * len(words)).bit_length()
    marked = np.zeros(size, dtype=np.bool_)
    marked[words & np.uint64(size - 1)] = True
    known = known[marked[known & np.uint64(size - 1)]]
    found = np.minimum(np.searchsorted(words, known), len(words) - 1)
    counts = np.bincount(found[words[found] == known], minlength=len(words))
    return counts[place]


def _among(asked: Words, known: Words) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = _counts(asked, known) > 0
    return found


def _by_chance(asked: list[Words], known: list[Words], twins: int) -> Iterator[float]:
    """How many pairs would agree in all columns by chance, in several ways."""
    # A sum forgets the columns' order, so that columns can be taken out of it again.
    all_asked, all_known = _sum(asked), _sum(known)

    def agreeing(*left_out: int) -> int:
        first, second = all_asked.copy(), all_known.copy()
        for column in left_out:
            first -= asked[column]
            second -= known[column]
        return int(_counts(first, second).sum())

    near = np.array([agreeing(column) - twins for column in range(len(asked))])
    yield 0.0
    for column in np.flatnonzero(near):
        equal = int(_counts(asked[column], known[column]).sum())
        agree = equal / (len(all_asked) * len(all_known))
        yield near[column] * agree / (1 - agree)
    most = [column for column in np.argsort(-near, kind="stable")[:MOST_PAIRED] if near[column]]
    products, both = 0, 0
    for j, k in combinations(most, 2):
        products += near[j] * near[k]
        both += agreeing(j, k) - near[j] - near[k] - twins
    yield products / max(both, 1)


def _sum(words: list[Words]) -> Words:
    total: Words = np.sum(words, axis=0, dtype=np.uint64)
    return total


def _said(table: Table, content: Words, twins: Rows, others: Rows, tested: int) -> str:
    shown = []
    for row in twins[:SHOWN]:
        twin = others[int((content[others] == content[row]).argmax())]
        shown.append(f"{table.rows[row] + 1} ({table.rows[twin] + 1})")
    more = ", …" if len(twins) > SHOWN else ""
    return (
        f"{len(twins):,} of {tested:,} test rows ({len(twins) / tested:.1%}) stand among the "
        f"rows learned from too: row {', '.join(shown)}{more}, the twin's in brackets."
    )
