"""The multilayer perceptron."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import check_is_fitted

from pipelines.estimators.bad_input import named_refusals
from pipelines.estimators.labels import class_codes, known_codes, same_classes
from pipelines.estimators.layer_table import LayerTable, layer_table
from pipelines.estimators.loss import LOSSES
from pipelines.estimators.mlp_base import Perceptron
from pipelines.estimators.network import raw_predictions
from pipelines.estimators.unchanged import unchanged_on_failure
from pipelines.estimators.validation import FLOATS, labelled_rows, rows_to_predict

__all__ = ["MLPClassifier"]


def has_epochs(model: Any) -> bool:
    """Whether the model learns by epochs, one of which `partial_fit` can do."""
    if model.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. solver='lbfgs' is not "
            "stochastic: it needs all rows at once."
        )
    return True


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """Multilayer perceptron.

    Two classes have one logistic output unit, more have a softmax over one unit each. The
    objective of a batch is its mean loss plus ``alpha / (2 n)`` times the squared norm of
    the coefficients, n the rows of the batch (the sum of their weights), as in scikit-learn.
    Without a hidden layer it is logistic regression.

    float32 rows are computed in float32, others in float64. With a `random_state` the
    result repeats bit for bit and does not depend on the number of threads.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(100,)
        Width of each hidden layer; ``()`` for none.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
        Of the hidden layers.
    solver : {"adam", "adamw", "rmsprop", "sgd", "lbfgs"}, default="adam"
        The optimizer. "lbfgs" takes all rows at once; what is said of epochs, batches and
        learning rates below does not concern it.
    loss : {"log_loss", "squared_error"}, default="log_loss"
        The squared error is that of the probabilities, half its sum over the classes.
    alpha : float, default=1e-4
        Strength of the L2 penalty.
    batch_size : int or "auto", default="auto"
        Rows a step; "auto" is 200; all rows where there are fewer.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="constant"
        How the step size changes: not; with the rows seen, to the power of `power_t`;
        divided by 5 whenever the fit would end; along a half cosine down to zero at
        `max_iter`, in `partial_fit` counted over all calls.
    learning_rate_init : float, default=1e-3
        The step size at the beginning.
    power_t : float, default=0.5
    max_iter : int, default=200
        Epochs at most; iterations of "lbfgs".
    shuffle : bool, default=True
        Whether each epoch reads the rows in an order of its own.
    random_state : int, RandomState or None, default=None
        Draws the first weights, the rows held out, the rows' order, the units dropped.
    tol : float, default=1e-4
        An epoch counts as progress when its loss is lower than the best by this, or its
        validation score higher; for "lbfgs", the largest component of the gradient left.
    verbose : bool, default=False
        Whether each epoch's loss is written to the standard output.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last fit.
    momentum : float, default=0.9
        Of "sgd".
    nesterovs_momentum : bool, default=True
        Of "sgd".
    early_stopping : bool, default=False
        Whether a part of the rows is held out, and progress is measured on it. The weights
        of the best epoch are kept.
    validation_fraction : float, default=0.1
        The part held out.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Of "adam" and "adamw"; `epsilon` of "rmsprop" too.
    n_iter_no_change : int, default=10
        Epochs without progress after which the fit ends.
    max_fun : int, default=15000
        Evaluations of the objective at most, for "lbfgs".
    rho : float, default=0.9
        Of "rmsprop": the share of the mean square that a step keeps.
    weight_decay : float, default=0.01
        Of "adamw": the share of the coefficients, times the step size, that a step takes off.
    dropout : float, default=0.0
        The share of the hidden units that each row's step leaves out; predictions use all.
    clip_norm : float or None, default=None
        The largest norm of a step's gradient; longer ones are shortened to it.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class's rows; "balanced" gives all classes the same sum.
    callbacks : callable, list of callables or None, default=None
        Called after each epoch with an `Epoch`; one that returns True ends the fit there. An
        exception goes through, and the estimator is left as it was before the call.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, sorted.
    coefs_ : list of ndarray, one a layer, shape (fan_in, fan_out)
    intercepts_ : list of ndarray, one a layer, shape (fan_out,)
    loss_ : float
        The objective's mean over the last epoch.
    loss_curve_ : list of float
        The objective's mean over each epoch; its value at the start and after each
        iteration of "lbfgs".
    best_loss_ : float or None
        The least of these; None with early stopping.
    validation_scores_ : list of float or None
        Accuracy on the rows held out after each epoch; None without early stopping.
    best_validation_score_ : float or None
    n_iter_ : int
        Epochs done in the last call.
    t_ : int
        Rows seen in all epochs.
    converged_ : bool
        Whether the fit ended before `max_iter`, for want of progress.
    n_layers_ : int
        Layers, input and output among them.
    n_outputs_ : int
    out_activation_ : {"logistic", "softmax"}
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
    >>> print(model.summary())
    Layer (activation)  Output Shape  Param #
    ─────────────────────────────────────────
    input               (None, 2)           0
    hidden_1 (tanh)     (None, 8)          24
    output (logistic)   (None, 1)           9
    ─────────────────────────────────────────
    Total params: 33 (264.00 B)
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """The classifier itself, fitted to the rows X with labels y.

        Parameters
        ----------
        X : array or sparse matrix, shape (n_rows, n_features)
            C-contiguous float arrays are read where they are; of others some batches at a
            time are copied.
        y : array of labels, shape (n_rows,)
        sample_weight : array of float, shape (n_rows,), optional
            In a batch of all rows, a row of weight 2 counts as two rows.

        Raises
        ------
        ValueError
            A parameter out of range, NaN or infinity, one class only, weights negative or
            all zero.
        DivergenceError
            The loss or a weight left the range of floating point; names the epoch.
        """
        self._validate_params()
        goes_on = self.warm_start and hasattr(self, "coefs_")
        with unchanged_on_failure(self):
            dtype = self.coefs_[0].dtype if goes_on else FLOATS
            checks = {"accept_sparse": "csr", "reset": not goes_on, "dtype": dtype}
            X, y = labelled_rows(self, X, y, **checks)
            if goes_on:
                codes = same_classes(self.classes_, y)
            else:
                self.classes_, codes = class_codes(y, of="MLPClassifier")
            self._learn(X, codes, sample_weight, goes_on=goes_on)
        return self

    @available_if(has_epochs)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """The classifier itself, after one more epoch, over these rows.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array of labels, shape (n_classes,)
            All labels there will be; needed in the first call only.

        Raises
        ------
        ValueError
            As in `fit`; a label that is none of the classes.
        """
        self._validate_params()
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True; leave it out.")
        goes_on = hasattr(self, "coefs_")
        with unchanged_on_failure(self):
            dtype = self.coefs_[0].dtype if goes_on else FLOATS
            checks = {"accept_sparse": "csr", "reset": not goes_on, "dtype": dtype}
            X, y = labelled_rows(self, X, y, **checks)
            with named_refusals(classes=classes):
                _check_partial_fit_first_call(self, classes)
            if len(self.classes_) < 2:
                raise ValueError(f"classes={classes!r} holds one class only; give all of them.")
            codes = known_codes(self.classes_, y)
            self._learn(X, codes, sample_weight, goes_on=goes_on, one_epoch=True)
        return self

    def _raw(self, X: Any) -> NDArray[np.floating[Any]]:
        X = rows_to_predict(self, X, accept_sparse="csr")
        return raw_predictions(X, self.coefs_, self.intercepts_, self.activation)

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """The probability of each class, shape (n_rows, n_classes)."""
        raw = self._raw(X)
        return LOSSES[self.loss](len(self.classes_)).probabilities(raw)

    def predict_log_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """The logarithm of each class's probability, finite also where that is zero."""
        raw = self._raw(X)
        return LOSSES[self.loss](len(self.classes_)).log_probabilities(raw)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row; the first of `classes_` where two are equal."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    def summary(self) -> LayerTable:
        """The layers with their shapes and numbers of parameters; its text is the table."""
        check_is_fitted(self)
        return layer_table(self.coefs_, self.intercepts_, self.activation, self.out_activation_)
