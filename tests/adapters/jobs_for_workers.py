"""Functions that the worker processes of test_workers.py run."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np


def double(x: int) -> int:
    return 2 * x


def misbehave(how: str) -> str:
    if how == "raise":
        raise ValueError("the matrix is singular")
    if how == "memory":
        return str(np.ones(10**9).sum())
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        time.sleep(600)
    return how


def note_and_sleep(path: str, seconds: float) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(seconds)


def threads() -> int:
    from threadpoolctl import threadpool_info

    np.ones((10, 10)) @ np.ones((10, 10))
    return max(pool["num_threads"] for pool in threadpool_info())
