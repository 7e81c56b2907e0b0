"""scikit-learn's own tests of its logistic regression and its perceptron, run with ours.

What does not apply is told here with its reason. All else must pass, and what is told here
must fail, so that the table says what is true.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, train_test_split

from pipelines.estimators import LogisticClassifier

ROOT = Path(__file__).parents[2]
FILES = {
    "logistic": "linear_model/tests/test_logistic.py",
    "mlp": "neural_network/tests/test_mlp.py",
}

# Reason → tests, as patterns of their names; one without brackets stands for all its cases.
DOES_NOT_APPLY = {
    "logistic": {
        "passes penalty, which scikit-learn 1.8 deprecated: l1_ratio and C say it all": [
            "test_elasticnet_l1_ratio_err_helpful",
            "test_elastic_net_l1_l2_equivalence",
            "test_l1_ratio_non_elasticnet",
            "test_penalty_none",
            "test_penalty_deprecated",
            "test_lr_penalty_l1ratio_incompatible",
            "test_l1_ratio_None_deprecated",
        ],
        "passes dual, which only liblinear has: ours solve the primal": [
            "test_liblinear_dual_random_state",
            "test_sample_and_class_weight_equivalence_liblinear",
            "test_logisticregression_liblinear_sample_weight",
        ],
        "passes intercept_scaling, for liblinear penalises the intercept: ours do not": [
            "test_consistency_path",
            "test_liblinear_not_stuck",
        ],
        "asks for what only scikit-learn's own solvers refuse: several classes in liblinear, "
        "L1 in some, numbers above 1e30, 64-bit indices": [
            "test_check_solver_option",
            "test_liblinear_multiclass_raises",
            "test_liblinear_with_large_values",
            r"test_large_sparse_matrix\[.*-(liblinear|sag|saga)\]",
        ],
        "liblinear computes in float64 alone; ours keep the rows' float32": [
            r"test_dtype_match\[.*-liblinear\]",
        ],
        "compares with LogisticRegressionCV, which penalises liblinear's intercept or ends "
        "elsewhere, to more digits than its tolerance": [
            "test_logistic_cv",
            "test_scores_attribute_layout_elasticnet",
        ],
        "the words of the ConvergenceWarning are each solver's own": ["test_max_iter"],
        "counts on newton-cholesky ending as lbfgs does where the Hessian is singular": [
            "test_newton_cholesky_fallback_to_lbfgs",
        ],
        "n_jobs, deprecated in scikit-learn 1.8: threads are ours to choose": [
            "test_logistic_cv_multinomial_score",
            "test_logisticregression_warns_with_n_jobs",
        ],
        "scikit-learn's callbacks of 1.9 are experimental": [
            "test_logistic_regression_callback_support",
            "test_logistic_regression_callback_fitted_estimator",
            "test_logistic_regression_callback_support_warning",
        ],
        "calls a private method": ["test_logreg_predict_proba_multinomial"],
    },
    "mlp": {
        "reads or writes private members of scikit-learn's class": [
            "test_fit",
            "test_gradient",
            "test_learning_rate_warmstart",
            "test_adaptive_learning_rate",
            "test_n_iter_no_change",
            "test_n_iter_no_change_inf",
        ],
        "several labels a row: sklearn.multioutput does that with any classifier": [
            "test_multilabel_classification",
            "test_predict_proba_multilabel",
        ],
        "one class only, which ours refuse": ["test_preserve_feature_names"],
        "ours has reached its tolerance before the tenth evaluation": [
            r"test_lbfgs_classification_maxfun\[X1-y1\]",
        ],
        "the words of train_test_split's error; ours names validation_fraction": [
            "test_early_stopping_stratified",
        ],
    },
}
# At tol=1e-2 one row of 125 decides, by where a solver happens to stop; it is told anew below.
EITHER_WAY = r"test_elastic_net_vs_l1_l2\[1\]"
# Tests that scikit-learn leaves out itself: no library of array API arrays is installed.
LEFT_OUT = r"test_logistic_regression_array_api_\w+|test_max_iter"


@cache
def outcomes(file: str) -> dict[str, str]:
    """Each test's name and "passed", "failed" or "skipped"; see the plugin."""
    path = Path(sklearn.__file__).parent / FILES[file]
    command = [sys.executable, "-m", "pytest", str(path), "-q", "--tb=no", "-c", "/dev/null"]
    command += ["-p", "tests.estimators.scikit_learn_own", "-p", "no:cacheprovider"]
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "outcomes.json"
        command += [f"--outcomes={written}", f"--rootdir={folder}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert written.exists(), done.stdout + done.stderr
        seen: dict[str, str] = json.loads(written.read_text(encoding="utf-8"))
    return seen


def names(file: str, outcome: str) -> set[str]:
    return {name for name, seen in outcomes(file).items() if seen == outcome}


def matches(pattern: str, name: str) -> bool:
    return re.fullmatch(rf"(?:{pattern})(\[.*\])?", name) is not None


def patterns(file: str) -> list[str]:
    return [pattern for tests in DOES_NOT_APPLY[file].values() for pattern in tests]


@pytest.mark.parametrize("file", FILES)
def test_scikit_learns_own_tests_pass_but_for_those_with_a_reason(file):
    assert len(names(file, "passed")) > {"logistic": 150, "mlp": 20}[file]
    told = [*patterns(file), EITHER_WAY]
    assert {
        name for name in names(file, "failed") if not any(matches(each, name) for each in told)
    } == set()


@pytest.mark.parametrize("file", FILES)
def test_every_test_that_is_told_not_to_apply_does_fail(file):
    failed, passed = names(file, "failed"), names(file, "passed")
    for pattern in patterns(file):
        assert any(matches(pattern, name) for name in failed), pattern
        assert {name for name in passed if matches(pattern, name)} == set(), pattern


@pytest.mark.parametrize("file", FILES)
def test_no_other_test_is_left_out(file):
    assert {name for name in names(file, "skipped") if not matches(LEFT_OUT, name)} == set()


def test_the_best_l1_ratio_is_no_worse_than_either_norm_alone():
    X, y = make_classification(500, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    model = LogisticClassifier(solver="saga", tol=1e-8, max_iter=10_000)
    best = GridSearchCV(model, {"l1_ratio": np.linspace(0, 1, 5)}).fit(X, y)
    for l1_ratio in (0, 1):
        alone = clone(model).set_params(l1_ratio=l1_ratio).fit(X, y)
        assert best.score(X_test, y_test) >= alone.score(X_test, y_test)
