"""The multilayer perceptron with log loss, fitted by Adam."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.divergence import DivergenceError
from pipelines.estimators.loss import Codes, Floats, log_loss_for
from pipelines.estimators.network import Network, forward
from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.row_blocks import row_blocks
from pipelines.estimators.threads import one_blas_thread
from pipelines.estimators.validation import rows_to_predict, training_rows

__all__ = ["MLPClassifier"]


def hidden_widths(sizes: Any) -> list[int]:
    """The hidden layers' widths as a list; a single number stands for one layer.

    Raises
    ------
    ValueError
        Where a width is no whole number of at least 1.
    """
    widths = list(sizes) if np.iterable(sizes) and not isinstance(sizes, str) else [sizes]
    for width in widths:
        if not isinstance(width, Integral) or isinstance(width, bool) or width < 1:
            raise ValueError(
                "The 'hidden_layer_sizes' parameter of MLPClassifier must hold whole numbers of "
                f"at least 1, one a hidden layer. Got {sizes!r} instead."
            )
    return [int(width) for width in widths]


class MLPClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Multilayer perceptron with log loss, fitted by Adam.

    Two classes have one logistic output unit, more have a softmax over one unit each. The
    objective of a batch is its mean log loss plus ``alpha / (2 n)`` times the squared norm
    of the coefficients, n the rows of the batch, as in scikit-learn. Without a hidden layer
    it is logistic regression.

    float32 rows are computed in float32, others in float64. With a `random_state` the
    result repeats bit for bit and does not depend on the number of threads.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(100,)
        Width of each hidden layer; ``()`` for none.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
        Of the hidden layers.
    alpha : float, default=1e-4
        Strength of the L2 penalty.
    batch_size : int or "auto", default="auto"
        Rows a step; "auto" is 200, or all rows where there are fewer.
    learning_rate_init : float, default=1e-3
        Adam's step size.
    max_iter : int, default=200
        Epochs at most.
    tol : float, default=1e-4
        An epoch counts as progress when its loss is lower than the best by more than this.
    n_iter_no_change : int, default=10
        Epochs without progress after which the fit ends.
    random_state : int, RandomState or None, default=None
        Draws the first weights and the order of the rows in each epoch.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, sorted.
    coefs_ : list of ndarray, one a layer, shape (fan_in, fan_out)
    intercepts_ : list of ndarray, one a layer, shape (fan_out,)
    loss_ : float
        The objective's mean over the last epoch.
    loss_curve_ : list of float
        The objective's mean over each epoch.
    n_iter_ : int
        Epochs done.
    n_layers_ : int
        Layers, input and output among them.
    n_outputs_ : int
    out_activation_ : {"logistic", "softmax"}
    converged_ : bool
        Whether the fit ended before `max_iter`, for want of progress.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X has column names.

    Examples
    --------
    >>> from pipelines.estimators import MLPClassifier
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["same", "not", "not", "same"]
    >>> model = MLPClassifier((8,), activation="tanh", learning_rate_init=0.05, random_state=0)
    >>> model.fit(X, y).predict(X).tolist()
    ['same', 'not', 'not', 'same']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    def _validate_params(self) -> None:
        super()._validate_params()
        hidden_widths(self.hidden_layer_sizes)

    def fit(self, X: Any, y: Any) -> Self:
        """The classifier itself, fitted to the rows X with labels y.

        Raises
        ------
        ValueError
            A parameter out of range, NaN or infinity, one class only.
        DivergenceError
            The loss or a weight left the range of floating point; names the epoch.
        """
        self._validate_params()
        X, codes = training_rows(self, X, y)
        loss = log_loss_for(len(self.classes_))
        batch_size = min(200 if self.batch_size == "auto" else int(self.batch_size), len(X))
        sizes = [X.shape[1], *hidden_widths(self.hidden_layer_sizes), loss.n_outputs]
        network = Network(loss, sizes, self.activation, self.alpha, X.dtype, batch_size)
        random = check_random_state(self.random_state)
        network.initialise(random)
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            self._descend(network, X, codes, random, batch_size)
        self.coefs_ = [W.copy() for W in network.coefs]
        self.intercepts_ = [b.copy() for b in network.intercepts]
        self.n_layers_ = len(sizes)
        self.n_outputs_ = loss.n_outputs
        self.out_activation_ = "logistic" if loss.n_outputs == 1 else "softmax"
        if not self.converged_:
            warnings.warn(
                f"MLPClassifier stopped after max_iter={self.max_iter} epochs while its loss "
                f"still fell (now {self.loss_:.4g}). Raise max_iter or learning_rate_init, or "
                "raise tol if the loss is good enough.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _descend(
        self, network: Network, X: Floats, codes: Codes, random: RandomState, batch_size: int
    ) -> None:
        optimizer = Adam(network.weights, learning_rate=self.learning_rate_init)
        self.loss_curve_: list[float] = []
        best, waited = np.inf, 0
        self.converged_ = False
        batch = np.empty((batch_size, X.shape[1]), dtype=X.dtype)
        for epoch in range(1, self.max_iter + 1):
            order = random.permutation(len(X))
            total = 0.0
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                picked = np.take(X, rows, axis=0, out=batch[: len(rows)], mode="clip")
                value, gradient = network.value_and_gradient(picked, codes[rows])
                optimizer.step(gradient)
                total += value * len(rows)
            self.loss_ = total / len(X)
            self._require_finite(network, epoch)
            self.loss_curve_.append(self.loss_)
            self.n_iter_ = epoch
            waited = waited + 1 if self.loss_ > best - self.tol else 0
            best = min(best, self.loss_)
            if waited > self.n_iter_no_change:
                self.converged_ = True
                return

    def _require_finite(self, network: Network, epoch: int) -> None:
        if np.isfinite(self.loss_) and np.isfinite(network.weights).all():
            return
        raise DivergenceError(
            f"MLPClassifier diverged in epoch {epoch}: its loss or weights left the range of "
            f"floating point. Lower learning_rate_init (now {self.learning_rate_init:g}) or "
            "scale the columns of X.",
            epoch=epoch,
        )

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """The probability of each class, shape (n_rows, n_classes)."""
        X = rows_to_predict(self, X)
        loss = log_loss_for(len(self.classes_))
        dtype = np.result_type(X.dtype, self.coefs_[0].dtype)
        probabilities = np.empty((len(X), len(self.classes_)), dtype=dtype)
        with one_blas_thread():
            for block in row_blocks(X):
                raw = forward(X[block], self.coefs_, self.intercepts_, self.activation)
                probabilities[block] = loss.probabilities(raw)
        return probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row; the first of `classes_` where two are equal."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels
