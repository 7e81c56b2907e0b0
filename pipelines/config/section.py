"""What every part of the configuration has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["LARGEST", "Section"]

LARGEST = 2**53
"""The largest whole number up to which a float64 holds every one."""


class Section(BaseModel):
    """A part of the file: unknown keys refused, types exact, NaN and infinity refused, frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )
