from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from pipelines.estimators import LinearThreshold, LogisticClassifier, MLPClassifier, Prior

ESTIMATORS = [
    LogisticClassifier(),
    LogisticClassifier(C=0.1, tol=1e-8, max_iter=1000, solver="lbfgs"),
    LogisticClassifier(C=float("inf"), max_iter=20),
    MLPClassifier(),
    MLPClassifier((), learning_rate_init=0.05, max_iter=60),
    MLPClassifier((8, 6), "tanh", batch_size=32, learning_rate_init=0.02, max_iter=60),
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
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=name_of)
def test_scikit_learns_estimator_checks_pass_whole(estimator, check):
    check(estimator)


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
