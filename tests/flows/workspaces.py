"""Small workspaces for the flow's tests, and the command run in them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from flows import promotion
from flows.line import open_line
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.promotion.history import Entry

CONFIG = """\
[source]
path = "flowers.csv"
target = "kind"
classes = ["daisy", "rose", "tulip"]

[columns]
height = {{ type = "number", min = 0, missing = true }}
petals = {{ type = "integer", min = 0 }}
colour = {{ type = "category", values = ["red", "white", "yellow"], missing = true }}

[split]
test = 0.3
salt = 0

[[candidates]]
name = "logistic"
estimator = "logistic"

[[candidates]]
name = "tree"
estimator = "decision_tree"
max_depth = 4

[[candidates]]
name = "prior"
estimator = "prior"
{more}
[selection]
folds = 3

[promotion]
confidence = {confidence}

[registry]
model = "flowers"
"""


def flowers(rows: int, seed: int = 0, noise: float = 0.6) -> str:
    """A CSV table whose kind follows from its columns, as far as the noise lets it."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(rows) % 3
    lines = ["height,petals,colour,kind"]
    for kind in kinds:
        height = f"{10 * kind + rng.normal(0, 10 * noise) + 30:.2f}" if rng.random() > 0.05 else ""
        petals = int(5 + 8 * kind + rng.integers(0, 1 + int(16 * noise)))
        colour = rng.choice(["red", "white", "yellow", ""], p=np.roll([0.6, 0.2, 0.15, 0.05], kind))
        lines.append(f"{height},{petals},{colour},{('daisy', 'rose', 'tulip')[kind]}")
    return "\n".join(lines) + "\n"


def workspace(folder: Path, rows: int = 150, more: str = "", confidence: float = 0.95) -> Path:
    """A folder with data/flowers.csv and data/flowers.toml; the config's path."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "flowers.csv").write_text(flowers(rows))
    config = data / "flowers.toml"
    config.write_text(CONFIG.format(more=more, confidence=confidence))
    return config


def logitline(
    *arguments: str | Path, cwd: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a user starts it."""
    command = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": root, **environment},
    )


def train_json(config: Path, cwd: Path, **environment: str) -> dict[str, Any]:
    """The JSON object of `logitline train`, after asserting that it ended well."""
    done = logitline("train", config, "--json", cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def registered(folder: Path, number: int) -> registry.Version:
    """One more version, on which nothing was decided."""
    client = tracking.connect(folder)
    experiment = tracking.experiment(client, folder, "flowers")
    run = client.create_run(experiment).info
    graph = f"graph {number}".encode()
    draft = folder / "model.onnx"
    draft.write_bytes(graph)
    client.log_artifact(run.run_id, str(draft), "model")
    tags = {registry.SHA256: hashlib.sha256(graph).hexdigest()}
    source = f"{run.artifact_uri}/model"
    return registry.create_version(client, "flowers", source, run.run_id, tags)


def promoted(config: Path, folder: Path, number: int, champion: str | None) -> str:
    """One more version, made champion; its number."""
    client, version = tracking.connect(folder), registered(folder, number)
    entry = Entry(
        number=0,
        key=f"key {number}",
        time=promotion.time_now(),
        action="promoted",
        version=version.number,
        champion_before=champion,
        champion_after=version.number,
        by="training",
        reason="Promoted.",
        model=promotion.content_of(version),
    )
    with promotion.held(open_line(config, folder), client):
        promotion.move(client, version, entry)
    return version.number
