"""Views of a model's runs, kept in its experiment: the columns and filters of MLflow's run list.

MLflow's list begins without one metric. A saved view, which its page offers by name and by
address, chooses columns for everyone; it lies in a tag of the experiment. A page that does
not know the tag shows its own columns, and nothing is lost.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass

from mlflow.tracking import MlflowClient

__all__ = ["addresses", "save"]

TAG = "mlflow.sharedViewState."
METRICS = ("log_loss", "roc_auc", "accuracy", "f1", "expected_calibration_error")


@dataclass(frozen=True)
class View:
    """Its key in an address, its name, which runs it lists by what, and its columns in order."""

    key: str
    name: str
    filter: str
    order: str
    ascending: bool
    columns: tuple[str, ...]


def _columns(kind: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{kind}.`{name}`" for name in names)


# Failed candidates have no accuracy, and trials neither. Where runs are sorted by time the page
# folds children into their parents.
CANDIDATES = View(
    "logitline-candidates",
    "Candidates of all trainings",
    "metrics.accuracy >= 0 and params.candidate != ''",
    "metrics.`log_loss`",
    True,
    (
        *_columns("params", "configured"),
        *_columns("metrics", *METRICS, "selection_log_loss", "fit_seconds"),
        *_columns("tags", "logitline.winner"),
    ),
)
TRAININGS = View(
    "logitline-trainings",
    "Trainings",
    "params.winner != ''",
    "attributes.start_time",
    False,
    (
        *_columns("params", "winner"),
        *_columns("metrics", *METRICS),
        *_columns("tags", "champion", "estimator", "dataset", "logitline.promoted"),
    ),
)


def save(client: MlflowClient, experiment_id: str) -> None:
    """Keep the views in the experiment; one that is there, changed or not, is left as it is."""
    experiment = client.get_experiment(experiment_id)
    made = experiment.creation_time or 0
    for view in (CANDIDATES, TRAININGS):
        if TAG + view.key not in experiment.tags:
            facts = {"name": view.name, "createdAt": made, "updatedAt": made, "state": _state(view)}
            client.set_experiment_tag(experiment_id, TAG + view.key, json.dumps(facts))


def addresses(client: MlflowClient, page: str) -> dict[str, str]:
    """Model → where the UI at this address compares its candidates."""
    query = f"viewStateShareKey={CANDIDATES.key}"
    return {
        each.name: f"{page}/#/experiments/{each.experiment_id}/runs?{query}"
        for each in client.search_experiments()
        if TAG + CANDIDATES.key in each.tags
    }


def _state(view: View) -> str:
    """The state as the page packs it; what is not told keeps the page's own value."""
    state = {
        "searchFilter": view.filter,
        "orderByKey": view.order,
        "orderByAsc": view.ascending,
        "selectedColumns": list(view.columns),
        "columnOrder": list(view.columns),
    }
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode())
    return f"deflate;{base64.b64encode(packed).decode()}"
