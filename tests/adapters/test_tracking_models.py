from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.onnx
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from sklearn.pipeline import Pipeline

from pipelines.adapters.tracking.models import LoggedModel, log_model, save_model
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.estimators.reference import ReferenceLogistic
from pipelines.inference import Predictor, serving
from pipelines.inference.convert import to_onnx
from tests.test_libraries import install

CONTRACT: dict[str, Any] = {
    "target": "species",
    "classes": ["Adélie", "Gentoo"],
    "missing": ["NA"],
    "columns": {
        "bill length, mm": {"type": "number", "missing": True},
        "year": {"type": "integer", "missing": True},
        "tagged": {"type": "boolean", "missing": True},
        "seen": {"type": "date", "unit": "day", "missing": True},
        "island": {"type": "category", "values": ["Biscoe", "Dream"], "missing": True},
    },
}
ROWS: list[dict[str, Any]] = [
    {
        "bill length, mm": 39.1,
        "year": 2007,
        "tagged": True,
        "seen": "2007-11-11",
        "island": "Dream",
    },
    {
        "bill length, mm": None,
        "year": 2009,
        "tagged": False,
        "seen": "2009-01-15T10:00:00+02:00",
        "island": None,
    },
    {"bill length, mm": 50, "year": None, "tagged": None, "seen": None, "island": "Atlantis"},
]
NAMES = list(CONTRACT["columns"])
SERVING = [
    Path(serving.__file__).with_name(f"{name}.py")
    for name in ("serving", "binding", "columns", "cells")
]


@dataclass(frozen=True)
class Registered:
    client: MlflowClient
    uri: str
    run_id: str
    logged: LoggedModel
    content: bytes
    features: pd.DataFrame


def features() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 200
    X = pd.DataFrame(
        {
            "bill length, mm": rng.normal(45, 5, n),
            "year": rng.integers(2007, 2010, n).astype(float),
            "tagged": rng.integers(0, 2, n).astype(float),
            "seen": rng.integers(13_500, 14_500, n).astype(float),
        }
    )
    for name in X.columns:
        X.loc[rng.random(n) < 0.1, name] = np.nan
    X["island"] = rng.choice(["Biscoe", "Dream", ""], n)
    return X


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    folder = tmp_path_factory.mktemp("store")
    X = features()
    y = np.where(X["bill length, mm"].fillna(45) + X["tagged"].fillna(0) > 45, "Gentoo", "Adélie")
    preprocessor = Preprocessor(NAMES[:4], NAMES[4:])
    pipeline = Pipeline([("preprocess", preprocessor), ("estimator", ReferenceLogistic())])
    content = to_onnx(pipeline.fit(X, y), CONTRACT, {"data": "0" * 64})
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment("penguins", (folder / "artifacts").as_uri())
    run_id = client.create_run(experiment).info.run_id
    logged = log_model(client, run_id, content, CONTRACT, X, SERVING)
    client.create_registered_model("penguins")
    made = client.create_model_version(
        "penguins", logged.location, run_id=run_id, model_id=logged.model_id
    )
    client.set_registered_model_alias("penguins", "champion", made.version)
    return Registered(client, uri, run_id, logged, content, X)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the libraries and not this project."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "bin" / "python"
    # MLflow starts uvicorn by its command, which an installation would have put here.
    uvicorn = python.with_name("uvicorn")
    uvicorn.write_text(f"#!{python}\nfrom uvicorn.main import main\n\nmain()\n")
    uvicorn.chmod(0o755)
    return python


@pytest.fixture(scope="module")
def server(
    registered: Registered, elsewhere: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(elsewhere), "-m", "mlflow", "models", "serve", "-m", "models:/penguins@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "PATH": f"{elsewhere.parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": registered.uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--workers", "1"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, process, log)
            yield address
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=20)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{address}/ping", timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(address: str, payload: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{address}/invocations",
        json.dumps(payload).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["predictions"]


def expected(registered: Registered, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    labels, probabilities = Predictor.from_bytes(registered.content).run(rows)
    names = [f"probability_{label}" for label in CONTRACT["classes"]]
    return [
        {"label": label, **dict(zip(names, p, strict=True))}
        for label, p in zip(labels.tolist(), probabilities.tolist(), strict=True)
    ]


def test_the_project_cannot_be_imported_where_the_model_is_served(elsewhere: Path) -> None:
    for module, found in (("pipelines", False), ("mlflow", True)):
        code = f"import importlib.util as u; print(u.find_spec({module!r}) is not None)"
        answer = subprocess.run(
            [str(elsewhere), "-c", code], cwd=elsewhere.parent, capture_output=True, text=True
        )
        assert answer.stdout.strip() == str(found), answer.stderr


def payloads(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        "dataframe_split": {
            "dataframe_split": {
                "columns": NAMES,
                "data": [[row[name] for name in NAMES] for row in rows],
            }
        },
        "dataframe_records": {"dataframe_records": rows},
        "inputs": {"inputs": {name: [row[name] for row in rows] for name in NAMES}},
    }


@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "inputs"])
@pytest.mark.parametrize(
    "rows",
    [ROWS, ROWS[:1], ROWS[1:2], ROWS[2:], [{**ROWS[0], "tagged": None}] * 2],
    ids=["all", "whole", "gaps", "integer gap", "boolean gap"],
)
def test_mlflow_models_serve_answers_as_the_predictor_does(
    server: str, registered: Registered, form: str, rows: list[dict[str, Any]]
) -> None:
    answers = ask(server, payloads(rows)[form])
    assert len(answers) == len(rows)
    for answer, right in zip(answers, expected(registered, rows), strict=True):
        assert answer.pop("label") == right.pop("label")
        assert answer == pytest.approx(right, abs=1e-6)


def test_the_server_ignores_further_columns_and_their_order(
    server: str, registered: Registered
) -> None:
    row = dict(reversed([*ROWS[0].items(), ("further", "1")]))
    (answer,) = ask(server, {"dataframe_records": [row]})
    assert answer["label"] == expected(registered, ROWS[:1])[0]["label"]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({name: ROWS[0][name] for name in NAMES if name != "seen"}, "seen"),
        ({**ROWS[0], "year": 2007.5}, "year"),
        ({**ROWS[0], "tagged": "perhaps"}, "tagged"),
    ],
    ids=["missing", "fraction", "text"],
)
def test_the_server_refuses_a_missing_or_mistyped_column_by_name(
    server: str, row: dict[str, Any], name: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, {"dataframe_records": [row]})
    assert refused.value.code == 400
    assert f"'{name}'" in refused.value.read().decode()


def test_the_onnx_flavour_gives_the_graph_as_it_was_proven(registered: Registered) -> None:
    folder = download(registered)
    graph = mlflow.onnx.load_model(str(folder))
    assert [value.name for value in graph.graph.input] == NAMES
    assert (folder / "model.onnx").read_bytes() == registered.content


def test_the_python_flavour_keeps_the_index_and_takes_frames_as_pandas_reads_them(
    registered: Registered,
) -> None:
    table = pd.DataFrame(ROWS, index=[7, 3, 5])
    table["year"] = [2007, 2009, 2008]
    table["bill length, mm"] = [39.1, np.nan, 50.0]
    answer = mlflow.pyfunc.load_model(str(download(registered))).predict(table)
    rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    assert answer.index.tolist() == [7, 3, 5]
    assert answer["label"].tolist() == [right["label"] for right in expected(registered, rows)]


def test_a_changed_file_is_refused_before_it_is_parsed(registered: Registered) -> None:
    folder = download(registered)
    content = bytearray(registered.content)
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ValueError, match="not the file that was proven"):
        mlflow.pyfunc.load_model(str(folder))


def test_the_example_is_a_request_as_a_client_sends_it(registered: Registered) -> None:
    folder = download(registered)
    example = json.loads((folder / "serving_input_example.json").read_text())["dataframe_split"]
    assert example["columns"] == NAMES
    labels = Predictor.from_bytes(registered.content).predict(
        [dict(zip(NAMES, row, strict=True)) for row in example["data"]]
    )
    right, _ = Predictor.from_bytes(registered.content).answer(registered.features.head(5))
    assert labels.tolist() == right.tolist()


def test_the_requirements_are_pinned_and_name_no_more_than_serving_needs(
    registered: Registered,
) -> None:
    lines = (download(registered) / "requirements.txt").read_text().split()
    names = {line.split("==")[0] for line in lines}
    assert all("==" in line for line in lines)
    assert names == {"mlflow", "numpy", "onnx", "onnxruntime", "pandas"}


def test_a_model_made_beside_the_build_for_gpus_asks_for_the_plain_onnx_runtime(
    registered: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is answered on the CPU, so whoever serves it needs no libraries of CUDA.
    install(monkeypatch, onnxruntime_gpu="1.31.1")
    save_model(tmp_path / "model", registered.content, CONTRACT, registered.features, SERVING)
    lines = (tmp_path / "model" / "requirements.txt").read_text().split()
    assert "onnxruntime==1.31.1" in lines
    assert not [line for line in lines if "gpu" in line]


def test_a_model_that_the_run_has_already_is_not_logged_again(registered: Registered) -> None:
    again = log_model(
        registered.client,
        registered.run_id,
        registered.content,
        CONTRACT,
        registered.features,
        SERVING,
    )
    assert again == registered.logged


def download(registered: Registered) -> Path:
    """A fresh copy of the registered version's files."""
    folder = Path(tempfile.mkdtemp(dir=Path(registered.uri.removeprefix("sqlite:///")).parent))
    source = urllib.request.url2pathname(urllib.parse.urlparse(registered.logged.location).path)
    return Path(shutil.copytree(source, folder / "model"))
