"""The report's first section: the decision and the evidence for it."""

from __future__ import annotations

from pipelines.report.content import ReportData
from pipelines.report.evidence import evidence
from pipelines.report.headings import HEADINGS
from pipelines.report.markup import escaped, section
from pipelines.report.wording import interval, number

__all__ = ["decision"]


def decision(data: ReportData) -> str:
    """The decision, what limits it, the few numbers that matter most, and the evidence."""
    it = data.evaluation
    won = it.scores[it.winner]
    facts = [("Best candidate", escaped(it.winner), "chosen without the test rows")]
    facts += [
        (HEADINGS[key], number(won[key].value), interval(won[key]))
        for key in dict.fromkeys((it.metric, "log_loss", "roc_auc", "accuracy"))
    ]
    facts.append(("Test rows", f"{len(it.codes):,}", f"{len(data.classes)} classes"))
    shown = "".join(f"<div><dt>{a}</dt><dd>{b}<small>{c}</small></dd></div>" for a, b, c in facts)
    return section(
        f"Decision: {data.decision.outcome}",
        f'<p class="verdict">{escaped(data.decision.sentence)}</p>',
        *(f'<p class="warning"><strong>Note.</strong> {escaped(text)}</p>' for text in it.notes),
        f'<dl class="facts">{shown}</dl>',
        *evidence(data),
        kind="decision promoted" if data.decision.promoted else "decision",
    )
