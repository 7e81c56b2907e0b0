"""An exported graph as a model of MLflow, in two flavours.

`mlflow.onnx.load_model` gives the graph itself. The python_function flavour, which `mlflow
models serve` and `mlflow.pyfunc.load_model` run, binds rows by name: the stock one for ONNX
fails on text under pandas 3. Its loader is a copy of the project's serving files, so that the
model runs where the project is not installed.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
from mlflow.entities import LoggedModelOutput
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types.schema import Schema

from pipelines.adapters.tracking.registry import SHA256
from pipelines.libraries import version

__all__ = ["LoggedModel", "log_model", "save_model", "signature"]

LOADER = "serving"  # the module among the serving files that has _load_pyfunc
REQUIREMENTS = ("numpy", "onnx", "onnxruntime", "pandas")
EXAMPLE_ROWS = 5

# MLflow converts the rows before the model sees them, and silently: under `boolean` a gap
# becomes False, under `long` 3.5 becomes 3, under `string` a gap in an `inputs` payload becomes
# the text None; `datetime` refuses a time zone. Only `double` keeps gaps. The other columns
# pass as they are, and the model itself types them and refuses by name what does not fit.
TYPES = {"number": "double"}
LABELS = {bool: "boolean", int: "long", str: "string"}


@dataclass(frozen=True)
class LoggedModel:
    """A model in MLflow.

    Attributes
    ----------
    uri : str
        Its address, `models:/m-…`.
    model_id : str
    location : str
        Where its files lie: the source to register a version of. MLflow would look up the
        address in its global tracking store, which need not be the client's.
    """

    uri: str
    model_id: str
    location: str


def log_model(
    client: MlflowClient,
    run_id: str,
    model: bytes,
    contract: Mapping[str, Any],
    features: pd.DataFrame,
    loader: Sequence[Path],
    name: str = "model",
) -> LoggedModel:
    """The model in MLflow, logged as an output of the run; one logged before is found again.

    Parameters
    ----------
    client : MlflowClient
        Of the store that holds the run.
    run_id : str
        The run that made the model.
    model : bytes
        The ONNX file.
    contract : mapping
        Target, classes, missing words and columns.
    features : DataFrame
        Rows as ingest leaves them; the first become the input example.
    loader : sequence of Path
        The serving files, `serving.py` among them.
    name : str
        Shown in MLflow.
    """
    sha256 = hashlib.sha256(model).hexdigest()
    experiment_id = client.get_run(run_id).info.experiment_id
    for found in client.search_logged_models(
        [experiment_id], filter_string=f"tags.`{SHA256}` = '{sha256}'"
    ):
        if found.source_run_id == run_id and str(found.status) == "READY":
            return _logged(found)
    made = client.create_logged_model(
        experiment_id, name, run_id, tags={SHA256: sha256}, model_type="classifier"
    )
    entry = Model(
        artifact_path=made.artifact_location,
        run_id=run_id,
        model_uuid=made.model_id,
        model_id=made.model_id,
    )
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "model")
            save_model(folder, model, contract, features, loader, entry)
            client.log_model_artifacts(made.model_id, str(folder))
        client.log_outputs(run_id, [LoggedModelOutput(made.model_id, step=0)])
    except BaseException:
        client.finalize_logged_model(made.model_id, "FAILED")
        raise
    client.finalize_logged_model(made.model_id, "READY")
    return _logged(made)


def _logged(model: Any) -> LoggedModel:
    return LoggedModel(f"models:/{model.model_id}", model.model_id, model.artifact_location)


def save_model(
    folder: Path,
    model: bytes,
    contract: Mapping[str, Any],
    features: pd.DataFrame,
    loader: Sequence[Path],
    entry: Model | None = None,
) -> None:
    """Write the model with both flavours into a new folder; parameters as of `log_model`."""
    entry = entry or Model()
    entry.add_flavor(
        "onnx",
        onnx_version=version("onnx"),
        data="model.onnx",
        providers=["CPUExecutionProvider"],
        onnx_session_options=None,
        code=None,
    )
    with tempfile.TemporaryDirectory() as scratch:
        package = _loader_package(Path(scratch), loader)
        mlflow.pyfunc.save_model(
            path=str(folder),
            mlflow_model=entry,
            loader_module=f"{package.name}.{LOADER}",
            code_paths=[str(package)],
            signature=signature(contract),
            input_example=example(features, contract),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        )
    digest = hashlib.sha256(model).hexdigest()
    (folder / "model.onnx").write_bytes(model)
    (folder / "model.onnx.sha256").write_text(f"{digest}  model.onnx\n", encoding="utf-8")


def signature(contract: Mapping[str, Any]) -> ModelSignature:
    """The columns that the model takes, all required, and those that it answers with."""
    inputs = {name: TYPES.get(spec["type"], "any") for name, spec in contract["columns"].items()}
    classes = contract["classes"]
    outputs = {"label": LABELS[type(classes[0])]}
    outputs |= {f"probability_{label}": "float" for label in classes}
    return ModelSignature(inputs=_schema(inputs), outputs=_schema(outputs))


def _schema(types: Mapping[str, str]) -> Schema:
    columns = [{"name": name, "type": kind, "required": True} for name, kind in types.items()]
    schema: Schema = Schema.from_json(json.dumps(columns))
    return schema


def example(features: pd.DataFrame, contract: Mapping[str, Any]) -> pd.DataFrame:
    """The first rows as a client sends them: dates as text, booleans as such, gaps as None."""
    rows = features.head(EXAMPLE_ROWS)
    return pd.DataFrame(
        {
            name: pd.Series([_as_sent(value, spec) for value in rows[name]], dtype=object)
            for name, spec in contract["columns"].items()
        }
    )


def _as_sent(value: Any, spec: Mapping[str, Any]) -> Any:
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if spec["type"] == "boolean":
        return bool(value)
    if spec["type"] == "integer":
        return int(value)
    if spec["type"] == "date":
        unit = {"day": "days", "second": "seconds"}[spec["unit"]]
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(**{unit: value})
        whole_day = spec["unit"] == "day" and value == int(value)
        return moment.date().isoformat() if whole_day else moment.isoformat()
    return value


def _loader_package(folder: Path, files: Sequence[Path]) -> Path:
    """The serving files as a package whose name tells its content.

    Two models in one process then never share a loader that is another's.
    """
    content = b"".join(path.read_bytes() for path in sorted(files))
    package = folder / f"logitline_serving_{hashlib.sha256(content).hexdigest()[:12]}"
    package.mkdir()
    (package / "__init__.py").write_text('"""The loader of this model."""\n', encoding="utf-8")
    for path in files:
        shutil.copyfile(path, package / path.name)
    return package
