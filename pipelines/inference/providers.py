"""Which execution providers the installed ONNX Runtime has, and which of them start."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO

import onnxruntime

from pipelines.inference.serving import ModelError, Provider

__all__ = ["CPU", "CUDA", "available_providers", "configured", "installed", "require_active"]

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# TF32, which CUDA multiplies float32 matrices in unless told not to, keeps 10 bits.
OPTIONS = {CUDA: {"use_tf32": "0"}}

logger = logging.getLogger(__name__)


def available_providers() -> list[str]:
    """Their names, the preferred first."""
    return list(onnxruntime.get_available_providers())


def configured(providers: Sequence[str]) -> list[Provider]:
    """Each with its options, as a session takes them; CUDA's libraries are loaded first.

    Where pip has put those, the system's loader does not look.
    """
    if CUDA in providers and hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(StringIO()):  # it prints what it does not find
            onnxruntime.preload_dlls()
    return [(name, OPTIONS.get(name, {})) for name in providers]


def installed(wanted: Sequence[str], strict: bool) -> list[str]:
    """The wanted providers that this installation has, the CPU last."""
    if isinstance(wanted, str):
        raise ModelError(f"`providers` takes a list of names: providers=[{wanted!r}].")
    known = onnxruntime.get_all_providers()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ModelError(
            f"ONNX Runtime knows no provider {', '.join(unknown)}. It knows {', '.join(known)}."
        )
    here = onnxruntime.get_available_providers()
    absent = [name for name in wanted if name not in here]
    if absent and strict:
        raise ModelError(
            f"{', '.join(absent)} is asked for and absent; installed here: "
            f"{', '.join(here)}. Install the ONNX Runtime build that has it, or load without "
            "strict to run on the CPU."
        )
    if absent:
        logger.warning("%s is absent; the model runs without it.", ", ".join(absent))
    return list(dict.fromkeys([*(name for name in wanted if name in here), CPU]))


def require_active(asked: Sequence[str], active: Sequence[str], strict: bool) -> None:
    """Raise or log where ONNX Runtime has dropped a provider that did not start."""
    dropped = [name for name in asked if name not in active]
    if dropped and strict:
        raise ModelError(
            f"{', '.join(dropped)} is installed and did not start, so the model would run on "
            f"{', '.join(active)}. Mend its driver or libraries, or load without strict."
        )
    if dropped:
        logger.warning("%s did not start; running on %s.", ", ".join(dropped), ", ".join(active))
