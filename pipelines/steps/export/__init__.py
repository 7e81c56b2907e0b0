"""export: the bundle that another runtime needs, and nothing of this project in it."""

from __future__ import annotations

from pipelines.steps.export.bundle import LATER, SUMS, checked, conclude, export
from pipelines.steps.export.release import Release, Trained

__all__ = ["LATER", "SUMS", "Release", "Trained", "checked", "conclude", "export"]
