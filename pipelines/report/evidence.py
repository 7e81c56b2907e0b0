"""The evidence beside the decision: comparisons, labels, and how often the rows have judged."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.metrics import METRICS, McNemar, Paired
from pipelines.report.content import ReportData
from pipelines.report.headings import HEADINGS, inline
from pipelines.report.markup import escaped, numeric, row, table
from pipelines.report.wording import confidence, interval, percent, sentence, signed

__all__ = ["evidence"]

DIRECTION = {"lower": "below", "higher": "above"}


def evidence(data: ReportData) -> Iterator[str]:
    """The paired comparisons, McNemar's test, the use of the test rows, and who moved what."""
    it = data.evaluation
    pairs: dict[str, Paired] = {"the training rows' class frequencies": it.against_prior}
    if it.against_champion is not None:
        pairs["the present champion"] = it.against_champion
    heading = HEADINGS[it.metric]
    heads = (
        "Against",
        f"Difference of {inline(heading)}",
        "Confidence that it is better",
        "Test rows",
    )
    caption = (
        f"{heading} of {escaped(it.winner)} minus that of the other on the same rows, with its "
        f"{percent(data.confidence)} paired bootstrap interval: {DIRECTION[METRICS[it.metric]]} "
        f"zero is better. A promotion asks for {percent(data.asked)} confidence."
    )
    yield "<h3>Evidence</h3>"
    yield table(caption, heads, (_pair(against, pair) for against, pair in pairs.items()), 3)
    for text in (sentence(it.champion_note), _labels(it.mcnemar), data.use):
        if text:
            yield f"<p>{escaped(text)}</p>"
    yield from _moves(data)


def _pair(against: str, pair: Paired) -> str:
    if pair.note:
        return row(against, f'<td class="long" colspan="3">{escaped(pair.note)}</td>')
    return row(
        against,
        numeric(signed(pair.difference.value), interval(pair.difference)),
        numeric(confidence(pair.share_better)),
        numeric(f"{pair.rows:,}"),
    )


def _labels(found: McNemar | None) -> str:
    if found is None:
        return ""
    return (
        f"Labels (McNemar's exact test): {found.only_first:,} of these test rows are right with "
        f"this version only, {found.only_second:,} with the champion only; p = {found.p:.2g}."
    )


def _moves(data: ReportData) -> Iterator[str]:
    if not data.moves:
        yield "<p>The alias champion was not touched by this training.</p>"
        return
    rows = (
        row(escaped(when), *(f'<td class="long">{escaped(each)}</td>' for each in rest))
        for when, *rest in data.moves
    )
    caption = "Decisions on this version when the report was drawn"
    yield table(caption, ("When", "What", "Champion", "By"), rows)
