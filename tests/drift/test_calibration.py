"""The bound on false alarms and the finding of real changes, in short; in full: benchmarks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.bench_drift import ALLOWED, alarms, compared, fresh_alarms
from benchmarks.drift_samples import SHIFTS, TABLES, Sample, generated, shifted
from pipelines.drift.profile import profile


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Ties, rare values and gaps in more rows than are drawn."""
    return generated(30_000, 1)


def test_the_bound_is_that_of_a_five_percent_test() -> None:
    # P(Binomial(200, 0.05) > 21) is 0.0007.
    rng = np.random.default_rng(0)
    assert (rng.binomial(200, 0.05, 1_000_000) > ALLOWED).mean() < 0.001


@pytest.mark.parametrize("replace", [True, False])
def test_draws_from_the_same_table_hardly_ever_ring(sample: Sample, replace: bool) -> None:
    kept = profile(sample.table, sample.contract)
    assert alarms(kept, sample.rows, 12, 3, replace) <= 1


def test_a_profile_of_a_part_of_the_rows_hardly_ever_rings_either(sample: Sample) -> None:
    kept = sample.part(0.75, np.random.default_rng(2))
    assert alarms(kept, sample.rows, 12, 4) <= 1


def test_ten_thousand_rows_of_a_small_table_never_ring() -> None:
    one = TABLES["penguins"]()
    assert alarms(profile(one.table, one.contract), one.rows, 20, 5) == 0


@pytest.mark.parametrize("of", [300, 3_000])
def test_two_new_samples_of_one_population_hardly_ever_ring(of: int) -> None:
    assert fresh_alarms(15, of, 6) <= 1


@pytest.mark.parametrize("what", SHIFTS)
def test_a_change_of_one_column_is_found_in_that_column_alone(sample: Sample, what: str) -> None:
    column = "normal" if SHIFTS[what][0] == "number" else "rare"
    rng = np.random.default_rng(7)
    drawn = sample.rows.take(pa.array(rng.choice(sample.rows.num_rows, 10_000)))
    found = compared(profile(sample.table, sample.contract), shifted(drawn, column, what, rng))
    assert [each.name for each in found.drifted_columns] == [column]
