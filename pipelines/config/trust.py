"""What the user vouches for in the leak check, and when a drift counts."""

from __future__ import annotations

from pydantic import Field, field_validator

from pipelines.config.section import Section

__all__ = ["Drift", "Leaks"]

NO_REASON = "needs a reason, which will stand in the report"


class Leaks(Section):
    """Findings of the leak check that a person answers for: column → reason.

    `duplicates` is the reason why equal rows may stand in several parts.
    """

    allow: dict[str, str] = Field(default_factory=dict)
    duplicates: str | None = None

    @field_validator("allow")
    @classmethod
    def _each_has_a_reason(cls, allow: dict[str, str]) -> dict[str, str]:
        empty = [name for name, reason in allow.items() if not reason.strip()]
        if empty:
            raise ValueError(f"the column {empty[0]!r} {NO_REASON}")
        return allow

    @field_validator("duplicates")
    @classmethod
    def _has_a_reason(cls, reason: str | None) -> str | None:
        if reason is not None and not reason.strip():
            raise ValueError(NO_REASON)
        return reason


class Drift(Section):
    """When new data count as drifted from those that the champion was trained on.

    `confidence` holds for all columns together; a column drifts only if its population
    stability index reaches `min_psi`; fewer rows than `min_volume` times the training
    table's are a drift of their own.
    """

    confidence: float = Field(default=0.95, ge=0.5, lt=1)
    min_psi: float = Field(default=0.0, ge=0)
    min_volume: float = Field(default=0.0, ge=0)
