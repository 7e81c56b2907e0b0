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
from pipelines.report.wording import interval, number, seconds

__all__ = ["comparison"]


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
        figure("candidates", chart, of_candidates(it.scores), "Bold, with a diamond: the winner."),
        "</div>",
        *settings(data.fits),
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
