"""The report of a training: one HTML file without script and without outside resources.

Whatever comes from data or configuration is escaped on its way into the page, and the page's
content policy forbids scripts and requests besides.
"""

from __future__ import annotations

from pipelines.report.competition import comparison
from pipelines.report.content import ReportData
from pipelines.report.document import document
from pipelines.report.explained import boundaries, weights
from pipelines.report.judgement import decision
from pipelines.report.markup import escaped
from pipelines.report.measured import calibration, classes, confusion, curves
from pipelines.report.origin import data_section, lineage, timings
from pipelines.report.slices import slices

__all__ = ["ReportData", "report"]

SECTIONS = (
    decision,
    comparison,
    classes,
    curves,
    calibration,
    confusion,
    slices,
    boundaries,
    weights,
    data_section,
    lineage,
    timings,
)


def report(data: ReportData) -> str:
    """The whole file; the same text for the same data."""
    title = escaped(f"{data.model}, version {data.version}")
    return document(title, "training report", (each(data) for each in SECTIONS))
