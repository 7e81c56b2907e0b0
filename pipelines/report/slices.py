"""The report's section on slices: the winner in each, and beside the champion."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.metrics import SliceComparison, SliceScores
from pipelines.report.content import ReportData
from pipelines.report.headings import HEADINGS
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
    flagged = sum(each.worse for each in it.slices)
    count = f"{flagged} of {len(it.slices)} slices" if flagged else "No slice"
    yield f"<p>{count} {_is(flagged)} worse than all other test rows beyond doubt.</p>"
    caption = (
        f"{heading} of {escaped(data.winner)} in each slice, and its difference from all other "
        f"test rows, with {percent(data.confidence)} intervals; p of «no worse than the others», "
        "adjusted for the number of slices (Holm). Beyond doubt: p of 0.05 at most."
    )
    heads = ("Slice", "Judgement", "Test rows", heading, "Minus the others", "p")
    order = sorted(it.slices, key=lambda each: not each.worse)
    yield table(caption, heads, (_scored(each, it.metric) for each in order), 4)


def _beside_the_champion(data: ReportData) -> Iterator[str]:
    it, heading = data.evaluation, HEADINGS[data.evaluation.metric]
    if not it.champion_slices:
        return
    flagged = sum(each.worse for each in it.champion_slices)
    count = f"{flagged} of {len(it.champion_slices)} slices" if flagged else "No slice"
    yield "<h3>Against the champion</h3>"
    yield f"<p>{count} {_is(flagged)} worse than with the champion beyond doubt.</p>"
    caption = (
        f"{heading} of {escaped(data.winner)} minus the champion's on the same rows of the "
        "slice; p of «no worse than the champion», adjusted likewise."
    )
    heads = ("Slice", "Judgement", "Test rows", "Minus the champion", "p")
    order = sorted(it.champion_slices, key=lambda each: not each.worse)
    yield table(caption, heads, map(_compared, order), 3)


def _is(count: int) -> str:
    return "are" if count > 1 else "is"


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
    judged = WORSE if each.worse else escaped(each.note or "no worse")
    return row(
        f"{escaped(each.column)}: {escaped(each.value)}",
        f"<td>{judged}</td>",
        numeric(f"{each.rows:,}"),
        *cells,
        numeric("–" if each.note else f"{each.p:.2g}"),
        kind="flagged" if each.worse else "",
    )
