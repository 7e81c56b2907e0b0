"""The report's sections on the models themselves: boundaries, importances, coefficients."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pipelines.records.explanation import Plane
from pipelines.report import planes
from pipelines.report.content import ReportData
from pipelines.report.markup import escaped, figure, figures, numeric, row, section, table
from pipelines.report.spans import spans
from pipelines.report.wording import interval, name, number, signed

__all__ = ["boundaries", "weights"]

DRAWN, LISTED = 15, 40


def boundaries(data: ReportData) -> str:
    """What logistic regression, tree and network make of the two strongest columns."""
    plane = data.explanation.plane
    if plane is None:
        return section("Decision boundaries", f"<p>{escaped(data.explanation.plane_note)}</p>")
    if len(data.classes) > planes.MOST_CLASSES:
        said = (
            f"No figure: of {len(data.classes)} classes the colours and marks could not be told "
            f"apart ({planes.MOST_CLASSES} at most)."
        )
        return section("Decision boundaries", f"<p>{said}</p>")
    intro = (
        f"{_why_these(data, plane)}; all others are fixed, numbers at the median "
        "of the training rows, anything else at its most frequent value. Colour: the label, "
        "deeper where the model is surer; lines: where it changes; marks: "
        f"{len(plane.rows_codes)} test rows by their true class, whose other columns have other "
        "values."
    )
    drawn = (
        figure(
            f"boundary{at}",
            planes.boundary(plane, surface, data.classes),
            planes.said(plane, surface, data.classes),
            f"{escaped(surface.candidate)} ({escaped(surface.estimator)})",
        )
        for at, surface in enumerate(plane.surfaces)
    )
    return section("Decision boundaries", f"<p>{intro}</p>", figures(drawn, "figures three"))


def _why_these(data: ReportData, plane: Plane) -> str:
    """What the plane's columns are, claimed no further than their importances are known."""
    pair = f"{escaped(plane.x)} and {escaped(plane.y)}"
    sure = {each.column for each in data.explanation.importances if each.rise.low > 0}
    if {plane.x, plane.y} <= sure:
        return f"The two columns of numbers that {escaped(data.winner)} rests on most, {pair}"
    unsure = [escaped(each) for each in (plane.x, plane.y) if each not in sure]
    neither = "neither's interval is" if len(unsure) == 2 else f"the interval of {unsure[0]} is not"
    return f"The two columns of numbers of greatest importance, {pair}, though {neither} above zero"


def weights(data: ReportData) -> str:
    """What the winner rests on, and a linear candidate's coefficients."""
    return section("What the answers rest on", *_importances(data), *_coefficients(data))


def _importances(data: ReportData) -> Iterator[str]:
    it = data.explanation
    yield f"<h3>Importances of the columns for {escaped(data.winner)}</h3>"
    if not it.importances:
        yield f"<p>{escaped(it.importances_note or 'Not computed.')}</p>"
        return
    shown = it.importances[:DRAWN]
    first = shown[0]
    sure = sum(each.rise.low > 0 for each in it.importances)
    said = (
        f"Permutation importances, the greatest first: {name(first.column, 40)} "
        f"{number(first.rise.value)} ({interval(first.rise) or 'no interval'}). Of "
        f"{len(it.importances)} columns {sure} have an interval above zero."
    )
    title = f"Importance of {len(shown)} of {len(it.importances)} columns"
    drawing = spans(title, "Rise of the log loss", [(each.column, each.rise) for each in shown])
    caption = (
        f"By how much the log loss on {it.rows:,} test rows rises when a column's values change "
        f"places among them ({it.repeats} shuffles); 95 % intervals. Columns that say the same "
        "stand in for each other, and then both look small."
    )
    yield figures([figure("importances", drawing, said, caption)])
    rows = (
        row(escaped(each.column), numeric(signed(each.rise.value), interval(each.rise)))
        for each in it.importances[:LISTED]
    )
    more = len(it.importances) - LISTED
    title = "Rise of the log loss" + (f"; {more} more columns are left out" if more > 0 else "")
    yield f"<details><summary>As a table</summary>{table(title, ('Column', 'Rise'), rows, 1)}"
    yield "</details>"


def _coefficients(data: ReportData) -> Iterator[str]:
    it = data.explanation
    if not it.coefficients:
        if it.coefficients_note:
            yield "<h3>Coefficients</h3>"
            yield f"<p>{escaped(it.coefficients_note)}</p>"
        return
    yield f"<h3>Coefficients of {escaped(it.linear)}</h3>"
    many = len({each.label for each in it.coefficients}) > 1
    named = [
        (f"{each.term} → {each.label}" if many else each.term, each.value)
        for each in it.coefficients
    ]
    first, value = named[0]
    clear = sum(each.low > 0 or each.high < 0 for _, each in named)
    told = any(math.isfinite(each.low) for _, each in named)
    said = (
        f"Coefficients, the greatest first: {name(first, 60)} {signed(value.value)}"
        f"{f' ({interval(value)})' if told else ''}. "
        + (f"{clear} of the {len(named)} listed have an interval without zero." if told else "")
    ).strip()
    of = f"for {name(it.coefficients[0].label)}" if not many else "by class"
    drawing = spans(f"Greatest coefficients, {of}", "Coefficient", named[:DRAWN])
    caption = (
        "Of numbers that are centred and divided by their standard deviation, and of 0/1 columns, "
        f"one a value of a category: what is added to the raw score. {it.coefficients_note}"
    )
    yield figures([figure("coefficients", drawing, said, escaped(caption))])
    rows = (
        row(
            escaped(each.term),
            f"<td>{escaped(each.label)}</td>",
            numeric(signed(each.value.value), interval(each.value)),
        )
        for each in it.coefficients
    )
    heads = ("Column", "Class", "Coefficient")
    listed = table(f"The {len(named)} greatest", heads, rows, 1)
    yield f"<details><summary>As a table</summary>{listed}</details>"
