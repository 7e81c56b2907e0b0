"""The report's part on leaks: what was looked for, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.report.content import ReportData
from pipelines.report.markup import escaped, row, table

__all__ = ["leaks"]

CHECKED = (
    "Looked for: single columns that alone almost determine the label (by their values or by "
    "where they are filled in), columns that name the row, rows that stand among the test rows "
    "and the rows learned from, and values dated after the row's outcome, where the config "
    "names its time. Columns that give the label away only together are not looked for."
)


def leaks(data: ReportData) -> Iterator[str]:
    """Every finding with the reason that allows it; or that nothing was found."""
    yield f"<p>{CHECKED}</p>"
    if not data.leaks:
        yield "<p>Nothing found.</p>"
        return
    rows = (
        row(
            escaped(leak.kind),
            f'<td class="long">{escaped(leak.detail)}</td>',
            f'<td class="long">{"no" if reason is None else escaped(reason)}</td>',
        )
        for leak, reason in data.leaks
    )
    caption = "What leaks keeps a model from promotion unless the config gives a reason for it"
    yield table(caption, ("Kind", "Finding", "Allowed"), rows)
