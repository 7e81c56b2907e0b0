from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as TheirMLP
from threadpoolctl import threadpool_limits

from pipelines.estimators import LogisticClassifier, MLPClassifier
from pipelines.estimators.divergence import DivergenceError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def scaled(load, dtype=np.float64):
    X, y = load(return_X_y=True)
    return ((X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-3)).astype(dtype), y


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_without_a_hidden_layer_it_reaches_the_logistic_optimum(load):
    X, y = scaled(load)
    model = MLPClassifier(
        (),
        alpha=1.0,
        batch_size=len(X),
        learning_rate_init=0.03,
        max_iter=4000,
        tol=0.0,
        n_iter_no_change=4000,
        random_state=0,
    ).fit(X, y)
    best = LogisticClassifier(C=1.0, tol=1e-9, max_iter=1000).fit(X, y)
    assert model.loss_ == pytest.approx(best.loss_curve_[-1], abs=1e-9)
    np.testing.assert_allclose(model.coefs_[0].T, best.coef_, atol=1e-3)
    np.testing.assert_allclose(model.predict_proba(X), best.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_its_losses_are_those_of_scikit_learns_after_as_many_epochs(activation):
    X, y = scaled(load_digits)
    arguments = {"hidden_layer_sizes": (32,), "activation": activation, "max_iter": 20}
    seeds = range(3)
    ours = np.mean([MLPClassifier(**arguments, random_state=s).fit(X, y).loss_ for s in seeds])
    theirs = np.mean([TheirMLP(**arguments, random_state=s).fit(X, y).loss_ for s in seeds])
    assert ours == pytest.approx(theirs, rel=0.1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_seed_repeats_bit_for_bit_with_one_and_two_blas_threads(dtype):
    random = np.random.default_rng(0)
    X = random.normal(size=(2000, 300)).astype(dtype)
    y = random.integers(0, 4, 2000)
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            model = MLPClassifier((64, 8), batch_size=500, max_iter=3, random_state=5).fit(X, y)
            fits.append([*model.coefs_, *model.intercepts_, model.predict_proba(X)])
    for one, two in zip(*fits, strict=True):
        np.testing.assert_array_equal(one, two)


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


def test_the_fit_ends_when_the_loss_no_longer_falls():
    X, y = scaled(load_iris)
    model = MLPClassifier(
        (16,), learning_rate_init=0.02, tol=1e-3, n_iter_no_change=3, max_iter=500, random_state=0
    ).fit(X, y)
    assert model.converged_
    assert model.n_iter_ == len(model.loss_curve_) < 500
    best = np.minimum.accumulate(model.loss_curve_)
    waiting = model.loss_curve_[1:] > best[:-1] - 1e-3
    assert waiting[-4:].tolist() == [True] * 4
    assert not any(waiting[end - 4 : end].all() for end in range(4, len(waiting)))


def test_too_few_epochs_warn_with_the_remedy():
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs .* Raise max_iter"):
        model = MLPClassifier(max_iter=2, random_state=0).fit(*scaled(load_iris))
    assert not model.converged_


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_layer_sizes": (8, 0)}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (2.5,)}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (True,)}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": -3}, "'hidden_layer_sizes' parameter"),
        ({"activation": "sine"}, "'activation' parameter"),
        ({"alpha": -1.0}, "'alpha' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"learning_rate_init": 0.0}, "'learning_rate_init' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"n_iter_no_change": 0}, "'n_iter_no_change' parameter"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**arguments).fit(*scaled(load_iris))


def test_the_rows_are_left_as_they_were():
    X, y = scaled(load_iris)
    before = X.copy()
    MLPClassifier((), max_iter=3, random_state=0).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(X, before)
