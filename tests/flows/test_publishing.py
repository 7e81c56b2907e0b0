"""What a version's description in MLflow says was measured."""

from __future__ import annotations

import numpy as np

from flows.publishing import measured
from pipelines.metrics import Interval, Paired
from pipelines.records import Evaluation

NOTHING = Interval(np.nan, np.nan, np.nan)


def judged(metric: str, score: Interval) -> Evaluation:
    return Evaluation(
        winner="tree",
        scores={"tree": {metric: score}},
        probabilities={},
        codes=np.zeros(50, dtype=np.int32),
        against_prior=Paired(NOTHING, 0.0, 50, 50),
        metric=metric,
    )


def test_a_description_tells_the_metric_by_its_name_with_its_interval() -> None:
    found = measured(judged("roc_auc", Interval(0.91, 0.8, 0.96)))
    assert found == "ROC AUC 0.9100 [0.8000, 0.9600] on 50 test rows"


def test_a_description_says_in_words_that_a_metric_is_not_defined() -> None:
    found = measured(judged("roc_auc", NOTHING))
    assert found == "ROC AUC is not defined on its 50 test rows"
