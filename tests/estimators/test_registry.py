from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone

from pipelines.estimators import calibration
from pipelines.estimators.registry import CANDIDATES, TRUSTED_TYPES, ParameterError, build, check

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LABELS = {
    "numbers": [3, 7],
    "booleans": [False, True],
    "text": ["ja", "nein", "tschüß"],
    "ten": list(range(10)),
}
SMALL = {
    "mlp": {"hidden_layer_sizes": [8], "max_iter": 5},
    "hist_gradient_boosting": {"max_iter": 5},
}


def table(labels, n=200):
    random = np.random.default_rng(0)
    codes = np.arange(n) % len(labels)
    X = pd.DataFrame(
        {
            "age": np.where(random.random(n) < 0.1, np.nan, codes + random.normal(size=n)),
            "seen at": 1.7e9 + random.integers(0, 10**6, n),
            "island": np.array(["", "Ö", "x"])[random.integers(0, 3, n)],
        }
    )
    return X, np.array(labels)[codes]


def fitted(name, labels):
    X, y = table(labels)
    return build(name, SMALL.get(name, {}), ["age", "seen at"], ["island"]).fit(X, y), X, y


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_fits_a_table_with_gaps_and_text_and_knows_its_classes(name, labels):
    pipeline, X, _ = fitted(name, labels)
    assert pipeline.classes_.tolist() == sorted(labels)
    probabilities = pipeline.predict_proba(X)
    assert probabilities.shape == (len(X), len(labels))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(
        pipeline.predict(X), pipeline.classes_[probabilities.argmax(axis=1)]
    )


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("name", CANDIDATES)
def test_every_fitted_candidate_survives_skops_with_the_trusted_types_alone(name, labels):
    pipeline, X, _ = fitted(name, labels)
    dumped = skops.io.dumps(pipeline)
    reloaded = skops.io.loads(dumped, trusted=list(TRUSTED_TYPES))
    np.testing.assert_array_equal(reloaded.predict_proba(X), pipeline.predict_proba(X))
    np.testing.assert_array_equal(reloaded.predict(X), pipeline.predict(X))


def test_no_type_is_trusted_that_no_candidate_needs():
    needed = set()
    for name in CANDIDATES:
        dumped = skops.io.dumps(fitted(name, LABELS["text"])[0])
        needed.update(skops.io.get_untrusted_types(data=dumped))
    parts = (getattr(calibration, name) for name in calibration.__all__)
    kinds = {part for part in parts if isinstance(part, type)} - {calibration.UnreachableError}
    needed.update(f"{kind.__module__}.{kind.__name__}" for kind in kinds)
    assert needed == set(TRUSTED_TYPES)


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_repeats_bit_for_bit(name):
    pipeline, X, y = fitted(name, LABELS["text"])
    again = clone(pipeline).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))


def test_trees_get_unscaled_columns_and_linear_models_scaled_ones():
    scaled = {name for name in CANDIDATES if build(name, {}, ["a"], [])[0].scale}
    assert scaled == {"logistic", "mlp", "sklearn_logistic", "linear_threshold"}


def test_parameters_come_on_top_of_the_rows_arguments_and_lists_become_tuples():
    mlp = build("mlp", {"hidden_layer_sizes": [32, 16], "random_state": 5}, ["a"], [])[-1]
    assert (mlp.hidden_layer_sizes, mlp.random_state) == ((32, 16), 5)
    assert build("mlp", {}, ["a"], [])[-1].random_state == 0
    assert build("hist_gradient_boosting", {}, ["a"], [])[-1].early_stopping is False


def test_building_does_not_change_the_parameters():
    parameters = {"hidden_layer_sizes": [32]}
    build("mlp", parameters, ["a"], [])
    assert parameters == {"hidden_layer_sizes": [32]}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("logistic", {"C": 0.1, "tol": 1e-6, "max_iter": 50, "fit_intercept": False}),
        ("logistic", {"C": 1}),
        ("mlp", {"hidden_layer_sizes": []}),
        ("mlp", {"hidden_layer_sizes": 32, "activation": "tanh", "batch_size": 64}),
        ("sklearn_logistic", {"C": 0.5, "class_weight": "balanced"}),
        ("decision_tree", {"max_depth": 6, "min_samples_leaf": 5}),
        ("hist_gradient_boosting", {"learning_rate": 0.05, "early_stopping": True}),
        ("prior", {}),
    ],
)
def test_sound_parameters_are_accepted(name, parameters):
    assert check(name, parameters) == []


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("logistc", {}, "no estimator 'logistc'. Did you mean 'logistic'"),
        ("xyz", {}, "It is one of: logistic, mlp, "),
        ("logistic", {"maxiter": 5}, "no parameter 'maxiter'. Did you mean 'max_iter'?"),
        ("prior", {"C": 5}, "'prior' has no parameter 'C'. It takes none."),
        ("logistic", {"C": -1.0}, "The 'C' parameter of LogisticClassifier must be"),
        ("logistic", {"max_iter": 2.5}, "The 'max_iter' parameter of LogisticClassifier must be"),
        ("logistic", {"C": True}, "'C' of 'logistic' cannot be true or false"),
        ("mlp", {"hidden_layer_sizes": [8, 0]}, "The 'hidden_layer_sizes' parameter"),
        ("mlp", {"hidden_layer_sizes": ["8"]}, "The 'hidden_layer_sizes' parameter"),
        ("mlp", {"random_state": None}, "'random_state' of 'mlp' is a NoneType"),
        ("mlp", {"random_state": "now"}, "must be a whole number, so that a fit repeats"),
        ("decision_tree", {"max_depth": 0}, "The 'max_depth' parameter of DecisionTreeClassifier"),
        ("decision_tree", {"criterion": print}, "it must be a number, a text, true or false"),
        ("sklearn_logistic", {"class_weight": {"a": 1}}, "is a dict; it must be a number"),
        ("sklearn_logistic", {"n_jobs": 2}, "'n_jobs' cannot be set"),
        ("sklearn_logistic", {"verbose": 1}, "'verbose' cannot be set"),
        ("mlp", {"callbacks": "print"}, "'callbacks' cannot be set"),
        ("hist_gradient_boosting", {"warm_start": True}, "'warm_start' cannot be set"),
    ],
)
def test_a_mistake_is_one_sentence_and_stops_the_building(name, parameters, sentence):
    mistakes = check(name, parameters)
    assert len(mistakes) == 1
    assert sentence in mistakes[0]
    with pytest.raises(ParameterError) as caught:
        build(name, parameters, ["a"], [])
    assert str(caught.value) == mistakes[0]


def test_all_mistakes_are_told_at_once():
    assert len(check("logistic", {"C": -1, "tol": 0, "depth": 3, "n_jobs": 2})) == 4


@pytest.mark.parametrize("name", CANDIDATES)
def test_what_the_check_says_the_fit_says_too(name):
    wrong = {"max_iter": -1, "max_depth": -1, "hidden_layer_sizes": (0,), "C": -1.0}
    known = {key: wrong[key] for key in wrong if key in CANDIDATES[name].load()._get_param_names()}
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    for key, value in known.items():
        with pytest.raises(ValueError, match=f"'{key}' parameter") as caught:
            CANDIDATES[name].load()(**{key: value}).fit(X, y)
        assert check(name, {key: value}) == [str(caught.value)]


def test_listing_the_candidates_loads_no_library():
    code = (
        "import sys; from pipelines.estimators.registry import CANDIDATES; list(CANDIDATES);"
        "print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
