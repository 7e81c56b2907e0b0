from __future__ import annotations

import numpy as np
import pytest

from pipelines.estimators import MLPClassifier
from tests.estimators.mlp_data import blobs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(300)


class Record:
    """Keeps what it is told, the weights as copies, and ends the fit after some epochs."""

    def __init__(self, last=None, error=None):
        self.seen, self.coefs, self.last, self.error = [], [], last, error

    def __call__(self, epoch):
        self.seen.append(epoch)
        self.coefs.append([W.copy() for W in epoch.coefs])
        if self.error and epoch.number == self.last:
            raise self.error
        return epoch.number == self.last


def model(**options):
    return MLPClassifier((8,), **{"max_iter": 12, "random_state": 0, **options})


def assert_same(one, two):
    for left, right in zip(
        [*one.coefs_, *one.intercepts_], [*two.coefs_, *two.intercepts_], strict=True
    ):
        np.testing.assert_array_equal(left, right)


def test_a_callback_is_told_each_epoch_and_sees_the_weights():
    record = Record()
    fitted = model(callbacks=record, learning_rate="cosine").fit(X, Y)
    assert [epoch.number for epoch in record.seen] == list(range(1, 13))
    assert {epoch.max_iter for epoch in record.seen} == {12}
    assert [epoch.loss for epoch in record.seen] == fitted.loss_curve_
    assert {epoch.validation_score for epoch in record.seen} == {None}
    rates = [epoch.learning_rate for epoch in record.seen]
    assert sorted(rates, reverse=True) == rates
    assert rates[0] < 1e-3
    for last, stored in zip(record.coefs[-1], fitted.coefs_, strict=True):
        np.testing.assert_array_equal(last, stored)
    with pytest.raises(ValueError, match="read-only"):
        record.seen[-1].intercepts[0][:] = 0


def test_callbacks_change_nothing():
    assert_same(model(callbacks=[Record(), Record()]).fit(X, Y), model().fit(X, Y))


def test_a_callback_that_returns_true_ends_the_fit_there_and_all_are_told():
    first, second = Record(last=3), Record()
    fitted = model(callbacks=[first, second]).fit(X, Y)
    assert (fitted.n_iter_, len(first.seen), len(second.seen)) == (3, 3, 3)
    assert_same(fitted, model(max_iter=3).fit(X, Y))


def test_a_callback_may_answer_with_a_truth_value_of_numpys():
    assert model(callbacks=lambda epoch: np.int64(epoch.number) >= 3).fit(X, Y).n_iter_ == 3


@pytest.mark.parametrize("before", ["unfitted", "fitted"])
@pytest.mark.parametrize("error", [OSError(), KeyboardInterrupt()], ids=repr)
def test_a_callbacks_exception_goes_through_and_leaves_the_estimator_as_it_was(before, error):
    record = Record(last=2, error=error)
    broken, stored = model(callbacks=record), {}
    if before == "fitted":
        broken.set_params(callbacks=None).fit(X, Y)
        stored = {name: np.copy(value) for name, value in vars(broken).items() if name[-1] == "_"
                  and isinstance(value, (np.ndarray, float, int))}  # fmt: skip
        coefs = [W.copy() for W in broken.coefs_]
        broken.set_params(callbacks=record, warm_start=True)
    with pytest.raises(type(error)):
        broken.fit(X + 1, Y)
    assert hasattr(broken, "coefs_") == (before == "fitted")
    for name, value in stored.items():
        np.testing.assert_array_equal(getattr(broken, name), value)
    if before == "fitted":
        for ours, theirs in zip(broken.coefs_, coefs, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_verbose_writes_a_line_an_epoch(capsys):
    fitted = model(verbose=True, max_iter=3, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for number, line in enumerate(lines):
        assert f"Iteration {number + 1}, loss = {fitted.loss_curve_[number]:.8f}" in line
        assert f"validation score = {fitted.validation_scores_[number]:.6f}" in line


def test_early_stopping_keeps_the_weights_of_the_best_epoch():
    record = Record()
    fitted = model(
        early_stopping=True, validation_fraction=0.2, learning_rate_init=0.3, n_iter_no_change=5,
        max_iter=200, callbacks=record,
    ).fit(X, Y)  # fmt: skip
    scores = fitted.validation_scores_
    best = int(np.argmax(scores))
    assert fitted.converged_
    assert best < len(scores) - 1
    assert [epoch.validation_score for epoch in record.seen] == scores
    assert (fitted.best_validation_score_, fitted.best_loss_) == (scores[best], None)
    for ours, theirs in zip(fitted.coefs_, record.coefs[best], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_warm_start_that_finds_no_better_score_keeps_the_weights_it_began_with():
    warm = model(early_stopping=True, warm_start=True, learning_rate_init=0.05, max_iter=40)
    coefs, best = warm.fit(X, Y).coefs_, warm.best_validation_score_
    warm.set_params(learning_rate_init=10.0, max_iter=3).fit(X, Y)
    assert max(warm.validation_scores_[-3:]) <= best == warm.best_validation_score_
    for ours, before in zip(warm.coefs_, coefs, strict=True):
        np.testing.assert_array_equal(ours, before)


def test_without_early_stopping_no_score_is_told_whatever_the_fit_before_has_seen():
    record = Record()
    warm = model(early_stopping=True, warm_start=True).fit(X, Y)
    warm.set_params(early_stopping=False, callbacks=record).fit(X, Y)
    assert {epoch.validation_score for epoch in record.seen} == {None}
    full = model(solver="lbfgs", early_stopping=True).fit(X, Y)
    assert (full.validation_scores_, full.best_validation_score_) == (None, None)
    assert full.best_loss_ == min(full.loss_curve_)


def test_a_row_held_out_is_not_learnt_from():
    marked = X.copy()
    record = Record()
    one = model(early_stopping=True, validation_fraction=0.5, max_iter=1, callbacks=record)
    one.fit(marked, Y)
    changed = 0
    for row in range(20):
        other = X.copy()
        other[row] += 1
        changed += (
            model(early_stopping=True, validation_fraction=0.5, max_iter=1).fit(other, Y).coefs_[0]
            != one.coefs_[0]
        ).any()
    assert 3 < changed < 17


def test_a_gradient_is_clipped_to_the_norm_and_shorter_ones_are_not():
    sgd = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.5, "batch_size": 300}
    start = Record()
    free = model(**sgd, max_iter=2, callbacks=start).fit(X, Y)
    clipped = Record()
    model(**sgd, max_iter=2, clip_norm=1e-3, callbacks=clipped).fit(X, Y)
    moved = sum(((a - b) ** 2).sum() for a, b in zip(*clipped.coefs, strict=True))
    assert 0 < np.sqrt(moved) <= 0.5 * 1e-3 * (1 + 1e-9)
    assert_same(model(**sgd, max_iter=2, clip_norm=1e6).fit(X, Y), free)


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop"])
def test_epochs_by_partial_fit_are_those_of_fit(solver):
    options = {"solver": solver, "shuffle": False, "learning_rate": "invscaling", "batch_size": 70}
    whole, parts = model(**options, max_iter=4).fit(X, Y), model(**options, max_iter=4)
    for _ in range(4):
        parts.partial_fit(X, Y, classes=[0, 1, 2])
    assert_same(parts, whole)
    assert parts.loss_curve_ == whole.loss_curve_
    assert (parts.t_, parts.n_iter_) == (4 * 300, 1)


@pytest.mark.parametrize("before", ["sgd", "adam", "rmsprop"])
def test_another_optimizer_begins_without_what_the_one_before_kept(before):
    parts = model(solver=before, shuffle=False)
    for _ in range(3):
        parts.partial_fit(X, Y, classes=[0, 1, 2])
    after = {"adam": "rmsprop"}.get(before, "adam")
    fresh = model(solver=after, shuffle=False, max_iter=1, warm_start=True)
    vars(fresh).update({name: each for name, each in vars(parts).items() if name.endswith("_")})
    assert_same(parts.set_params(solver=after).partial_fit(X, Y), fresh.fit(X, Y))


def test_partial_fit_after_a_fit_of_other_columns_begins_anew():
    parts = model(learning_rate_init=0.05).partial_fit(X, Y, classes=[0, 1, 2])
    parts.set_params(solver="lbfgs").fit(X[:, :2], Y)
    fitted = model(solver="lbfgs", learning_rate_init=0.05).fit(X[:, :2], Y)
    for each in (parts, fitted):
        each.set_params(solver="adam").partial_fit(X[:, :2], Y)
    assert_same(parts, fitted)


def test_partial_fit_may_see_the_classes_one_after_the_other():
    parts = model(learning_rate_init=0.05)
    for _ in range(30):
        for code in range(3):
            # The labels go 0, 1, 2, 0, 1, 2, …
            parts.partial_fit(X[code::3], Y[code::3], classes=[0, 1, 2])
    assert parts.classes_.tolist() == [0, 1, 2]
    assert parts.predict_proba(X).shape == (300, 3)


@pytest.mark.parametrize(
    ("options", "arguments", "message"),
    [
        ({}, {}, "classes"),
        ({}, {"classes": [0, 1]}, "2"),
        ({}, {"classes": [1]}, "one class only"),
        ({"early_stopping": True}, {"classes": [0, 1, 2]}, "early_stopping=True"),
        ({"class_weight": "balanced"}, {"classes": [0, 1, 2]}, "class_weight='balanced'"),
    ],
    ids=str,
)
def test_partial_fit_refuses_what_it_cannot_do(options, arguments, message):
    broken = model(**options)
    with pytest.raises(ValueError, match=message):
        broken.partial_fit(X, Y, **arguments)
    assert not hasattr(broken, "coefs_")


def test_partial_fit_is_no_method_of_a_full_batch_solver():
    assert not hasattr(model(solver="lbfgs"), "partial_fit")


def test_a_warm_start_goes_on_where_the_last_fit_ended():
    options = {"solver": "sgd", "momentum": 0.0, "shuffle": False, "tol": 0.0}
    whole = model(**options, max_iter=7).fit(X, Y)
    warm = model(**options, max_iter=3, warm_start=True).fit(X, Y).set_params(max_iter=4)
    warm.fit(X, Y)
    assert_same(warm, whole)
    assert warm.loss_curve_ == whole.loss_curve_
    assert (warm.n_iter_, warm.t_) == (4, whole.t_)
    cold = warm.set_params(warm_start=False, max_iter=7).fit(X, Y)
    assert_same(cold, whole)


def test_each_fit_of_a_warm_start_has_a_cosine_of_its_own():
    record = Record()
    warm = model(warm_start=True, learning_rate="cosine", callbacks=record).fit(X, Y)
    warm.fit(X, Y)
    rates = [epoch.learning_rate for epoch in record.seen]
    assert rates[:12] == rates[12:]
    assert warm.loss_curve_[-1] < warm.loss_curve_[11]


def test_a_warm_start_of_lbfgs_begins_at_the_optimum_it_had_reached():
    options = {"solver": "lbfgs", "activation": "tanh", "tol": 1e-6, "max_iter": 2000}
    warm = model(**options, alpha=1.0, warm_start=True).fit(X, Y)
    first = warm.loss_
    assert warm.fit(X, Y).n_iter_ <= 2
    assert warm.loss_ <= first + 1e-12


@pytest.mark.parametrize(
    ("change", "labels", "message"),
    [({"hidden_layer_sizes": (9,)}, Y, "hidden_layer_sizes"), ({}, Y % 2, "classes")],
    ids=["layers", "classes"],
)
def test_a_warm_start_with_other_layers_or_classes_is_refused(change, labels, message):
    warm = model(warm_start=True).fit(X, Y).set_params(**change)
    with pytest.raises(ValueError, match=message):
        warm.fit(X, labels)


def test_lbfgs_stops_at_max_fun_with_the_best_weights_it_has_seen():
    few = model(solver="lbfgs", max_fun=5).fit(X, Y)
    more = model(solver="lbfgs", max_fun=500, max_iter=300).fit(X, Y)
    assert not few.converged_
    assert few.loss_ > more.loss_


def test_dropout_is_another_descent_and_repeats_with_the_seed():
    one, two = (model(dropout=0.4).fit(X, Y) for _ in range(2))
    assert_same(one, two)
    assert (one.coefs_[0] != model().fit(X, Y).coefs_[0]).any()
