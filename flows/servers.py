"""The servers beside a workspace: Prefect's and MLflow's, as children on the loopback address.

A Prefect server keeps its state under data/derived/prefect. One that already runs is used:
that of PREFECT_API_URL, or the one this workspace noted when it started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.adapters.store import write_atomically

__all__ = [
    "Server",
    "ServerError",
    "UnreachableError",
    "free_port",
    "mlflow_server",
    "prefect_server",
    "require_answer",
    "require_tracking",
    "set_environment",
]

START_SECONDS = 180.0
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class ServerError(RuntimeError):
    """A server did not start; its log says why."""


class UnreachableError(ValueError):
    """A server that the environment names does not answer."""


def set_environment(workspace: Path) -> None:
    """Keep Prefect's state in the workspace, and both libraries from calling home."""
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("PREFECT_HOME", str(_state(workspace)))
    # The command prints its own lines; a run's log is in the Prefect UI.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")


@dataclass(frozen=True)
class Server:
    """A server that runs or is about to: its address, and how to wait for it."""

    url: str
    ready: Callable[[], None] = lambda: None


@contextmanager
def prefect_server(
    workspace: Path, *, full: bool = False, port: int | None = None
) -> Iterator[Server]:
    """A Prefect server, its address also set as PREFECT_API_URL inside the block.

    One that is started here takes seconds; meanwhile the block may import what it needs,
    and call `ready` before the first request.

    Parameters
    ----------
    full : bool
        Whether a server started here also schedules and serves its UI.
    """
    # Prefect warns when it has to make its home below a folder that is not there.
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    url = os.environ.get("PREFECT_API_URL") or _noted(workspace)
    with contextlib.ExitStack() as stack:
        if url is None:
            server = stack.enter_context(_started_prefect(workspace, full, port))
        else:
            server = Server(url, lambda: require_answer("PREFECT_API_URL", url, f"{url}/health"))
        before = os.environ.get("PREFECT_API_URL")
        os.environ["PREFECT_API_URL"] = server.url
        try:
            yield server
        finally:
            if before is None:
                del os.environ["PREFECT_API_URL"]


@contextmanager
def mlflow_server(workspace: Path, uri: str, port: int) -> Iterator[Server]:
    """An MLflow UI over the tracking store; a server that is the store has its own."""
    if uri.startswith(("http://", "https://")):
        yield Server(uri)
        return
    port = free_port(port)
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--allowed-hosts", "localhost:*,127.0.0.1:*"]
    command += ["--default-artifact-root", str(workspace / "mlruns" / "artifacts")]
    address = f"http://127.0.0.1:{port}"
    log = _state(workspace) / "mlflow-ui.log"
    with _child(command, {}, log) as process:
        yield Server(address, lambda: _await(process, f"{address}/health", log))


def require_answer(variable: str, url: str, health: str) -> None:
    """Refuse to go on with a server that the environment names and that is not there.

    Raises
    ------
    UnreachableError
        If nothing answers at `health`.
    """
    if not _answers(health):
        raise UnreachableError(
            f"{variable} names {url}, where no server answers. Start that server, or unset "
            f"{variable}: logitline then uses one of its own in the workspace."
        )


def require_tracking(workspace: Path) -> None:
    """Refuse a tracking store that does not answer or was moved, before anything runs.

    Raises
    ------
    UnreachableError
        If MLFLOW_TRACKING_URI names nothing that MLflow can use.
    """
    from pipelines.adapters.tracking import client

    uri = client.tracking_uri(workspace)
    if uri.startswith(("http://", "https://")):
        require_answer("MLFLOW_TRACKING_URI", uri, f"{uri.rstrip('/')}/health")
    try:
        client.connect(workspace)
    except client.MlflowError as error:
        raise UnreachableError(
            f"MLFLOW_TRACKING_URI names {uri}, which MLflow cannot use: {error}. Mend it, or "
            "unset it: logitline then uses a database in the workspace."
        ) from None


def free_port(wanted: int) -> int:
    """The wanted port where it is free, else one that the system picks."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServerError("No port is free on 127.0.0.1.")


def _state(workspace: Path) -> Path:
    return workspace.resolve() / "data" / "derived" / "prefect"


@contextmanager
def _started_prefect(workspace: Path, full: bool, port: int | None) -> Iterator[Server]:
    port = free_port(4200 if port is None else port) if full else free_port(0)
    command = [sys.executable, "-m", "prefect", "server", "start"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    # A temporary server still needs the services that write down what the tasks report.
    environment = {
        "PREFECT_UI_ENABLED": "true" if full else "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "true" if full else "false",
    }
    state = _state(workspace)
    url = f"http://127.0.0.1:{port}/api"
    note = state / "server.json"
    log = state / "server.log"
    with _child(command, environment, log) as process:
        if full:
            write_atomically(note, json.dumps({"url": url, "pid": process.pid}).encode())
        try:
            yield Server(url, lambda: _await(process, f"{url}/health", log))
        finally:
            if full:
                note.unlink(missing_ok=True)


def _noted(workspace: Path) -> str | None:
    """The address of the full server that this workspace started, if it still answers."""
    try:
        url = str(json.loads((_state(workspace) / "server.json").read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if _answers(f"{url}/health") else None


@contextmanager
def _child(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, ended with the block and with this process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            start_new_session=True,  # Ctrl-C is for the command, which then ends its servers
        )
    try:
        yield process
    finally:
        _end(process)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGTERM)


def _await(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(health):
        if process.poll() is not None:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise ServerError(f"A server ended as it started. The end of {log}:\n{tail}")
        if time.monotonic() > deadline:
            raise ServerError(f"A server did not answer within {START_SECONDS:g} s; see {log}.")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
