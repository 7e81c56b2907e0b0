"""Clocks, and the facts of the machine that a figure was taken on."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.libraries import version

LIBRARIES = ("numpy", "pandas", "scikit-learn", "onnxruntime", "mlflow", "prefect")


@dataclass(frozen=True)
class Figure:
    """One measured thing: its median over the runs, and what it is held against."""

    what: str
    value: float
    unit: str
    against: str = ""
    runs: int = 1


def seconds(work: Callable[[], object], runs: int, warm_up: int = 1) -> list[float]:
    """Seconds of each run, after runs that are not counted."""
    for _ in range(warm_up):
        work()
    out = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        out.append(time.perf_counter() - started)
    return out


def median(work: Callable[[], object], runs: int, warm_up: int = 1) -> float:
    """Median seconds of the runs."""
    return statistics.median(seconds(work, runs, warm_up))


def machine(libraries: Sequence[str] = LIBRARIES) -> str:
    """Cores, processor and the libraries' versions, in one line."""
    model = "unknown processor"
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [line for line in cpu.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    versions = ", ".join(f"{name} {version(name)}" for name in dict.fromkeys(libraries))
    return f"{os.cpu_count()} cores, {model}; Python {platform.python_version()}, {versions}."
