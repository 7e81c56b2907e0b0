"""The seven steps' names, in their order."""

from __future__ import annotations

__all__ = ["STEPS"]

STEPS = ("ingest", "split", "train", "evaluate", "register", "export", "promote")
