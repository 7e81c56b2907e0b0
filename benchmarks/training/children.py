"""What needs a process of its own: a fit's peak memory, and the first use on a machine.

`python -m benchmarks.training.children memory|first WORK INDEX EFFORT [--short]` prints one
line of JSON; the effort is a tolerance, or the epochs of a network.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks.training.data import Table
from benchmarks.training.race import Contender
from benchmarks.training.works import WORKS, Work

__all__ = ["first_use", "peak_memory"]

STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# Rows enough to load all code that the whole table needs.
FEW = 2_000


def _ask(kind: str, *arguments: object, cache: str | None = None) -> Any:
    environment = os.environ | ({"XDG_CACHE_HOME": cache} if cache else {})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.training.children", kind, *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def peak_memory(work: Work, index: int, effort: float, short: bool) -> float | None:
    """Bytes that a fit takes at its peak on top of its table; None where it cannot be told."""
    bytes_: float | None = _ask("memory", work.name, index, effort, *["--short"] * short)
    return bytes_


def first_use(work: Work, effort: float, short: bool) -> tuple[float, float] | None:
    """Seconds that our first fit takes more than the second: on a bare machine, then later.

    The machine code is kept in the user's cache folder; a fresh folder stands for a machine
    that has never run it.
    """
    with tempfile.TemporaryDirectory() as cache:
        asked = [
            _ask("first", work.name, 0, effort, *["--short"] * short, cache=cache) for _ in range(2)
        ]
    return None if None in asked else (asked[0], asked[1])


def _kilobytes(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])


def _run(contender: Contender, work: Work, effort: float) -> None:
    if work.hidden:
        contender.run(max(int(effort), 1), 0)
    else:
        contender.run(effort)


def _memory(work: Work, index: int, effort: float, table: Table) -> float | None:
    """Peak of the resident memory over what it is before, by the kernel's own high-water mark."""
    few = Table(table.X[:FEW], table.y[:FEW], table.X_test, table.y_test)
    _run(next(work.contenders(few)[index]), work, 1 if work.hidden else 1e-2)
    contender = next(work.contenders(table)[index])
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    try:
        REFERENCES.write_text("5")
    except OSError:
        return None
    before = _kilobytes("VmRSS")
    _run(contender, work, effort)
    return max(_kilobytes("VmHWM") - before, 0) * 1024.0


def _first(work: Work, effort: float, table: Table) -> float:
    contender = next(work.contenders(table)[0])
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        _run(contender, work, effort)
        seconds.append(time.perf_counter() - started)
    return max(seconds[0] - seconds[1], 0.0)


def main(kind: str, name: str, index: str, effort: str) -> None:
    """Measure and print."""
    work = next(work for work in WORKS if work.name == name)
    table = work.load("--short" in sys.argv)
    warnings.simplefilter("ignore")
    if kind == "memory":
        print(json.dumps(_memory(work, int(index), float(effort), table)))
    else:
        print(json.dumps(_first(work, float(effort), table)))


if __name__ == "__main__":
    main(*sys.argv[1:5])
