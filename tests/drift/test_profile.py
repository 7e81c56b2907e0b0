from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.drift.profile import Numbers, ProfileError, Values, read_profile
from tests.drift.tables import profiled

FEW = st.lists(st.sampled_from([-1.5, 0.0, 2.0, 7.25, np.nan]), min_size=1, max_size=60)


def numbers(values: object) -> Numbers:
    column = profiled(x=values).columns["x"]
    assert isinstance(column, Numbers)
    return column


@given(FEW)
def test_few_distinct_values_are_kept_as_they_are_with_their_counts(values: list[float]) -> None:
    kept = numbers(values)
    present = [v for v in values if v == v]
    assert kept.points.tolist() == sorted(set(present))
    assert kept.at.tolist() == [present.count(point) for point in kept.points]
    assert not kept.between.any()
    assert kept.gaps == len(values) - len(present)


@pytest.mark.parametrize("seed", [0, 1])
def test_of_many_values_a_thousand_quantiles_are_kept_with_exact_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(20_000) < 0.3, 0.0, rng.normal(size=20_000))
    kept = numbers(x)
    assert 500 < len(kept.points) <= 1_001
    assert (kept.points[0], kept.points[-1]) == (x.min(), x.max())
    upto = np.cumsum(kept.cells)[1::2]
    assert upto.tolist() == [(x <= point).sum() for point in kept.points]
    assert kept.at.tolist() == [(x == point).sum() for point in kept.points]
    # No step between two points hides more than a thousandth of the rows.
    assert kept.between.max() <= 20


def test_categories_truth_values_and_classes_are_counted_by_value() -> None:
    kept = profiled(c=["b", "a", "", "b"], b=[1.0, 0.0, np.nan, 1.0])
    assert kept.columns["c"] == Values({"a": 1, "b": 2}, gaps=1)
    assert kept.columns["b"] == Values({"false": 1, "true": 2}, gaps=1)
    assert kept.target == Values({"no": 2, "yes": 2}, gaps=0)
    assert kept.rows == 4


@pytest.mark.parametrize(
    ("classes", "names"), [((False, True), ["false", "true"]), ((3, 7), ["3", "7"])]
)
def test_classes_are_written_as_a_table_writes_them(
    classes: tuple[object, ...], names: list[str]
) -> None:
    assert list(profiled(classes, x=[1.0, 2.0]).target.counts) == names


def test_a_profile_is_the_same_in_any_order_of_the_rows_and_reads_back_as_it_was() -> None:
    rng = np.random.default_rng(0)
    x, c = rng.normal(size=3_000), np.array(["u", "v", ""])[rng.integers(0, 3, 3_000)]
    order = rng.permutation(3_000)
    kept = profiled(("no",), x=x, c=c.tolist())
    assert profiled(("no",), x=x[order], c=c[order].tolist()).content == kept.content
    content = kept.content
    again = read_profile(content, hashlib.sha256(content).hexdigest())
    assert again.content == content
    assert isinstance(again.columns["x"], Numbers)


def test_a_profile_of_gaps_alone_is_plain_json() -> None:
    kept = profiled(x=[np.nan, np.nan], c=["", ""])
    facts = json.loads(kept.content)
    assert facts["columns"]["x"] == {"points": [], "at": [], "between": [0], "gaps": 2}
    assert facts["columns"]["c"] == {"counts": {}, "gaps": 2}


def test_a_profile_with_another_digest_is_refused() -> None:
    content = profiled(x=[1.0, 2.0]).content
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(ProfileError, match="digest differs"):
        read_profile(content.replace(b"2.0", b"3.0"), digest)


def test_a_profile_of_another_format_is_refused() -> None:
    content = profiled(x=[1.0]).content.replace(b'"format": 1', b'"format": 2')
    with pytest.raises(ProfileError, match="format 2"):
        read_profile(content, hashlib.sha256(content).hexdigest())
