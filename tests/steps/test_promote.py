"""Every branch of the decision, on literal evidence."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.config import Promotion
from pipelines.metrics import Interval, Paired, SliceComparison
from pipelines.records import Cost, Decision, Evaluation, Leak
from pipelines.steps.promote import promote

BETTER = Paired(Interval(-0.12, -0.2, -0.05), 0.96, 50, 50)
WORSE = Paired(Interval(0.03, -0.01, 0.08), 0.12, 50, 50)


def decide(
    prior: Paired = BETTER,
    champion: Paired | None = None,
    note: str = "",
    version: str | None = None,
    latency: float = 0.5,
    p99: float = 0.9,
    batch: float = 6.0,
    size: float = 2.0,
    leaks: tuple[Leak, ...] = (),
    slices: tuple[SliceComparison, ...] = (),
    **config: float | str,
) -> Decision:
    evaluation = Evaluation(
        winner="mlp",
        scores={},
        probabilities={},
        codes=np.zeros(0, dtype=np.int32),
        against_prior=prior,
        against_champion=champion,
        champion_note=note,
        champion_slices=slices,
    )
    cost = Cost(latency, p99, batch, 1000, size)
    return promote(evaluation, Promotion.model_validate(config), version, cost, leaks)


def test_the_first_model_that_beats_the_class_frequencies_is_promoted() -> None:
    assert decide() == Decision(
        True,
        "Promoted: mlp, log loss -0.1200 [-0.2000, -0.0500] against the class frequencies on "
        "50 test rows, better with 96.00% confidence.",
        by_test_rows=True,
    )


def test_a_first_model_that_does_not_beat_the_class_frequencies_is_not() -> None:
    found = decide(prior=WORSE)
    assert not found.promoted
    assert found.sentence == (
        "Not promoted: mlp is not better beyond doubt; log loss +0.0300 [-0.0100, +0.0800] "
        "against the class frequencies on 50 test rows, better with 12.00% confidence, where "
        "95% are asked for."
    )


def test_a_challenger_is_held_against_the_champion_and_not_the_frequencies() -> None:
    won = decide(prior=WORSE, champion=BETTER, version="7")
    assert won.promoted
    assert "against the champion (version 7)" in won.sentence
    lost = decide(prior=BETTER, champion=WORSE, version="7")
    assert not lost.promoted
    assert "against the champion (version 7)" in lost.sentence


def test_without_a_possible_comparison_the_champion_stays_and_the_reason_is_told() -> None:
    found = decide(version="7", note="the champion, version 7, knows other classes: [0, 1].")
    assert found == Decision(
        False,
        "Not promoted: no comparison with the champion is possible. The champion, version 7, "
        "knows other classes: [0, 1].",
    )
    assert decide(version="7") == Decision(
        False, "Not promoted: no comparison with the champion is possible."
    )


@pytest.mark.parametrize(
    ("share", "confidence", "promoted"),
    [
        (0.95, 0.95, True),
        (0.9498, 0.95, False),
        (0.6, 0.5, True),
        (0.5, 0.5, True),
        (0.96, 0.975, False),
        (1.0, 0.999, True),
    ],
)
def test_the_configured_share_of_resamples_decides(
    share: float, confidence: float, promoted: bool
) -> None:
    paired = Paired(BETTER.difference, share, 50, 50)
    found = decide(prior=paired, confidence=confidence)
    assert found.promoted is promoted
    if not promoted:
        assert f"{share:.2%} confidence" in found.sentence
        assert f"where {100 * confidence:g}% are asked for" in found.sentence


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({"max_latency_ms": 0.4}, "takes 0.500 ms a row, more than the 0.4 ms"),
        (
            {"max_latency_p99_ms": 0.8},
            "takes 0.900 ms for one row in a hundred, more than the 0.8 ms of [promotion] "
            "max_latency_p99_ms",
        ),
        (
            {"max_batch_latency_ms": 5.0},
            "takes 6.000 ms for 1,000 rows, more than the 5 ms of [promotion] max_batch_latency_ms",
        ),
        ({"max_size_mb": 1.5}, "is 2.0 MB, more than the 1.5 MB"),
    ],
)
@pytest.mark.parametrize("version", [None, "7"])
def test_a_better_model_over_budget_is_not_promoted_and_names_the_setting(
    budget: dict[str, float], words: str, version: str | None
) -> None:
    found = decide(champion=BETTER, version=version, **budget)
    assert not found.promoted
    assert found.sentence.startswith(f"Not promoted: mlp {words}")
    assert f"[promotion] {next(iter(budget))}" in found.sentence


def test_a_model_that_just_keeps_within_its_budgets_is_promoted() -> None:
    assert decide(max_latency_ms=0.5, max_size_mb=2.0).promoted
    assert decide(latency=1e9, size=1e9).promoted


def test_a_leak_that_is_not_allowed_makes_all_evidence_void_and_is_named() -> None:
    leak = Leak("target", ("x",), "The column 'x' is the label in other words.")
    copies = Leak("duplicates", (), "3 of 9 test rows stand among the rows learned from too.")
    assert decide(leaks=(leak,)) == Decision(
        False,
        "Not promoted: the column 'x' is the label in other words; allow it in [leaks.allow] "
        "with a reason if it is known before the outcome.",
    )
    assert "other words (and 1 more in the report);" in decide(leaks=(leak, copies)).sentence
    assert decide(leaks=(copies,)).sentence == (
        "Not promoted: 3 of 9 test rows stand among the rows learned from too; allow it in "
        "[leaks] duplicates with a reason if such rows are no copies."
    )
    assert not decide(champion=BETTER, version="7", latency=9.0, leaks=(leak,)).promoted


def test_too_few_distinct_test_rows_prove_nothing() -> None:
    paired = Paired(Interval(-0.5, -0.6, -0.4), 1.0, 300, 7)
    found = decide(prior=paired)
    assert not found.promoted
    assert "only 7 of the 300 test rows differ from each other" in found.sentence


def test_a_better_model_by_less_than_the_least_effect_is_not_promoted() -> None:
    found = decide(min_effect=0.13)
    assert not found.promoted
    assert "better by less than the 0.13 of [promotion] min_effect" in found.sentence
    assert decide(min_effect=0.12).promoted
    higher = Paired(Interval(0.02, 0.01, 0.03), 0.99, 50, 50, metric="roc_auc")
    assert decide(prior=higher, min_effect=0.02).promoted
    assert not decide(prior=higher, min_effect=0.021).promoted


def test_a_metric_that_the_rows_do_not_define_proves_nothing() -> None:
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    note = "ROC AUC is not defined: all test rows are of one class."
    found = decide(prior=Paired(nothing, 0.0, 50, 50, metric="roc_auc", note=note))
    assert found == Decision(False, f"Not promoted: mlp cannot be judged. {note}")


def test_a_model_that_is_worse_in_a_slice_beyond_doubt_is_not_promoted() -> None:
    worse = SliceComparison("sex", "female", 40, WORSE, p=0.001, worse=True)
    fine = SliceComparison("sex", "male", 60, BETTER, p=0.9, worse=False)
    found = decide(champion=BETTER, version="7", slices=(fine, worse))
    assert not found.promoted
    assert found.sentence.startswith(
        "Not promoted: mlp is worse than the champion (version 7) beyond doubt where sex is female "
        "(log loss +0.0300 on 40 test rows); "
    )
    assert decide(champion=BETTER, version="7", slices=(fine,)).promoted


def test_a_challenger_that_the_metric_cannot_tell_from_the_champion_is_told_as_the_same() -> None:
    same = Paired(Interval(0.0, 0.0, 0.0), 0.0, 50, 50, metric="roc_auc")
    assert decide(champion=same, version="7") == Decision(
        False,
        "Not promoted: by ROC AUC mlp is the same as the champion (version 7), on the 50 test rows "
        "and in every resample of them.",
        by_test_rows=True,
    )


def test_nothing_is_told_as_certain() -> None:
    sure = Paired(BETTER.difference, 1.0, 50, 50)
    assert "better with over 99.99% confidence" in decide(prior=sure).sentence


def test_the_test_rows_are_used_up_only_where_they_were_asked() -> None:
    leak = Leak("target", ("x",), "The column x is the label in other words.")
    assert decide().by_test_rows
    assert decide(prior=WORSE).by_test_rows
    assert decide(min_effect=0.5).by_test_rows
    assert not decide(leaks=(leak,)).by_test_rows
    assert not decide(latency=9.0, max_latency_ms=1.0).by_test_rows
    assert not decide(version="7", note="another contract.").by_test_rows
    assert not decide(prior=Paired(BETTER.difference, 0.99, 50, 5)).by_test_rows


def test_the_outcome_tells_a_standing_champion_from_a_lost_challenge() -> None:
    assert Decision(True, "").outcome == "promoted"
    assert Decision(False, "").outcome == "not promoted"
    assert Decision(False, "", standing=True).outcome == "champion already"
