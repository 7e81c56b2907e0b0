"""The report's sections on the winner: classes, curves, calibration, confusion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.metrics import Calibration, ClassScores
from pipelines.report.content import ReportData
from pipelines.report.figures import candidate_figures
from pipelines.report.findings import findings
from pipelines.report.headings import HEADINGS
from pipelines.report.markup import escaped, figure, figures, numeric, row, section, table
from pipelines.report.reliability import reliability_diagram, said
from pipelines.report.wording import interval, number, percent

__all__ = ["calibration", "classes", "confusion", "curves"]

READING = {
    "roc": "How much of a class is found (up) at how many false alarms (right). The dotted line "
    "is chance; a diamond marks where the labels that the model gives stand.",
    "precision_recall": "How many of the rows given a class are of it (up) as more of the class "
    "is found (right). A diamond marks where the labels that the model gives stand.",
    "calibration": "Of the predicted class: on the dotted line, what is given 0.7 comes true in 7 "
    "of 10 rows. Bars: 95 % Wilson intervals. Below: the test rows in each bin.",
    "loss_curve": "The loss that the fit lowers, on the training rows.",
    "confusion": "Test rows, by the labels that the model gives; the shade is the share of the "
    "true class. Of more than 100 cells the fullest 100 carry their number.",
}
OF_CLASS = ("precision", "recall", "f1", "roc_auc", "average_precision")
# Reliability diagrams of more classes would not be read.
MOST_DIAGRAMS = 4


def classes(data: ReportData) -> str:
    """Each class against the rest, every score with its interval."""
    total = max(len(data.codes), 1)
    rows = (
        row(
            escaped(label),
            numeric(f"{it.support:,}", f"{100 * it.support / total:.1f} %"),
            *(_score(it, key) for key in OF_CLASS),
        )
        for label, it in zip(data.classes, data.evaluation.per_class, strict=False)
    )
    heads = ("Class", "Test rows", *(HEADINGS[key] for key in OF_CLASS))
    caption = (
        f"Column {escaped(data.target)} as given by {escaped(data.winner)}, each class against "
        f"the rest; below each value its {percent(data.confidence)} bootstrap interval. Recall: "
        "of the rows of a class, the share given that class. Precision: of the rows given a "
        "class, the share that is of it."
    )
    return section("Classes", table(caption, heads, rows, len(heads) - 1))


def _score(it: ClassScores, key: str) -> str:
    found = it.scores.get(key)
    return numeric("–") if found is None else numeric(number(found.value), interval(found))


def curves(data: ReportData) -> str:
    """ROC, precision against recall, and the training's loss."""
    return section(
        f"Curves of {escaped(data.winner)}",
        figures(_drawn(data, "roc", "precision_recall", "loss_curve")),
    )


def confusion(data: ReportData) -> str:
    """What is taken for what."""
    return section("Confusion", figures(_drawn(data, "confusion")))


def _drawn(data: ReportData, *keys: str) -> Iterator[str]:
    given = (data.classes, data.codes, data.probabilities, data.labels, data.curve)
    drawn, told = candidate_figures(*given), findings(*given)
    for key in keys:
        if key in drawn:
            yield figure(key, drawn[key], told[key], READING[key])


def calibration(data: ReportData) -> str:
    """Whether probabilities are frequencies: diagrams, and the Brier score taken apart."""
    found = data.evaluation.calibration
    shown = sorted(found, key=lambda each: -each.error.value)[:MOST_DIAGRAMS]
    reading = (
        "On the dotted line, what is given 0.7 comes true in 7 of 10 rows. Bars: 95 % Wilson "
        "intervals. The bins hold about equally many test rows."
    )
    diagrams = [
        figure(
            f"reliability{it.positive}",
            reliability_diagram(it, data.classes[it.positive]),
            said(it, data.classes[it.positive]),
            reading,
        )
        for it in sorted(shown, key=lambda each: each.positive)
    ]
    if len(data.classes) > 2:
        diagrams = [*_drawn(data, "calibration"), *diagrams]
    more = len(found) - len(shown)
    note = f"<p>Of the classes, the {len(shown)} of greatest error are drawn.</p>" if more else ""
    return section("Calibration", figures(diagrams), note, _decomposition(data, found))


def _decomposition(data: ReportData, found: Sequence[Calibration]) -> str:
    rows = (
        row(
            escaped(data.classes[it.positive]),
            numeric(number(it.error.value), interval(it.error)),
            *map(numeric, map(number, (it.brier, it.reliability, it.resolution, it.uncertainty))),
            numeric(number(it.within)),
        )
        for it in found
    )
    heads = (
        "Class",
        "Expected calibration error",
        "Brier score",
        "Reliability<small>lower is better</small>",
        "Resolution<small>higher is better</small>",
        "Uncertainty<small>of the classes</small>",
        "Within bins",
    )
    caption = (
        "Each class against the rest. Brier score = reliability − resolution + uncertainty + "
        "within bins. Reliability: how far frequencies are from probabilities; resolution: how "
        "far the bins' frequencies are from each other. The calibration error here is of a class's "
        "probability in bins of about equally many rows; among the candidates it is of the "
        "greatest probability in bins of equal width, so that the two differ."
    )
    return table(caption, heads, rows, 6)
