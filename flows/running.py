"""Starts the flows as the command does: the config checked first, a server beside."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flows import servers
from flows.line import open_line
from flows.mistakes import UsageError
from flows.progress import SERVER, watcher
from flows.requesting import Request, require_places
from pipelines.adapters.sources import Files, Origin, open_files

__all__ = ["UsageError", "run_drift", "run_scoring", "run_training", "serve_schedule", "serve_uis"]

DRAIN_SECONDS = 10
Tell = Callable[[dict[str, Any], str], None]


def run_training(config: Path, workspace: Path) -> Any:
    """The outcome of a training with a Prefect server beside it."""
    open_line(config, workspace)  # every mistake is told before a server is waited for
    from flows.fits import WORKER_MODULES
    from pipelines.adapters import workers

    with servers.prefect_server(workspace) as server:
        started = time.perf_counter()
        watcher().begin(SERVER)
        workers.warm_up(WORKER_MODULES)
        from flows.training import training

        servers.require_tracking(workspace)
        server.ready()
        watcher().end(SERVER, "ran", time.perf_counter() - started)
        with _drained():
            return training(str(config), str(workspace))


def run_scoring(
    config: Path,
    source: str,
    output: str | Path,
    workspace: Path,
    quarantine: Path | None = None,
    **options: Any,
) -> Any:
    """What was scored, with a Prefect server beside it; the options are those of the flow."""
    aside = None if quarantine is None else str(quarantine)
    request = Request(source, str(output), quarantine=aside, **options)
    line = open_line(config, workspace, look=False)
    require_places(request, config, line.origin)
    with servers.prefect_server(workspace) as server:
        from flows.scoring import require_database, scoring

        require_database(workspace, line.model)
        servers.require_tracking(workspace)
        server.ready()
        with _drained():
            return scoring(str(config), **request.as_parameters, workspace=str(workspace))


def run_drift(config: Path, source: str, html: Path | None, workspace: Path) -> Any:
    """What the drift check found, with a Prefect server beside it."""
    line = open_line(config, workspace, look=False)
    files = open_files(source)
    try:
        if html is not None:
            _require_place(html, config, {"input": files, "training table": line.origin})
    finally:
        files.close()
    with servers.prefect_server(workspace) as server:
        from flows.monitoring import monitoring

        servers.require_tracking(workspace)
        server.ready()
        with _drained():
            page = None if html is None else str(html)
            return monitoring(str(config), source, str(workspace), page)


def _require_place(page: Path, config: Path, origins: Mapping[str, Origin | Files]) -> None:
    """Refuse to write where something else stands, or where no file can be."""
    if page.resolve() == config.resolve():
        raise UsageError(f"{page} is the config itself. Name another page.")
    for what, origin in origins.items():
        if origin.holds(page):
            raise UsageError(f"{page} would be part of the {what}. Name another page.")
    if page.is_dir():
        raise UsageError(f"{page} is a folder. Name a file in it for the page.")
    if not os.access(page.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{page.parent} is no folder that can be written to. Name another place.")


@contextmanager
def _drained() -> Iterator[None]:
    """Send Prefect the last of its logs and events while its server still runs."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    try:
        yield
    finally:
        APILogWorker.drain_all(timeout=DRAIN_SECONDS)
        EventsWorker.drain_all(timeout=DRAIN_SECONDS)


def serve_schedule(config: Path, workspace: Path, port: int, tell: Tell) -> None:
    """Serve the training on its cron until the process is told to stop."""
    line = open_line(config, workspace)
    if line.config.schedule is None:
        raise UsageError(
            f'{config} has no [schedule]. Add: [schedule] and below it cron = "0 3 * * *".'
        )
    cron, timezone = line.config.schedule.cron, line.config.schedule.timezone
    _stop_on_termination()
    server = servers.prefect_server(workspace, full=True, port=port)
    with suppress(KeyboardInterrupt), server as prefect:
        from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
        from prefect.schedules import Cron

        from flows.training import training

        prefect.ready()
        name, url = line.model, prefect.url
        facts = {"deployment": f"training/{name}", "cron": cron, "timezone": timezone, "api": url}
        tell(facts, f"training/{name} runs at {cron!r} {timezone}; Prefect: {url}. Ctrl-C ends it.")
        training.serve(
            name=name,
            schedule=Cron(cron, timezone=timezone),
            parameters={"config": str(config.resolve()), "workspace": str(workspace.resolve())},
            global_limit=ConcurrencyLimitConfig(
                limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            ),
            pause_on_shutdown=False,
            print_starting_message=False,
        )


def serve_uis(workspace: Path, mlflow_port: int, prefect_port: int, tell: Tell) -> None:
    """Both UIs until the process is told to stop."""
    from pipelines.adapters.tracking import client, views

    _stop_on_termination()
    mlflow_client = client.connect(workspace)
    uri = client.tracking_uri(workspace)
    with (
        suppress(KeyboardInterrupt),
        servers.prefect_server(workspace, full=True, port=prefect_port) as prefect,
        servers.mlflow_server(workspace, uri, mlflow_port) as mlflow,
    ):
        prefect.ready()
        mlflow.ready()
        compared = views.addresses(mlflow_client, mlflow.url)
        pages = {"mlflow": mlflow.url, "prefect": prefect.url.removesuffix("/api")}
        told = [f"MLflow:  {pages['mlflow']}", f"Prefect: {pages['prefect']}"]
        told += [f"Candidates of {model}: {page}" for model, page in compared.items()]
        tell({**pages, "candidates": compared}, "\n".join([*told, "Ctrl-C ends both."]))
        threading.Event().wait()


def _stop_on_termination() -> None:
    """Let SIGTERM end the process as Ctrl-C does, so that its servers end with it."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
