"""What Prefect shows of a training: the decision, and the way to its report."""

from __future__ import annotations

import re

from prefect.artifacts import create_markdown_artifact

from flows.outcome import Outcome
from pipelines.adapters import formats

__all__ = ["link_report"]


def link_report(outcome: Outcome) -> Outcome:
    """The outcome itself, once the flow run has an artifact that links its report."""
    version = outcome.receipt("register").facts["version"]
    decision = outcome.receipt("promote").facts
    page = outcome.report.resolve()
    text = (
        f"**{formats.read_decision(decision).outcome.capitalize()}** — "
        f"{_inert(decision['sentence'])}\n\n"
        f"[Report of {_inert(outcome.model)}, version {version}](<{page.as_uri()}>)\n\n"
        f"The file: `{page}`. A browser may not follow a link to a file from a page that a server "
        "gave; the same report is an artifact of MLflow's run "
        f"`{outcome.receipt('evaluate').facts['run_id']}`."
    )
    create_markdown_artifact(
        key=_key(outcome.model),
        markdown=text,
        description=f"The training report of {outcome.model}",
    )
    return outcome


def _inert(text: str) -> str:
    """The text with nothing that Markdown or HTML would take for its own."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~&-])", r"\\\1", text)


def _key(model: str) -> str:
    """A key of the letters that Prefect allows."""
    return "report-" + (re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-") or "model")
