"""What the line itself costs: whole processes, as a user starts them."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, median
from flows import servers

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
PENGUINS = Path(__file__).parent.parent / "data" / "penguins.toml"


def run(*arguments: str, workspace: Path) -> dict[str, Any]:
    """The JSON of a command started in the workspace, with its wall time as `wall`."""
    started = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=workspace, capture_output=True, text=True, check=True
    )
    took = time.perf_counter() - started
    return {**(json.loads(done.stdout) if "--json" in arguments else {}), "wall": took}


def figures(runs: int) -> list[Figure]:
    """The help, a first training and one with nothing changed, Prefect's server running."""
    os.environ["PYTHONPATH"] = str(PENGUINS.parent.parent)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "server")
        home.mkdir()
        servers.set_environment(home)
        alone = Path(folder, "alone")
        alone.mkdir()
        help_seconds = median(lambda: run("--help", workspace=alone), max(runs, 5))
        cold = run("train", str(PENGUINS), "--json", workspace=alone)["wall"]
        with servers.prefect_server(home) as server:
            server.ready()
            firsts, seconds, overheads = [], [], []
            for index in range(runs):
                workspace = Path(folder, str(index))
                workspace.mkdir()
                first = run("train", str(PENGUINS), "--json", workspace=workspace)
                second = run("train", str(PENGUINS), "--json", workspace=workspace)
                assert {step["status"] for step in second["steps"]} == {"skipped"}
                firsts.append(first["wall"])
                seconds.append(second["wall"])
                inside = {step["name"]: step["seconds"] for step in first["steps"]}
                overheads.append(sum(inside.values()) - inside["train"])
                shutil.rmtree(workspace)
    of = statistics.median
    return [
        Figure("`logitline --help`", help_seconds, "s", "target 0.3 s", max(runs, 5)),
        Figure("first `train`, penguins, its own Prefect server started", cold, "s"),
        Figure("first `train`, penguins, Prefect server running", of(firsts), "s", runs=runs),
        Figure(
            "the six steps beside train, their plots and logging",
            of(overheads),
            "s",
            "target 2 s without the plots",
            runs,
        ),
        Figure(
            "second `train`, nothing changed, Prefect server running",
            of(seconds),
            "s",
            "target 1 s beyond Prefect's start",
            runs,
        ),
    ]
