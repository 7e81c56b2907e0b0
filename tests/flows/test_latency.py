"""What a version costs, as the budgets count it."""

from __future__ import annotations

from flows.latency import measure
from pipelines.records import Cost
from tests.steps.export.releases import release, rows


def test_times_are_told_of_one_row_and_of_a_batch_that_repeats_the_rows() -> None:
    model = release().model
    cost = measure(model, rows(), 500)
    assert 0 < cost.latency_ms <= cost.latency_p99_ms
    assert cost.batch_latency_ms > 0
    assert cost.batch_rows == 500
    assert cost.size_mb == len(model) / 1e6


def test_the_cost_is_a_sentence_with_units() -> None:
    assert Cost(0.05, 0.09, 1.25, 1000, 0.0035).sentence == (
        "One row takes 0.050 ms (99th percentile 0.090 ms), 1,000 rows 1.25 ms; model.onnx has "
        "0.004 MB."
    )
