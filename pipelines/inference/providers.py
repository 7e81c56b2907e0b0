"""Which execution providers the installed ONNX Runtime has, and which of them start."""

from __future__ import annotations

import ctypes
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from threading import Lock

import numpy as np
import onnxruntime

from pipelines.inference.serving import ModelError, Provider

__all__ = [
    "CPU",
    "CUDA",
    "available_providers",
    "configured",
    "require_active",
    "start_problem",
    "started",
]

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# TF32, which CUDA multiplies float32 matrices in unless told not to, keeps 10 bits.
OPTIONS = {CUDA: {"use_tf32": "0"}}
DRIVER = "libcuda.so.1"
WARNING, FATAL = 2, 4  # ONNX Runtime's severities; WARNING is what it starts with
PRODUCT = """<ir_version: 8, opset_import: ["": 13]>
product (float[1, 1] a, float[1, 1] b) => (float[1, 1] c) { c = MatMul (a, b) }"""

PRINTING = Lock()

logger = logging.getLogger(__name__)


def available_providers() -> list[str]:
    """Their names, the preferred first; whether they start is another question."""
    return list(onnxruntime.get_available_providers())


def configured(providers: Sequence[str]) -> list[Provider]:
    """Each with its options, as a session takes them; CUDA's libraries are loaded first."""
    if CUDA in providers:
        _missing_libraries()
    return [(name, OPTIONS.get(name, {})) for name in providers]


def started(wanted: Sequence[str], strict: bool) -> list[str]:
    """The wanted providers that this installation has and that start, the CPU last.

    Raises ModelError for a name that ONNX Runtime does not know and, with `strict`, for a
    provider that is absent or does not start; else that is logged.
    """
    here = _installed(wanted, strict)
    problems = {name: start_problem(name) for name in here}
    for name, problem in problems.items():
        if problem and strict:
            raise ModelError(
                f"{name} is installed and did not start: {problem}. Mend that, or run on the "
                "CPU: load without strict, score without --provider."
            )
        if problem:
            logger.warning("%s did not start (%s); the model runs without it.", name, problem)
    return [name for name in here if not problems[name]]


def start_problem(name: str) -> str:
    """Why an installed provider does not start; "" where it does.

    It is asked for a product, in a session of its own. ONNX Runtime takes the CPU instead of a
    provider that does not start, with errors on stderr for each session, or a page of them on
    stdout; so none is opened with a provider that was not asked before.
    """
    if name == CPU:
        return ""
    from onnx.parser import parse_model  # a tenth of a second, which the CPU does not take

    one = np.ones((1, 1), dtype=np.float32)
    given = configured([name, CPU])
    try:
        with _silence():
            session = onnxruntime.InferenceSession(
                parse_model(PRODUCT).SerializeToString(),
                onnxruntime.SessionOptions(),
                providers=given,
                enable_fallback=0,
            )
            session.run(None, {"a": one, "b": one})
    except Exception as error:  # ONNX Runtime's own exceptions share no narrower base
        return _said(str(error))
    return "" if name in session.get_providers() else _unloadable(name)


def require_active(asked: Sequence[str], active: Sequence[str], strict: bool) -> None:
    """Raise or log where ONNX Runtime has dropped a provider that had started."""
    dropped = [name for name in asked if name not in active]
    if dropped and strict:
        raise ModelError(
            f"{', '.join(dropped)} started and did not take the model, so it would run on "
            f"{', '.join(active)}. Look at the memory that is free there, or load without strict."
        )
    if dropped:
        logger.warning(
            "%s did not take the model; running on %s.", ", ".join(dropped), ", ".join(active)
        )


def _installed(wanted: Sequence[str], strict: bool) -> list[str]:
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
            f"{', '.join(here)}. Install the ONNX Runtime build that has it, or run on the CPU: "
            "load without strict, score without --provider."
        )
    if absent:
        logger.warning("%s is absent; the model runs without it.", ", ".join(absent))
    return list(dict.fromkeys([*(name for name in wanted if name in here), CPU]))


@contextmanager
def _silence() -> Iterator[None]:
    """ONNX Runtime keeps its errors to the exceptions it raises."""
    onnxruntime.set_default_logger_severity(FATAL)
    try:
        yield
    finally:
        onnxruntime.set_default_logger_severity(WARNING)


def _missing_libraries() -> str:
    """What is not found of CUDA's libraries, which are loaded; "" where all are.

    Where pip has put them, the system's loader does not look.
    """
    if not hasattr(onnxruntime, "preload_dlls"):
        return ""
    # It prints what it does not find. Two threads that redirect stdout may leave it redirected.
    with PRINTING, redirect_stdout(StringIO()) as said:
        onnxruntime.preload_dlls()
    return said.getvalue().partition("\n")[0]


def _said(error: str) -> str:
    """The part of ONNX Runtime's message that tells what happened, without places in its code."""
    found = re.search(r"CU[A-Z]+ failure \d+: [^;]*", error)
    last = (error.strip() or "it gives no reason").splitlines()[-1]
    said = found[0] if found else re.sub(r"^\S+\.\w+:\d+ .*?\) (?=[A-Z])", "", last)
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = found and chosen is not None
    return said.strip(" .") + (f"; CUDA_VISIBLE_DEVICES is {chosen!r}" if hidden else "")


def _unloadable(name: str) -> str:
    """Why a provider's library could not be loaded."""
    if name == CUDA:
        try:
            ctypes.CDLL(DRIVER)
        except OSError:
            return f"there is no NVIDIA driver, {DRIVER} is not found"
        missing = _missing_libraries()
        if missing:
            return missing
    return "its libraries are missing, or of another version than ONNX Runtime was built for"
