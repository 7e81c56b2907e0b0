"""The monitoring flow: whether new data are still those that the champion was trained on.

It checks and tells. What follows from a drift, a retraining above all, is not its business.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows import profiles
from flows.line import Line, open_line
from pipelines.adapters.sources import open_files
from pipelines.adapters.store import write_atomically
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.digests import content_digest
from pipelines.drift.comparison import ColumnDrift, Comparison, compare
from pipelines.drift.counting import Tally
from pipelines.records import DataError

__all__ = ["Monitored", "monitoring"]

ROWS = 65_536
MOST_UNSEEN, MOST_ROWS = 20, 20


@dataclass(frozen=True)
class Monitored:
    """What a drift check found, and of which version.

    `as_json` is what `logitline drift --json` prints.
    """

    model: str
    version: str
    confidence: float
    comparison: Comparison
    html: str | None = None

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values, in the words of the documentation."""
        found = self.comparison
        return {
            "drifted": found.drifted,
            "sentence": found.sentence,
            "columns": [_column(each) for each in found.columns],
            "rows": found.rows,
            "reference_rows": found.reference_rows,
            "volume_drifted": found.volume_drifted,
            "confidence": self.confidence,
            "model": self.model,
            "version": self.version,
            "html": self.html,
        }


def _column(column: ColumnDrift) -> dict[str, Any]:
    facts = asdict(column)
    del facts["bins"]
    return facts | {"unseen": dict(list(column.unseen.items())[:MOST_UNSEEN])}


@flow(name="monitoring", persist_result=False)
def monitoring(
    config: str, source: str, workspace: str = ".", html: str | None = None
) -> Monitored:
    """Hold the rows of `source` against the champion's profile; a page goes to `html`."""
    line = open_line(Path(config), Path(workspace), look=False)
    found = check_drift(line, source)
    if html is not None:
        found = _drawn(found, source, Path(html))
    create_markdown_artifact(
        key=_artifact_key(line.model), markdown=_markdown(found), description=f"Drift in {source}"
    )
    return found


@task(name="drift", cache_policy=NO_CACHE, persist_result=False)
def check_drift(line: Line, source: str) -> Monitored:
    """The comparison of all rows of the source with the champion's profile, in batches."""
    client = tracking.connect(line.workspace)
    version = registry.resolve(client, f"models:/{line.model}@{registry.CHAMPION}")
    profile = profiles.load(client, version)
    tally = Tally(profile)
    files = open_files(source)
    try:
        for batch in files.batches(ROWS):
            tally.add(batch.table, batch.place)
        tally.conclude()
    except DataError as error:
        where = error.path or source
        raise DataError(*error.problems, path=where, undone="nothing was compared") from None
    finally:
        files.close()
    if not tally.rows:
        raise DataError("has no rows to compare. Give at least one.", path=source)
    settings = line.config.drift
    comparison = compare(profile, tally, settings)
    return Monitored(line.model, version.number, settings.confidence, comparison)


def _drawn(found: Monitored, source: str, path: Path) -> Monitored:
    from pipelines.report.drift import DriftData, page  # with matplotlib

    data = DriftData(found.model, found.version, source, found.confidence, found.comparison)
    try:
        write_atomically(path, page(data).encode())
    except OSError as error:
        raise DataError(
            f"cannot be written ({error.strerror or error}). Nothing was written; choose another "
            "place or make room.",
            path=path,
        ) from None
    return Monitored(found.model, found.version, found.confidence, found.comparison, str(path))


def _artifact_key(model: str) -> str:
    """The model's name in the letters that Prefect takes, and a digest where others were lost."""
    plain = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")
    return f"drift-{plain}" if plain == model else f"drift-{plain}-{content_digest(model)[:8]}"


def _markdown(found: Monitored) -> str:
    lines = [
        f"**{_inert(found.comparison.sentence)}**",
        "",
        f"Against version {found.version} of {_inert(found.model)}, "
        f"all columns together at a confidence of {found.confidence:g}.",
        "",
        "| column | drifted | PSI | p-value | missing then | missing now | rows never seen |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in found.comparison.columns[:MOST_ROWS]:
        lines.append(
            f"| {_inert(each.name)} | {'yes' if each.drifted else 'no'} | {each.psi:.3f} | "
            f"{each.p_value:.2g} | {each.missing_then:.1%} | {each.missing_now:.1%} | "
            f"{each.unseen_rows:,} |"
        )
    rest = len(found.comparison.columns) - MOST_ROWS
    return "\n".join([*lines, *([f"\nand {rest} more columns"] if rest > 0 else [])])


def _inert(text: str) -> str:
    """The text with nothing that Markdown or HTML would read as its own."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|&~])", r"\\\1", " ".join(text.split()))
