"""A profile beside new rows: which columns have drifted, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.config import Drift
from pipelines.drift.counting import Tally
from pipelines.drift.profile import Numbers, Profile, Values
from pipelines.drift.stability import Bins, number_bins, psi, value_bins
from pipelines.drift.two_sample import Finding, chi_squared, fisher, holm, kolmogorov_smirnov

__all__ = ["ColumnDrift", "Comparison", "compare"]

NAMED = 5


@dataclass(frozen=True)
class ColumnDrift:
    """One column then and now.

    Attributes
    ----------
    name, type : str
        The type is the contract's, or "target".
    psi : float
        The population stability index.
    p_value : float
        Corrected for the tests within the column and for the number of columns.
    drifted : bool
    test : "Kolmogorov-Smirnov", "chi-squared" or "Fisher"
        The surer one: of the whole distribution, or of one bin.
    statistic : float
        The test's D or χ², or by how much the bin's share changed.
    bin : str or None
        That bin's name.
    missing_then, missing_now : float
        The share of gaps.
    unseen : mapping
        Category that the profiled table has not → rows, the most frequent first.
    unseen_rows : int
        Rows with a value that it has not; of numbers, beside values that many rows share.
    bins : Bins
        What the index was taken over.
    """

    name: str
    type: str
    psi: float
    p_value: float
    drifted: bool
    test: str
    statistic: float
    bin: str | None
    missing_then: float
    missing_now: float
    unseen: Mapping[str, int]
    unseen_rows: int
    bins: Bins


@dataclass(frozen=True)
class Comparison:
    """What became of all columns, the most drifted first, and of the number of rows."""

    columns: tuple[ColumnDrift, ...]
    rows: int
    reference_rows: int
    volume_drifted: bool

    @property
    def drifted(self) -> bool:
        """Whether any column drifted, or too few rows came."""
        return self.volume_drifted or bool(self.drifted_columns)

    @property
    def drifted_columns(self) -> tuple[ColumnDrift, ...]:
        """Those that drifted, the surest first."""
        return tuple(column for column in self.columns if column.drifted)

    @property
    def sentence(self) -> str:
        """The verdict and the rows that it rests on."""
        found, all_columns = self.drifted_columns, len(self.columns)
        names = ", ".join(repr(column.name) for column in found[:NAMED])
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        of = "1 column" if all_columns == 1 else f"{all_columns} columns"
        parts = [f"{len(found)} of {of}: {names}{more}"] if found else []
        if self.volume_drifted:
            parts.append("too few rows")
        unit = "row" if self.rows == 1 else "rows"
        rows = f"{self.rows:,} {unit} now, {self.reference_rows:,} then"
        if parts:
            return f"Drift in {' and '.join(parts)} ({rows})."
        return f"No drift in {of} ({rows})."


@dataclass(frozen=True)
class _Measured:
    """A column before its p-value is corrected for the other columns."""

    name: str
    type: str
    test: str
    finding: Finding
    bins: Bins
    now: Numbers | Values


def compare(profile: Profile, tally: Tally, settings: Drift) -> Comparison:
    """The comparison of all rows that the tally counted with the profile.

    Each column is tested twice: its distribution (Kolmogorov-Smirnov for numbers and dates,
    chi-squared for the rest) and the share of each of its bins, gaps and values never seen among
    them. The smaller p-value, doubled, is the column's (Bonferroni); over the columns they are
    corrected by Holm. So all together ring falsely with a chance of at most 1 − `confidence`.
    """
    measured = []
    for name, then in profile.columns.items():
        spec = profile.contract["columns"][name]
        if isinstance(then, Numbers):
            measured.append(_numbers(name, spec, then, tally.numbers[name]))
        else:
            measured.append(_values(name, spec["type"], then, tally.values[name]))
    if tally.target is not None and _labelled(tally.target):
        # Rows without a label are rows whose outcome is not known yet, no drift.
        now = replace(tally.target, gaps=0)
        target = str(profile.contract["target"])
        measured.append(_values(target, "target", profile.target, now))
    p_values = holm(np.array([each.finding.p_value for each in measured]))
    columns = [
        _judged(each, float(p), settings) for each, p in zip(measured, p_values, strict=True)
    ]
    return Comparison(
        columns=tuple(sorted(columns, key=lambda c: (not c.drifted, c.p_value, -c.psi))),
        rows=tally.rows,
        reference_rows=profile.rows,
        volume_drifted=tally.rows < settings.min_volume * profile.rows,
    )


def _labelled(target: Values) -> int:
    return sum(target.counts.values()) + sum(target.unseen.values()) + sum(target.rest.values())


def _numbers(name: str, spec: Mapping[str, str], then: Numbers, now: Numbers) -> _Measured:
    bins = number_bins(then, now, spec["unit"] if spec["type"] == "date" else None)
    whole = kolmogorov_smirnov(then.cells, now.cells)
    return _Measured(name, spec["type"], *_surer("Kolmogorov-Smirnov", whole, bins), bins, now)


def _values(name: str, kind: str, then: Values, now: Values) -> _Measured:
    bins = value_bins(then, now)
    whole = chi_squared(bins.then, bins.now, bins.buckets, bins.rest)
    return _Measured(name, kind, *_surer("chi-squared", whole, bins), bins, now)


def _surer(test: str, whole: Finding, bins: Bins) -> tuple[str, Finding]:
    """The test of the whole distribution or that of single bins, its p-value doubled."""
    single = fisher(bins.then, bins.now, int(bins.rest.sum()))
    name, found = (test, whole) if whole.p_value <= single.p_value else ("Fisher", single)
    return name, found._replace(p_value=min(1.0, 2.0 * found.p_value))


def _judged(measured: _Measured, p_value: float, settings: Drift) -> ColumnDrift:
    bins, now, found = measured.bins.pooled, measured.now, measured.finding
    index = psi(bins.then, bins.now)
    unseen = dict(now.unseen) if isinstance(now, Values) else {}
    return ColumnDrift(
        name=measured.name,
        type=measured.type,
        psi=index,
        p_value=p_value,
        drifted=p_value <= 1 - settings.confidence and index >= settings.min_psi,
        test=measured.test,
        statistic=found.statistic,
        bin=None if found.cell is None else measured.bins.names[found.cell],
        missing_then=_share(bins.then),
        missing_now=_share(bins.now),
        unseen=dict(sorted(unseen.items(), key=lambda pair: (-pair[1], pair[0]))),
        unseen_rows=int(bins.now[-2]),
        bins=bins,
    )


def _share(counts: NDArray[np.int64]) -> float:
    """The share of the last bin, that of the gaps."""
    return float(counts[-1] / max(int(counts.sum()), 1))
