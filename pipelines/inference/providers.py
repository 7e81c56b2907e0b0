"""Which execution providers the installed ONNX Runtime has."""

from __future__ import annotations

import onnxruntime

__all__ = ["available_providers"]


def available_providers() -> list[str]:
    """Their names, the preferred first."""
    return list(onnxruntime.get_available_providers())
