from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as TheirMLP

from pipelines.estimators import LogisticClassifier, MLPClassifier
from pipelines.estimators.divergence import DivergenceError
from pipelines.estimators.loss import LOSSES
from tests.estimators.kernels import twins
from tests.estimators.mlp_data import blobs, scaled

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WHOLE = {"batch_size": 10**9, "n_iter_no_change": np.inf, "random_state": 0}
COSINE = {"learning_rate": "cosine", "tol": 0.0, **WHOLE}
FULL_BATCH = {
    "lbfgs": {"solver": "lbfgs", "tol": 1e-9, "max_iter": 5000, "random_state": 0},
    "adam": {"learning_rate_init": 0.05, "max_iter": 3000, **COSINE},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.5, "max_iter": 4000, **COSINE},
    "rmsprop": {"solver": "rmsprop", "learning_rate_init": 0.01, "max_iter": 4000, **COSINE},
}


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
@pytest.mark.parametrize("options", FULL_BATCH.values(), ids=FULL_BATCH)
def test_without_a_hidden_layer_it_reaches_the_logistic_optimum(load, options):
    X, y = scaled(load)
    model = MLPClassifier((), alpha=2.0, **options).fit(X, y)
    best = LogisticClassifier(C=0.5, tol=1e-9, max_iter=1000).fit(X, y)
    assert model.loss_ == pytest.approx(best.loss_curve_[-1], abs=1e-8)
    np.testing.assert_allclose(model.predict_proba(X), best.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
@pytest.mark.parametrize("options", FULL_BATCH.values(), ids=FULL_BATCH)
def test_without_a_hidden_layer_it_reaches_the_least_squared_error(load, options):
    X, y = scaled(load)
    loss = LOSSES["squared_error"](int(y.max()) + 1)
    sizes = [X.shape[1], loss.n_outputs]

    def objective(w):
        value, slope = twins.loss_and_gradient(loss, sizes, "relu", w, X, y, np.ones(len(X)))
        coefs = twins.penalised(w, sizes)
        return (value + (coefs**2).sum()) / len(X), (slope + 2 * coefs) / len(X)

    model = MLPClassifier((), loss="squared_error", alpha=2.0, **options).fit(X, y)
    start = np.zeros((sizes[0] + 1) * sizes[1])
    best = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9})
    assert model.loss_ == pytest.approx(best.fun, abs=1e-7)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_its_losses_are_those_of_scikit_learns_after_as_many_epochs(activation):
    X, y = scaled(load_digits)
    arguments = {"hidden_layer_sizes": (32,), "activation": activation, "max_iter": 20}
    seeds = range(3)
    ours = np.mean([MLPClassifier(**arguments, random_state=s).fit(X, y).loss_ for s in seeds])
    theirs = np.mean([TheirMLP(**arguments, random_state=s).fit(X, y).loss_ for s in seeds])
    assert ours == pytest.approx(theirs, rel=0.1)


PRINT_BITS = """
import hashlib, os, sys, warnings
if sys.argv[1] == "one" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import numpy as np
from pipelines.estimators import MLPClassifier
warnings.simplefilter("ignore")
random, digest = np.random.default_rng(0), hashlib.sha256()
for dtype in (np.float32, np.float64):
    X, y = random.normal(size=(1500, 200)).astype(dtype), random.integers(0, 4, 1500)
    for options in ({"dropout": 0.2}, {"clip_norm": 0.1}, {"solver": "lbfgs"}):
        model = MLPClassifier((64, 8), batch_size=500, max_iter=3, random_state=5, **options)
        model.fit(X, y)
        for array in (*model.coefs_, *model.intercepts_, model.predict_proba(X)):
            digest.update(array.tobytes())
print(digest.hexdigest())
"""


def test_a_seed_repeats_bit_for_bit_with_one_thread_and_with_several():
    digests = set()
    for processors, threads in (("one", "1"), ("all", "1"), ("all", "2"), ("one", "3")):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", PRINT_BITS, processors],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        digests.add(done.stdout)
    assert len(digests) == 1


def test_another_seed_gives_another_network():
    X, y = scaled(load_iris)
    one, two = (MLPClassifier((4,), max_iter=2, random_state=s).fit(X, y) for s in (0, 1))
    assert (one.coefs_[0] != two.coefs_[0]).all()


def test_float32_is_kept_throughout():
    X, y = scaled(load_iris, np.float32)
    model = MLPClassifier((8, 4), max_iter=5, random_state=0).fit(X, y)
    arrays = [*model.coefs_, *model.intercepts_, model.predict_proba(X)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize("hidden", [(), (7,), [7, 5], 7, np.array([3, 2])], ids=str)
def test_the_layers_have_the_widths_that_were_asked_for(hidden):
    X, y = scaled(load_iris)
    model = MLPClassifier(hidden, max_iter=2, random_state=0).fit(X, y)
    widths = [4, *np.atleast_1d(np.array(hidden, dtype=int)), 3]
    assert [W.shape for W in model.coefs_] == list(pairwise(widths))
    assert [b.shape for b in model.intercepts_] == [(width,) for width in widths[1:]]
    assert model.n_layers_ == len(widths)
    assert (model.n_outputs_, model.out_activation_) == (3, "softmax")


def test_two_classes_have_one_logistic_output_unit():
    X, y = scaled(load_breast_cancer)
    model = MLPClassifier((8,), max_iter=100, random_state=0).fit(X, y)
    assert model.coefs_[-1].shape == (8, 1)
    assert (model.n_outputs_, model.out_activation_) == (1, "logistic")
    assert model.predict_proba(X).shape == (len(X), 2)
    assert model.score(X, y) > 0.97


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("activation", sorted(twins.ACTIVATIONS))
def test_the_probabilities_are_those_of_the_stored_layers_and_dropout_is_off(activation, classes):
    X, y = blobs(classes=classes)
    model = MLPClassifier((6, 5), activation, dropout=0.5, max_iter=5, random_state=0).fit(X, y)
    a, f = X, twins.ACTIVATIONS[activation][0]
    for W, b in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        a = f(a @ W + b)
    raw = a @ model.coefs_[-1] + model.intercepts_[-1]
    expected = softmax(raw, axis=1) if classes > 2 else np.c_[expit(-raw), expit(raw)]
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(expected), atol=1e-9)
    np.testing.assert_array_equal(model.predict(X), expected.argmax(axis=1))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_rows_far_out_still_have_finite_losses_and_logarithms_of_probabilities(solver):
    X, y = blobs(classes=2)
    for dtype, size in ((np.float32, 1e3), (np.float64, 1e3)):
        model = MLPClassifier((4,), solver=solver, max_iter=20, random_state=0)
        model.fit((X * size).astype(dtype), y)
        assert np.isfinite(model.loss_curve_).all()
        far = (X * np.sqrt(np.finfo(np.float32).max)).astype(dtype)
        assert np.isfinite(model.predict_proba(far)).all()
        assert np.isfinite(model.predict_log_proba(far)).all()


def test_the_fit_ends_when_the_loss_no_longer_falls():
    X, y = scaled(load_iris)
    model = MLPClassifier(
        (16,), learning_rate_init=0.02, tol=1e-3, n_iter_no_change=3, max_iter=500, random_state=0
    ).fit(X, y)
    assert model.converged_
    assert model.n_iter_ == len(model.loss_curve_) < 500
    assert (model.loss_, model.best_loss_) == (model.loss_curve_[-1], min(model.loss_curve_))
    best = np.minimum.accumulate(model.loss_curve_)
    waiting = model.loss_curve_[1:] > best[:-1] - 1e-3
    assert waiting[-4:].tolist() == [True] * 4
    assert not any(waiting[end - 4 : end].all() for end in range(4, len(waiting)))


def test_too_few_epochs_warn_with_the_remedy():
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs .* Raise max_iter"):
        model = MLPClassifier(max_iter=2, random_state=0).fit(*scaled(load_iris))
    assert not model.converged_
    with pytest.warns(ConvergenceWarning, match="max_iter=2 iterations"):
        MLPClassifier(solver="lbfgs", max_iter=2, random_state=0).fit(*scaled(load_iris))


def test_a_loss_that_rose_is_not_told_to_rise_faster():
    model = MLPClassifier((4,), solver="sgd", learning_rate_init=10, max_iter=3, random_state=0)
    with pytest.warns(ConvergenceWarning, match="The loss rose: lower learning_rate_init"):
        model.fit(*scaled(load_iris))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_an_error_that_names_the_epoch_and_the_remedy(dtype):
    X, y = scaled(load_iris, dtype)
    model = MLPClassifier(
        (8, 8), "identity", batch_size=50, learning_rate_init=1e150, random_state=0
    )
    with pytest.raises(
        DivergenceError, match=r"diverged in epoch 1: .* Lower learning_rate_init"
    ) as caught:
        model.fit(X, y)
    assert caught.value.epoch == 1
    assert not hasattr(model, "coefs_")


def test_a_loss_that_rises_beyond_all_bounds_is_a_divergence_before_it_overflows():
    X, y = scaled(load_iris)
    model = MLPClassifier((5,), learning_rate_init=1e6, random_state=0)
    with pytest.raises(DivergenceError, match=r"diverged in epoch 2: its loss rose from .* to"):
        model.fit(X, y)
    assert not hasattr(model, "coefs_")


def test_a_later_divergence_names_the_epoch_after_the_last_good_one():
    X, y = blobs(400)
    good = []
    model = MLPClassifier(
        (20, 20), "identity", solver="sgd", alpha=0.0, batch_size=200, learning_rate_init=3.0,
        max_iter=500, callbacks=lambda epoch: good.append(epoch.number), random_state=0,
    )  # fmt: skip
    with pytest.raises(DivergenceError) as caught:
        model.fit(X, y)
    assert len(good) >= 1
    assert caught.value.epoch == good[-1] + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_layer_sizes": (8, 0)}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (2.5,)}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": {8, 4}}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (True,)}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": -3}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (10**9, 10**9)}, "hidden_layer_sizes=.* weights"),
        ({"activation": "sine"}, "'activation' parameter"),
        ({"solver": "newton"}, "'solver' parameter"),
        ({"loss": "hinge"}, "'loss' parameter"),
        ({"alpha": -1.0}, "'alpha' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"learning_rate": "step"}, "'learning_rate' parameter"),
        ({"learning_rate_init": 0.0}, "'learning_rate_init' parameter"),
        ({"learning_rate_init": 10**400}, "'learning_rate_init' parameter"),
        ({"alpha": 10**400}, "'alpha' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"n_iter_no_change": 0}, "'n_iter_no_change' parameter"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"dropout": 0.5, "solver": "lbfgs"}, "dropout=0.5 needs epochs and batches"),
        ({"clip_norm": 1.0, "solver": "lbfgs"}, "clip_norm=1.0 needs epochs and batches"),
        ({"callbacks": print, "solver": "lbfgs"}, "callbacks=.* needs epochs and batches"),
        ({"clip_norm": 0.0}, "'clip_norm' parameter"),
        ({"callbacks": [3]}, "'callbacks' parameter"),
        ({"early_stopping": True, "validation_fraction": 0.001}, "validation_fraction=0.001"),
        ({"early_stopping": True, "validation_fraction": 0.9999}, "=0.9999 of 150 rows leaves"),
    ],
    ids=str,
)
def test_a_parameter_out_of_range_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**arguments).fit(*scaled(load_iris))


def test_the_summary_counts_the_parameters_of_each_layer():
    X, y = scaled(load_iris, np.float32)
    model = MLPClassifier((8, 5), "tanh", max_iter=2, random_state=0).fit(X, y)
    table = model.summary()
    assert [layer.parameters for layer in table.layers] == [0, 4 * 8 + 8, 8 * 5 + 5, 5 * 3 + 3]
    assert table.parameters == sum(a.size for a in [*model.coefs_, *model.intercepts_])
    assert [layer.shape for layer in table.layers] == [(None, width) for width in (4, 8, 5, 3)]
    assert "output (softmax)" in str(table)
    assert f"Total params: {table.parameters} ({table.parameters * 4:.2f} B)" in str(table)
