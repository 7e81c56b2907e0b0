"""The report's section on the candidates: their scores, and what they were given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pipelines.metrics import METRICS, Interval
from pipelines.records import CandidateFit, Evaluation
from pipelines.report.content import ReportData
from pipelines.report.figures import candidates
from pipelines.report.findings import of_candidates
from pipelines.report.headings import HEADINGS
from pipelines.report.markup import escaped, figure, numeric, row, section, table
from pipelines.report.settings import settings
from pipelines.report.wording import interval, number, percent, seconds

__all__ = ["comparison"]


# What probabilities are worth, and what labels are: one table would be too wide for a page.
OF_PROBABILITIES = (
    "log_loss",
    "brier",
    "roc_auc",
    "average_precision",
    "expected_calibration_error",
)
OF_LABELS = tuple(key for key in METRICS if key not in OF_PROBABILITIES)
ARROWS = {"lower": "lower is better", "higher": "higher is better"}
CHAMPION = "present champion<small>on the rows compared on</small>"


def comparison(data: ReportData) -> str:
    """Every candidate with its metrics and their intervals, or with the reason it failed."""
    it = data.evaluation
    fitted = sorted(
        (fit for fit in data.fits if fit.name in it.scores),
        key=lambda fit: (fit.name != it.winner, math.isnan(fit.selection_loss), fit.selection_loss),
    )
    chart = candidates(it.scores, it.winner)
    return section(
        "Candidates",
        _of_probabilities(data, fitted),
        '<div class="figures">',
        figure("candidates", chart, of_candidates(it.scores), "Bold, with a diamond: the winner."),
        "</div>",
        "<h3>Labels</h3>",
        _of_labels(data, fitted),
        *settings(data.fits),
    )


def _of_probabilities(data: ReportData, fitted: Sequence[CandidateFit]) -> str:
    it, best = data.evaluation, _bests(data.evaluation, fitted)
    rows = [
        row(
            _heading(fit, ", the winner" if fit.name == it.winner else ""),
            numeric(number(fit.selection_loss)),
            *_metric_cells(OF_PROBABILITIES, it.scores[fit.name], best),
            numeric(seconds(fit.fit_seconds)),
            kind="winner" if fit.name == it.winner else "",
        )
        for fit in fitted
    ]
    if it.champion_scores:
        cells = _metric_cells(OF_PROBABILITIES, it.champion_scores, {})
        rows.append(row(CHAMPION, numeric("–"), *cells, numeric("–")))
    rows += [_failed_row(fit) for fit in data.fits if fit.name not in it.scores]
    heads = ("Candidate", "Selection loss<small>not the test rows</small>")
    caption = (
        f"Test rows, {percent(data.confidence)} bootstrap intervals below each value; the shaded "
        "row has the least selection loss and is the one registered; bold is the best of a column."
    )
    told = (*heads, *_heads(OF_PROBABILITIES), "Fit time")
    return table(caption, told, rows, len(OF_PROBABILITIES) + 2)


def _of_labels(data: ReportData, fitted: Sequence[CandidateFit]) -> str:
    it, best = data.evaluation, _bests(data.evaluation, fitted)
    rows = [
        row(
            _heading(fit),
            *_metric_cells(OF_LABELS, it.scores[fit.name], best),
            kind="winner" if fit.name == it.winner else "",
        )
        for fit in fitted
    ]
    if it.champion_scores:
        rows.append(row(CHAMPION, *_metric_cells(OF_LABELS, it.champion_scores, {})))
    of = "; precision, recall and F1 are means over the classes" if len(data.classes) > 2 else ""
    caption = f"What the labels are worth, on the same rows{of}"
    return table(caption, ("Candidate", *_heads(OF_LABELS)), rows, len(OF_LABELS))


def _heads(keys: Sequence[str]) -> list[str]:
    return [f"{HEADINGS[key]}<small>{ARROWS[METRICS[key]]}</small>" for key in keys]


def _bests(it: Evaluation, fitted: Sequence[CandidateFit]) -> dict[str, float]:
    return {key: _best(key, [it.scores[fit.name][key].value for fit in fitted]) for key in METRICS}


def _best(key: str, values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return math.nan
    return min(known) if METRICS[key] == "lower" else max(known)


def _metric_cells(
    keys: Sequence[str], scores: Mapping[str, Interval], best: Mapping[str, float]
) -> list[str]:
    return [
        numeric(
            number(scores[key].value),
            interval(scores[key]),
            "n least" if scores[key].value == best.get(key) else "n",
        )
        for key in keys
    ]


def _heading(fit: CandidateFit, more: str = "") -> str:
    return f"{escaped(fit.name)}<small>{escaped(fit.estimator)}{more}</small>"


def _failed_row(fit: CandidateFit) -> str:
    return row(
        _heading(fit),
        f'<td colspan="{len(OF_PROBABILITIES) + 2}">Failed: {escaped(fit.reason)}</td>',
        kind="failed",
    )
