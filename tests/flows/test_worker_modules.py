"""What the server that worker processes are forked from has imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import importlib, sys, warnings
import numpy as np, pandas as pd
from flows.fits import WORKER_MODULES
for name in WORKER_MODULES:
    importlib.import_module(name)
from pipelines.estimators.registry import CANDIDATES, build
known = set(sys.modules)
rng = np.random.default_rng(0)
X = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60)})
y = (X["a"] > 0).to_numpy()
for name in CANDIDATES:
    build(name, {}, ["a"], ["b"]).fit(X, y).predict_proba(X)
# What Numba imports of its own parts comes with its first call, whatever was imported.
ours = ("pipelines", "scipy", "sklearn", "pandas")
print(*sorted(m for m in set(sys.modules) - known if m == "numba" or m.split(".")[0] in ours))
for other in ("prefect", "mlflow", "onnxruntime"):
    assert other not in sys.modules, other
"""


def test_a_fit_of_any_candidate_finds_its_modules_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
