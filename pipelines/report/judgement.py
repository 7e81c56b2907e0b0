"""The report's first sections: the decision, the candidates, the evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pipelines.metrics import METRICS, Interval, Paired
from pipelines.records import CandidateFit, Evaluation
from pipelines.report.content import ReportData
from pipelines.report.figures import candidates
from pipelines.report.findings import of_candidates
from pipelines.report.markup import escaped, figure, numeric, row, section, table
from pipelines.report.wording import interval, number, seconds, share

__all__ = ["comparison", "decision", "evidence"]

HEADINGS = {
    "log_loss": "Log loss",
    "brier": "Brier score",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "mcc": "MCC",
    "expected_calibration_error": "Calibration error",
}


def decision(data: ReportData) -> str:
    """The decision, its sentence and the few numbers that matter most."""
    it = data.evaluation
    won = it.scores[it.winner]
    facts = [("Best candidate", escaped(it.winner), "chosen without the test rows")]
    facts += [
        (HEADINGS[key], number(won[key].value), interval(won[key]))
        for key in ("log_loss", "roc_auc", "accuracy")
    ]
    facts.append(("Test rows", f"{len(it.codes):,}", f"{len(data.classes)} classes"))
    shown = "".join(f"<div><dt>{a}</dt><dd>{b}<small>{c}</small></dd></div>" for a, b, c in facts)
    return section(
        "Decision: promoted" if data.decision.promoted else "Decision: not promoted",
        f"<p>{escaped(data.decision.sentence)}</p>",
        f'<dl class="facts">{shown}</dl>',
        kind="decision promoted" if data.decision.promoted else "decision",
    )


def comparison(data: ReportData) -> str:
    """Every candidate with its metrics and their intervals, or with the reason it failed."""
    it = data.evaluation
    fitted = sorted(
        (fit for fit in data.fits if fit.name in it.scores),
        key=lambda fit: (fit.name != it.winner, math.isnan(fit.selection_loss), fit.selection_loss),
    )
    best = {key: _best(key, [it.scores[fit.name][key].value for fit in fitted]) for key in METRICS}
    rows = [_scores_row(fit, it, best) for fit in fitted]
    if it.champion_scores:
        cells = [numeric("–"), *_metric_cells(it.champion_scores, {}), numeric("–")]
        rows.append(row("present champion<small>on the rows compared on</small>", *cells))
    rows += [_failed_row(fit) for fit in data.fits if fit.name not in it.scores]
    arrows = {"lower": "lower is better", "higher": "higher is better"}
    heads = ["Candidate", "Selection loss<small>not the test rows</small>"]
    heads += [f"{HEADINGS[key]}<small>{arrows[METRICS[key]]}</small>" for key in METRICS]
    caption = (
        f"Test rows, {data.confidence:.0%} bootstrap intervals below each value; the shaded row "
        "has the least selection loss and is the one registered; bold is the best of a column."
    )
    chart = candidates(it.scores, it.winner)
    return section(
        "Candidates",
        table(caption, [*heads, "Fit time"], rows, len(METRICS) + 2),
        '<div class="figures">',
        figure("candidates", chart, of_candidates(it.scores), "Blue: the winner."),
        "</div>",
    )


def _best(key: str, values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return math.nan
    return min(known) if METRICS[key] == "lower" else max(known)


def _metric_cells(scores: Mapping[str, Interval], best: Mapping[str, float]) -> list[str]:
    return [
        numeric(
            number(scores[key].value),
            interval(scores[key]),
            "n least" if scores[key].value == best.get(key) else "n",
        )
        for key in METRICS
    ]


def _scores_row(fit: CandidateFit, it: Evaluation, best: Mapping[str, float]) -> str:
    won = fit.name == it.winner
    return row(
        _heading(fit, ", the winner" if won else ""),
        numeric(number(fit.selection_loss)),
        *_metric_cells(it.scores[fit.name], best),
        numeric(seconds(fit.fit_seconds)),
        kind="winner" if won else "",
    )


def _heading(fit: CandidateFit, more: str = "") -> str:
    return f"{escaped(fit.name)}<small>{escaped(fit.estimator)}{more}</small>"


def _failed_row(fit: CandidateFit) -> str:
    return row(
        _heading(fit),
        f'<td colspan="{len(METRICS) + 2}">Failed: {escaped(fit.reason)}</td>',
        kind="failed",
    )


def evidence(data: ReportData) -> str:
    """The paired comparisons that the decision rests on."""
    it = data.evaluation
    pairs: dict[str, Paired] = {"the training rows' class frequencies": it.against_prior}
    if it.against_champion is not None:
        pairs["the present champion"] = it.against_champion
    rows = (
        row(
            against,
            numeric(number(pair.difference.value), interval(pair.difference)),
            numeric(share(pair.share_better)),
            numeric(f"{pair.rows:,}"),
        )
        for against, pair in pairs.items()
    )
    heads = ("Against", "Difference of log loss", "Resamples in which it is better", "Test rows")
    caption = (
        f"Log loss of {escaped(it.winner)} minus that of the other on the same rows, with its "
        f"{data.confidence:.0%} paired bootstrap interval: below zero is better."
    )
    said = it.champion_note
    note = f"<p>{escaped(said[0].upper() + said[1:])}</p>" if said else ""
    return section("Evidence for the decision", table(caption, heads, rows, 3), note)
