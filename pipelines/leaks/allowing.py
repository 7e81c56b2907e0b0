"""The findings that a person answers for."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.config import Leaks
from pipelines.records import Leak

__all__ = ["blocking", "reason"]


def reason(leak: Leak, allowed: Leaks) -> str | None:
    """Why the leak may be, in the config's words; None where it may not."""
    if leak.kind == "duplicates":
        return allowed.duplicates
    reasons = [allowed.allow.get(name) for name in leak.columns]
    given = [each for each in reasons if each is not None]
    return "; ".join(given) if len(given) == len(reasons) else None


def blocking(leaks: Sequence[Leak], allowed: Leaks) -> tuple[Leak, ...]:
    """The leaks that no reason allows."""
    return tuple(leak for leak in leaks if reason(leak, allowed) is None)
