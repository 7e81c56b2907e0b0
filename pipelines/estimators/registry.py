"""The table of candidates: what a config's `estimator = "…"` may name, and how it is built.

A new candidate is one row of `CANDIDATES` and a function that imports its class. The import
stands inside the function, so that listing the names loads no library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["CANDIDATES", "TRUSTED_TYPES", "ParameterError", "Row", "build", "check"]


def _logistic() -> Any:
    from pipelines.estimators.logistic import LogisticClassifier

    return LogisticClassifier


def _mlp() -> Any:
    from pipelines.estimators.mlp import MLPClassifier

    return MLPClassifier


def _sklearn_logistic() -> Any:
    from pipelines.estimators.reference import ReferenceLogistic

    return ReferenceLogistic


def _decision_tree() -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier


def _hist_gradient_boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier


def _linear_threshold() -> Any:
    from pipelines.estimators.baselines import LinearThreshold

    return LinearThreshold


def _prior() -> Any:
    from pipelines.estimators.baselines import Prior

    return Prior


@dataclass(frozen=True)
class Row:
    """A candidate: its class, the arguments it starts from, and how its columns arrive.

    Attributes
    ----------
    load : callable
        Imports the class and gives it.
    scale : bool
        Whether preprocessing centres and scales the numbers. Trees want plain values.
    arguments : mapping
        Constructor arguments; the config's parameters come on top.
    """

    load: Callable[[], Any]
    scale: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)


CANDIDATES: Mapping[str, Row] = {
    "logistic": Row(_logistic, arguments={"max_iter": 10_000, "random_state": 0}),
    "mlp": Row(_mlp, arguments={"random_state": 0}),
    "sklearn_logistic": Row(_sklearn_logistic, arguments={"max_iter": 10_000, "random_state": 0}),
    "decision_tree": Row(_decision_tree, scale=False, arguments={"random_state": 0}),
    # Its own early stopping would hold out rows that the other candidates learn from.
    "hist_gradient_boosting": Row(
        _hist_gradient_boosting,
        scale=False,
        arguments={"early_stopping": False, "random_state": 0},
    ),
    "linear_threshold": Row(_linear_threshold),
    "prior": Row(_prior, scale=False),
}

# Parameters that scikit-learn knows and the line refuses, each with the reason.
REFUSED: Mapping[str, str] = {
    "callbacks": "a config holds no functions; leave it out, or call MLPClassifier from Python.",
    "n_jobs": "the line spreads the candidates over the cores; leave it out.",
    "verbose": "the line reports progress itself; leave it out.",
    "warm_start": "every fit begins anew; leave it out.",
}

# The types beside skops' own that a fitted pipeline of any row holds.
TRUSTED_TYPES: Sequence[str] = (
    "pipelines.estimators.baselines.LinearThreshold",
    "pipelines.estimators.baselines.Prior",
    "pipelines.estimators.calibration.classifier.CalibratedClassifier",
    "pipelines.estimators.calibration.isotonic.Isotonic",
    "pipelines.estimators.calibration.rules.Argmax",
    "pipelines.estimators.calibration.rules.Costs",
    "pipelines.estimators.calibration.rules.Threshold",
    "pipelines.estimators.calibration.scores.Uncalibrated",
    "pipelines.estimators.calibration.sigmoid.Sigmoid",
    "pipelines.estimators.calibration.temperature.Temperature",
    "pipelines.estimators.logistic.LogisticClassifier",
    "pipelines.estimators.mlp.MLPClassifier",
    "pipelines.estimators.preprocessing.Preprocessor",
    "pipelines.estimators.reference.ReferenceLogistic",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


class ParameterError(ValueError):
    """A candidate that cannot be built; the message holds every sentence of `check`."""


def build(
    estimator: str, parameters: Mapping[str, Any], numbers: Sequence[str], categories: Sequence[str]
) -> Pipeline:
    """The unfitted pipeline of a candidate: preprocessing, then the estimator.

    Parameters
    ----------
    estimator : str
        A name in `CANDIDATES`.
    parameters : mapping
        Constructor arguments as the config gives them; lists become tuples.
    numbers, categories : sequence of str
        The columns of each kind, as `Preprocessor` takes them.

    Raises
    ------
    ParameterError
        With the sentences of `check`, where it has any.
    """
    from sklearn.pipeline import Pipeline

    from pipelines.estimators.preprocessing import Preprocessor

    if mistakes := check(estimator, parameters):
        raise ParameterError(" ".join(mistakes))
    row = CANDIDATES[estimator]
    given = {name: _frozen(value) for name, value in parameters.items()}
    return Pipeline(
        [
            ("preprocess", Preprocessor(list(numbers), list(categories), scale=row.scale)),
            ("estimator", row.load()(**{**row.arguments, **given})),
        ]
    )


def check(estimator: str, parameters: Mapping[str, Any]) -> list[str]:
    """A sentence for each mistake in a candidate's estimator or parameters; nothing is fitted."""
    if estimator not in CANDIDATES:
        return [f"There is no estimator {estimator!r}. {_nearest(estimator, list(CANDIDATES))}"]
    load = CANDIDATES[estimator].load()
    sentences = (
        _mistake(estimator, load, name, value) for name, value in sorted(parameters.items())
    )
    return [sentence for sentence in sentences if sentence]


def _mistake(estimator: str, load: Any, name: str, value: Any) -> str:
    """What is wrong with one parameter, as a sentence; empty if nothing is."""
    known = [each for each in load._get_param_names() if each not in REFUSED]
    if name in REFUSED:
        return f"{name!r} cannot be set for {estimator!r}: {REFUSED[name]}"
    if name not in known:
        return f"{estimator!r} has no parameter {name!r}. {_nearest(name, known)}"
    if not _is_plain(value):
        return (
            f"{name!r} of {estimator!r} is a {type(value).__name__}; it must be a number, a "
            "text, true or false, or a list of these."
        )
    if name == "random_state" and (isinstance(value, bool) or not isinstance(value, int)):
        return (
            f"'random_state' of {estimator!r} must be a whole number, so that a fit repeats. "
            f"Got {value!r} instead."
        )
    if isinstance(value, bool) and "boolean" not in load._parameter_constraints[name]:
        return f"{name!r} of {estimator!r} cannot be true or false. Got {value!r} instead."
    try:
        load(**{name: _frozen(value)})._validate_params()
    except ValueError as error:
        return str(error)
    return ""


def _nearest(name: str, known: Sequence[str]) -> str:
    if not known:
        return "It takes none."
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(repr(each) for each in close) + "?"
    return "It is one of: " + ", ".join(known) + "."


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    return isinstance(value, bool | int | float | str)


def _frozen(value: Any) -> Any:
    """The value with tuples for lists, as constructors take them."""
    return tuple(_frozen(each) for each in value) if isinstance(value, list | tuple) else value
