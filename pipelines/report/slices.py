"""The report's section on slices: the winner in each, and beside the champion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.metrics import SliceComparison, SliceScores, yardstick
from pipelines.report.content import ReportData
from pipelines.report.headings import HEADINGS, inline
from pipelines.report.markup import escaped, numeric, row, section, table
from pipelines.report.wording import interval, number, percent, signed

__all__ = ["slices"]

WORSE = "<strong>worse beyond doubt</strong>"


def slices(data: ReportData) -> str:
    """Each slice of the test rows; those worse beyond doubt come first."""
    if not data.evaluation.slices:
        return section("Slices", "<p>The configuration names none ([evaluation] slices).</p>")
    return section("Slices", *_beside_the_rest(data), *_beside_the_champion(data))


def _beside_the_rest(data: ReportData) -> Iterator[str]:
    it, heading = data.evaluation, HEADINGS[data.evaluation.metric]
    by = yardstick(it.metric, len(data.classes))
    yield f"<p>{_counted(it.slices, 'than all other test rows')}</p>"
    why = (
        ""
        if by == it.metric
        else f" Judged by {inline(HEADINGS[by])}, each row by the same measure: "
        f"{inline(heading)} moves with the shares of the classes, or with the number of rows, and "
        "would be another in a slice where the model is no worse."
    )
    caption = (
        f"{heading} of {escaped(data.winner)} in each slice, and the difference of "
        f"{inline(HEADINGS[by])} from all other test rows, with {percent(data.confidence)} "
        "intervals; p of «no worse than the others», adjusted for the number of slices (Holm). "
        f"Beyond doubt: p of 0.05 at most.{why}"
    )
    minus = "Minus the others" if by == it.metric else f"{HEADINGS[by]}, minus the others"
    heads = ("Slice", "Judgement", "Test rows", heading, minus, "p")
    order = sorted(it.slices, key=lambda each: not each.worse)
    yield table(caption, heads, (_scored(each, it.metric) for each in order), 4)


def _beside_the_champion(data: ReportData) -> Iterator[str]:
    it, heading = data.evaluation, HEADINGS[data.evaluation.metric]
    if not it.champion_slices:
        return
    yield "<h3>Against the champion</h3>"
    yield f"<p>{_counted(it.champion_slices, 'than with the champion')}</p>"
    caption = (
        f"{heading} of {escaped(data.winner)} minus the champion's on the same rows of the "
        "slice; p of «no worse than the champion», adjusted likewise."
    )
    heads = ("Slice", "Judgement", "Test rows", "Minus the champion", "p")
    order = sorted(it.champion_slices, key=lambda each: not each.worse)
    yield table(caption, heads, map(_compared, order), 3)


def _counted(found: Sequence[SliceScores] | Sequence[SliceComparison], than: str) -> str:
    """How many slices are worse; of none that was judged nothing is said."""
    judged = sum(_is_judged(each) for each in found)
    flagged = sum(each.worse for each in found)
    if not judged:
        return "No slice could be judged; the table says why."
    of = f"{judged} of {len(found)} slices were judged; " if judged < len(found) else ""
    count = f"{flagged} of {judged} slices" if flagged else "no slice"
    text = f"{of}{count} {'are' if flagged > 1 else 'is'} worse {than} beyond doubt."
    return text[:1].upper() + text[1:]


def _is_judged(each: SliceScores | SliceComparison) -> bool:
    return (each.rest if isinstance(each, SliceScores) else each.paired) is not None


def _scored(each: SliceScores, metric: str) -> str:
    score = each.scores.get(metric)
    cells = [
        numeric("–") if score is None else numeric(number(score.value), interval(score)),
        numeric("–")
        if each.rest is None
        else numeric(signed(each.rest.value), interval(each.rest)),
    ]
    return _row(each, cells)


def _compared(each: SliceComparison) -> str:
    pair = each.paired
    cell = (
        numeric("–")
        if pair is None
        else numeric(signed(pair.difference.value), interval(pair.difference))
    )
    return _row(each, [cell])


def _row(each: SliceScores | SliceComparison, cells: list[str]) -> str:
    found = (WORSE if each.worse else "no worse") if _is_judged(each) else ""
    judged = "; ".join(filter(None, (found, escaped(each.note))))
    return row(
        f"{escaped(each.column)}: {escaped(each.value)}",
        f"<td>{judged}</td>",
        numeric(f"{each.rows:,}"),
        *cells,
        numeric(f"{each.p:.2g}" if _is_judged(each) else "–"),
        kind="flagged" if each.worse else "",
    )
