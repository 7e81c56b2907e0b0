"""Shared by all tests: a Prefect home of their own, and nothing that calls home."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.postgres import Postgres, programs, server
from tests.report.chromium import Chromium, chromium, program

# Before any test imports Prefect or MLflow, which read these once.
HOME = tempfile.TemporaryDirectory(prefix="logitline-tests-")
os.environ.update(
    PREFECT_HOME=HOME.name,
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    DO_NOT_TRACK="1",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_LOGGING_LEVEL="WARNING",
    PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL",
)
for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "LOGITLINE_FAULT"):
    os.environ.pop(name, None)
# A busy machine is no fault of the code's. With CI set Hypothesis has a profile of its own.
hypothesis.settings.register_profile("logitline", deadline=None)
if "CI" not in os.environ:
    hypothesis.settings.load_profile("logitline")
# A shell that starts the tests in the background has SIGINT ignored, and what they start, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server of the session's own."""
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the PATH or in /usr/lib/postgresql")
    with server(binaries) as running:
        yield running


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """A real Prefect server in a process of its own, for all tests of the session."""
    from flows.servers import prefect_server

    with prefect_server(Path(HOME.name) / "workspace") as server:
        server.ready()
        yield server.url


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A real Chromium that the tests of a module share."""
    binary = program()
    if binary is None:
        pytest.skip("there is no Chromium or Chrome on the PATH")
    with chromium(binary, tmp_path_factory.mktemp("profile")) as running:
        yield running
