"""Which tests of a runtime run here."""

from __future__ import annotations

import os

import pytest

from pipelines.inference.runtimes import Runtime


def require(runtime: Runtime) -> None:
    """Skip, with the reason, where the runtime is absent; where CI runs, a CPU's must be there."""
    absent = runtime.absent()
    if absent and os.environ.get("CI") == "true" and "CUDA" not in runtime.name:
        pytest.fail(f"CI proves every runtime of a CPU, and {runtime.name} is absent. {absent}")
    if absent:
        pytest.skip(absent)
