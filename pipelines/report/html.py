"""The report of a training: one HTML file without script and without outside resources.

Whatever comes from data or configuration is escaped on its way into the page, and the page's
content policy forbids scripts and requests besides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipelines.metrics.calibration import wilson
from pipelines.report.content import ReportData
from pipelines.report.curves import confusion_counts
from pipelines.report.document import document
from pipelines.report.figures import candidate_figures
from pipelines.report.findings import findings
from pipelines.report.judgement import comparison, decision, evidence
from pipelines.report.leaks import leaks
from pipelines.report.markup import bullets, escaped, figure, numeric, pairs, row, section, table
from pipelines.report.wording import number, seconds, share

__all__ = ["ReportData", "report"]

READING = {
    "roc": "How much of a class is found (up) at how many false alarms (right). "
    "The dotted line is chance.",
    "precision_recall": "How many of the rows given a class are of it (up) as more of the class "
    "is found (right).",
    "calibration": "On the dotted line, what is given 0.7 comes true in 7 of 10 rows. Bars: 95 % "
    "Wilson intervals. Below: the test rows in each bin.",
    "loss_curve": "The loss that the fit lowers, on the training rows.",
    "confusion": "Test rows; the shade is the share of the true class. Of more than 100 cells "
    "the fullest 100 carry their number.",
}


def report(data: ReportData) -> str:
    """The whole file; the same text for the same data."""
    title = escaped(f"{data.model}, version {data.version}")
    first = (decision, comparison, evidence, leaks)
    sections = (*first, _winner, _classes, _data, _settings, _origin)
    return document(title, "training report", (each(data) for each in sections))


def _winner(data: ReportData) -> str:
    drawn = candidate_figures(data.classes, data.codes, data.probabilities, data.curve)
    said = findings(data.classes, data.codes, data.probabilities, data.curve)
    return section(
        f"{escaped(data.winner)} on the test rows",
        '<div class="figures">',
        *(figure(key, drawn[key], said[key], READING[key]) for key in READING if key in drawn),
        "</div>",
    )


def _classes(data: ReportData) -> str:
    cells = confusion_counts(data.probabilities, data.codes)
    right, true, given = np.diag(cells), cells.sum(axis=1), cells.sum(axis=0)
    rows = (
        row(
            escaped(label),
            numeric(f"{true[k]:,}"),
            numeric(share(true[k] / max(true.sum(), 1))),
            _proportion(int(right[k]), int(true[k])),
            _proportion(int(right[k]), int(given[k])),
        )
        for k, label in enumerate(data.classes)
    )
    heads = ("Class", "Test rows", "Share", "Recall", "Precision")
    caption = (
        f"Column {escaped(data.target)} as given by {escaped(data.winner)}. Recall: of the rows of "
        "a class, the share given that class. Precision: of the rows given a class, the share that "
        "is of it. Below each, its 95 % Wilson interval."
    )
    return section("Classes", table(caption, heads, rows, 4))


def _proportion(hits: int, count: int) -> str:
    if not count:
        return numeric(number(float("nan")))
    low, high = wilson(np.array([hits]), np.array([count]))
    return numeric(share(hits / count), f"{share(low[0])} to {share(high[0])}")


def _data(data: ReportData) -> str:
    total = sum(data.rows.values())
    rows = [
        row(escaped(part), numeric(f"{count:,}"), numeric(share(count / max(total, 1))))
        for part, count in data.rows.items()
    ]
    rows.append(row("all", numeric(f"{total:,}"), numeric(share(1.0))))
    return section(
        "Data and split",
        table("Rows of each part", ("Part", "Rows", "Share"), rows, 2),
        "<h3>Notes on the data</h3>",
        bullets(data.notes) if data.notes else "<p>None.</p>",
    )


def _settings(data: ReportData) -> str:
    rows = (
        row(
            escaped(fit.name),
            f"<td>{escaped(fit.estimator)}</td>",
            f'<td class="long">{escaped(_parameters(fit.parameters)) or "defaults"}</td>',
            f'<td class="long">{bullets(fit.warnings) if fit.warnings else "none"}</td>',
        )
        for fit in data.fits
    )
    heads = ("Candidate", "Estimator", "Parameters", "Warnings of the fit")
    return section("Settings", table("As in the configuration", heads, rows), *_searches(data))


def _searches(data: ReportData) -> Iterator[str]:
    searched = [fit for fit in data.fits if fit.trials]
    if not searched:
        return
    yield "<h3>Searched parameters</h3>"
    rows = []
    for fit in searched:
        states = [trial.state for trial in fit.trials]
        found = {name: fit.parameters.get(name) for name in fit.trials[0].parameters}
        rows.append(
            row(
                escaped(fit.name),
                f'<td class="long">{"none" if fit.reason else escaped(_parameters(found))}</td>',
                *(numeric(f"{states.count(state)}") for state in ("complete", "pruned", "failed")),
            )
        )
    caption = (
        "Found by a search; the others are as in the configuration. A trial is complete when it "
        "was fitted on all folds, and pruned when it was clearly worse than the best before that."
    )
    yield table(caption, ("Candidate", "Best", "Complete", "Pruned", "Failed"), rows, 3)


def _parameters(parameters: dict[str, object]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in parameters.items())


def _origin(data: ReportData) -> str:
    return section("Where it comes from and where it is", *_tables_of_origin(data))


def _tables_of_origin(data: ReportData) -> Iterator[str]:
    if data.places:
        yield pairs("Places", "What", "Where", data.places)
    if data.lineage:
        yield pairs("Lineage", "What", "Which", data.lineage)
    if data.timings:
        rows = [row(escaped(step), numeric(seconds(it))) for step, it in data.timings.items()]
        rows.append(row("all", numeric(seconds(sum(data.timings.values())))))
        yield table("Timings", ("Step", "Time"), rows, 1)
