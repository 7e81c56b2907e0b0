"""The report's last sections: the data and their leak check, lineage, timings."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.report.content import ReportData
from pipelines.report.leaks import leaks
from pipelines.report.markup import bullets, escaped, numeric, pairs, row, section, table
from pipelines.report.wording import seconds, share

__all__ = ["data_section", "lineage", "timings"]


def data_section(data: ReportData) -> str:
    """The rows of each part, what a reader should know of them, and what leaks."""
    total = sum(data.rows.values())
    rows = [
        row(escaped(part), numeric(f"{count:,}"), numeric(share(count / max(total, 1))))
        for part, count in data.rows.items()
    ]
    rows.append(row("all", numeric(f"{total:,}"), numeric(share(1.0))))
    return section(
        "Data and leak check",
        table("Rows of each part", ("Part", "Rows", "Share"), rows, 2),
        "<h3>Notes on the data</h3>",
        bullets(data.notes) if data.notes else "<p>None.</p>",
        "<h3>Leaks</h3>",
        *leaks(data),
    )


def lineage(data: ReportData) -> str:
    """What the model was made from, and where it is."""
    return section("Lineage", *_origins(data))


def _origins(data: ReportData) -> Iterator[str]:
    if data.lineage:
        yield pairs("What it was made from", "What", "Which", data.lineage)
    if data.places:
        yield pairs("Where it is", "What", "Where", data.places)


def timings(data: ReportData) -> str:
    """How long each step took; nothing where it is not known."""
    rows = [row(escaped(step), numeric(seconds(it))) for step, it in data.timings.items()]
    rows.append(row("all", numeric(seconds(sum(data.timings.values())))))
    caption = "Seconds of this training; a step whose result was there takes next to none"
    return section("Timings", table(caption, ("Step", "Time"), rows, 1))
