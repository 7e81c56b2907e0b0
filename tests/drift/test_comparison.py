from __future__ import annotations

import numpy as np
import pytest

from pipelines.config import Drift
from tests.drift.tables import against, only, profiled

RNG = np.random.default_rng(0)
X = RNG.normal(size=4_000)
C = RNG.choice(["a", "b", "c"], 4_000, p=[0.5, 0.3, 0.2])
KEPT = profiled(x=X, c=C.tolist())
NOW_X = RNG.normal(size=3_000)
NOW_C = RNG.choice(["a", "b", "c"], 3_000, p=[0.5, 0.3, 0.2])


def test_new_rows_of_the_same_kind_are_calm() -> None:
    found = against(KEPT, x=NOW_X, c=NOW_C)
    assert not found.drifted
    assert (found.rows, found.reference_rows) == (3_000, 4_000)
    assert found.sentence == "No drift in 2 columns (3,000 rows now, 4,000 then)."


def test_one_row_is_said_in_the_singular() -> None:
    found = against(KEPT, x=NOW_X[:1], c=NOW_C[:1])
    assert found.sentence == "No drift in 2 columns (1 row now, 4,000 then)."


def test_the_column_that_moved_is_named_first_and_no_other_drifts() -> None:
    found = against(KEPT, x=NOW_X + 0.2, c=NOW_C)
    assert [each.name for each in found.drifted_columns] == ["x"]
    assert found.columns[0].name == "x"
    assert found.columns[0].test == "Kolmogorov-Smirnov"
    assert found.sentence.startswith("Drift in 1 of 2 columns: 'x' (")


def test_a_category_s_new_share_is_found_by_chi_squared() -> None:
    moved = np.where((NOW_C == "a") & (RNG.random(3_000) < 0.2), "b", NOW_C)
    column = only(against(KEPT, x=NOW_X, c=moved), "c")
    assert column.drifted
    assert column.test == "chi-squared"


def test_a_category_never_seen_is_found_and_counted() -> None:
    now = NOW_C.astype(object)
    now[:40] = "new"
    now[40:42] = "rare"
    column = only(against(KEPT, x=NOW_X, c=now), "c")
    assert column.drifted
    assert (column.unseen, column.unseen_rows) == ({"new": 40, "rare": 2}, 42)


def test_more_gaps_are_found_though_the_values_are_as_they_were() -> None:
    now = np.where(np.arange(3_000) % 50 == 0, np.nan, NOW_X)
    column = only(against(KEPT, x=now, c=NOW_C), "x")
    assert column.drifted
    assert (column.missing_then, column.missing_now) == (0.0, 0.02)


def test_a_column_of_gaps_alone_is_found() -> None:
    found = against(KEPT, x=np.full(3_000, np.nan), c=NOW_C)
    assert only(found, "x").drifted
    assert only(found, "x").missing_now == 1.0


def test_a_constant_that_changed_is_found() -> None:
    kept = profiled(x=np.full(100, 5.0))
    assert only(against(kept, x=np.full(100, 4.9)), "x").drifted
    assert not against(kept, x=np.full(100, 5.0)).drifted


def test_the_target_is_compared_where_it_has_labels() -> None:
    labels = np.where(RNG.random(3_000) < 0.9, "yes", "no")
    found = against(KEPT, x=NOW_X, c=NOW_C, y=labels)
    assert (only(found, "y").type, only(found, "y").drifted) == ("target", True)


def test_labels_that_are_not_known_yet_are_no_drift() -> None:
    none = against(KEPT, x=NOW_X, c=NOW_C, y=[""] * 3_000)
    assert [each.name for each in none.columns if each.type == "target"] == []
    half = ["no", "", "yes", ""] * 750
    assert not against(KEPT, x=NOW_X, c=NOW_C, y=half).drifted


def test_a_drift_below_min_psi_does_not_count() -> None:
    moved = NOW_X + 0.2
    index = only(against(KEPT, x=moved, c=NOW_C), "x").psi
    assert 0.02 < index < 0.1
    for least, drifted in ((index * 0.99, True), (index * 1.01, False)):
        found = against(KEPT, Drift(min_psi=least), x=moved, c=NOW_C)
        assert only(found, "x").drifted is drifted


def test_confidence_is_that_of_all_columns_together() -> None:
    p = only(against(KEPT, x=NOW_X + 0.06, c=NOW_C), "x").p_value
    assert 0.0 < p < 0.5
    for confidence, drifted in ((1 - 1.01 * p, True), (1 - 0.99 * p, False)):
        found = against(KEPT, Drift(confidence=confidence), x=NOW_X + 0.06, c=NOW_C)
        assert only(found, "x").drifted is drifted
    alone = only(against(profiled(x=X), x=NOW_X + 0.06), "x").p_value
    assert p == pytest.approx(2 * alone)


@pytest.mark.parametrize(("least", "drifted"), [(0.75, False), (0.7501, True), (0.0, False)])
def test_too_few_rows_are_a_drift_of_their_own(least: float, drifted: bool) -> None:
    found = against(KEPT, Drift(min_volume=least), x=NOW_X, c=NOW_C)
    assert found.volume_drifted is found.drifted is drifted
    assert ("too few rows" in found.sentence) is drifted


def test_one_row_is_compared_and_proves_little() -> None:
    assert not against(KEPT, x=[0.3], c=["a"]).drifted


def test_of_many_drifted_columns_the_sentence_names_the_first() -> None:
    names = [f"x{i}" for i in range(8)]
    kept = profiled(**dict.fromkeys(names, X))
    found = against(kept, **dict.fromkeys(names, NOW_X + 3))
    assert "Drift in 8 of 8 columns" in found.sentence
    assert "and 3 more" in found.sentence


def test_a_truth_value_that_the_table_had_not_is_counted_once() -> None:
    column = only(against(profiled(b=[1.0] * 200), b=["yes"] * 150 + ["no"] * 50), "b")
    assert column.drifted
    assert (column.unseen, column.unseen_rows) == ({"false": 50}, 50)
    assert column.bins.now.tolist() == [150, 50, 0]


def test_numbers_beside_the_only_values_are_counted_as_never_seen() -> None:
    kept = profiled(x=[1.0, 2.0] * 50)
    assert only(against(kept, x=[1.0] * 50 + [1.5] * 50), "x").unseen_rows == 50
