"""The training flow: seven steps in seven lines."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from flows import tasks
from flows.artifact import link_report
from flows.line import open_line
from flows.outcome import Outcome, conclude

__all__ = ["training"]


@flow(name="training", persist_result=False)
def training(config: str, workspace: str = ".") -> Outcome:
    """Train, judge and register the candidates of a configuration, and promote the better one."""
    line = open_line(Path(config), Path(workspace))
    table = tasks.ingest(line)
    parts = tasks.split(line, table)
    fits = tasks.train(line, table, parts)
    judged = tasks.evaluate(line, table, parts, fits)
    version = tasks.register(line, table, parts, fits, judged)
    bundle = tasks.export(line, table, parts, fits, judged, version)
    decision = tasks.promote(line, parts, judged, version, bundle)
    outcome = conclude(line, (table, parts, fits, judged, version, bundle, decision))
    return link_report(outcome)
