from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from pipelines.estimators import LinearThreshold, LogisticClassifier, MLPClassifier, Prior

# Batches of all rows; no check has as many.
EVERY_ROW = 10_000
FULL_BATCH: dict[str, Any] = {
    "batch_size": EVERY_ROW,
    "learning_rate_init": 0.05,
    "max_iter": 60,
}
# A row of weight 2 lies in one batch and draws one set of units to drop; a row that is there
# twice lies in two and draws two. So scikit-learn's own MLPClassifier declares these as well.
STOCHASTIC = MLPClassifier((16,), dropout=0.1, learning_rate_init=0.05, max_iter=60)
NOT_STOCHASTIC = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}
ESTIMATORS = [
    LogisticClassifier(),
    LogisticClassifier(C=0.1, tol=1e-8, max_iter=1000, solver="lbfgs"),
    LogisticClassifier(C=float("inf"), max_iter=20),
    MLPClassifier((8,), "tanh", solver="lbfgs", alpha=0.1),
    MLPClassifier((), solver="lbfgs", loss="squared_error"),
    MLPClassifier(batch_size=EVERY_ROW, max_iter=60),
    MLPClassifier((6,), "logistic", solver="adamw", loss="squared_error", **FULL_BATCH),
    MLPClassifier((8, 6), solver="rmsprop", clip_norm=1.0, **FULL_BATCH),
    MLPClassifier((), solver="sgd", learning_rate="cosine", **FULL_BATCH),
    MLPClassifier((8, 6), "tanh", batch_size=32, learning_rate_init=0.02, max_iter=60),
    STOCHASTIC,
    LinearThreshold(),
    Prior(),
]


def name_of(value):
    return value.func.__name__ if hasattr(value, "func") else str(value).replace("\n", "")


# The check of array API input runs only where SciPy was told so before it was imported:
# in a process of its own, below.
CHECKS = [
    pair
    for estimator in ESTIMATORS
    for pair in estimator_checks_generator(estimator)
    if "array_api" not in name_of(pair[1])
    and not (estimator is STOCHASTIC and name_of(pair[1]) in NOT_STOCHASTIC)
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=name_of)
def test_scikit_learns_estimator_checks_pass_whole(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_stochastic_network_takes_a_weight_for_repetition_in_expectation_only():
    failed = set()
    for estimator, check in estimator_checks_generator(STOCHASTIC):
        if name_of(check) in NOT_STOCHASTIC:
            with pytest.raises(AssertionError, match="equivalent"):
                check(estimator)
            failed.add(name_of(check))
    assert failed == NOT_STOCHASTIC


def test_the_checks_of_array_api_input_pass_too():
    code = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from sklearn.utils.estimator_checks import estimator_checks_generator\n"
        "from tests.estimators.test_estimator_checks import ESTIMATORS, name_of\n"
        "checks = [p for e in ESTIMATORS for p in estimator_checks_generator(e)]\n"
        "checks = [(e, check) for e, check in checks if 'array_api' in name_of(check)]\n"
        "for estimator, check in checks: check(estimator)\n"
        "print(len(checks))\n"
    )
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(ESTIMATORS)
