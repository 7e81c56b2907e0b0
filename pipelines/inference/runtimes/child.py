"""A portable graph's answers from a program in a process of its own.

A runtime that hangs or crashes takes its process with it and nothing else. Every program
of programs/ takes the same arguments, MODEL FEATURES ROWS COLUMNS CLASSES LABELS
PROBABILITIES: it reads the graph and the features (float32, row by row, little-endian), and
writes labels (int64) and probabilities (float32) in the same form. Files carry the rows,
because arguments end at some hundred kilobytes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from pipelines.inference.runtimes.runtime import Answer, NoAnswerError

__all__ = ["PROGRAMS", "SECONDS", "ask", "python"]

PROGRAMS = Path(__file__).parent / "programs"
SECONDS = 120.0  # for all rows; a proof's some thousand take under five
SHOWN = 300  # characters of what a program says on its way out


def ask(
    command: Sequence[str],
    model: bytes,
    features: NDArray[np.float32],
    extra: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Answer:
    """Labels and probabilities of the features, shape (N, C), as the program computes them.

    Parameters
    ----------
    command : sequence of str
        The program and what runs it; the arguments come behind.
    extra : mapping, optional
        Further environment variables.
    seconds : float, optional
        Its time, `SECONDS` by default.

    Raises NoAnswerError where it ends without an answer, with what it said.
    """
    seconds = SECONDS if seconds is None else seconds
    classes = _classes(model)
    with tempfile.TemporaryDirectory(prefix="logitline-runtime-") as name:
        folder = Path(name)
        files = [folder / part for part in ("model.onnx", "features", "labels", "probabilities")]
        files[0].write_bytes(model)
        files[1].write_bytes(np.ascontiguousarray(features, dtype="<f4").tobytes())
        sizes = [*map(str, features.shape), str(classes)]
        places = [str(file) for file in files]
        _run([*command, *places[:2], *sizes, *places[2:]], dict(extra or {}), folder, seconds)
        return _read(files[2], files[3], len(features), classes)


def _classes(model: bytes) -> int:
    """The number of columns that the graph declares of `probabilities`."""
    for output in onnx.load_from_string(model).graph.output:
        if output.name == "probabilities":
            return int(output.type.tensor_type.shape.dim[1].dim_value)
    raise NoAnswerError("The graph has no output `probabilities`, so it is no portable graph.")


def _run(command: list[str], extra: dict[str, str], folder: Path, seconds: float) -> None:
    # Its own session, so that whatever it starts ends with it when its time is up.
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | extra,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise NoAnswerError(f"{command[0]} cannot be started: {error.strerror}.") from None
    with process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise NoAnswerError(f"It had no answer after {seconds:g} s and was ended.") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise NoAnswerError(_reason(process.returncode, said.decode(errors="replace")))


def _reason(status: int, said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if len(last) > SHOWN:
        last = f"{last[:SHOWN]}…"
    if status < 0:
        return f"It crashed: {signal.Signals(-status).name}. {last}".rstrip()
    return f"It gave no answer: {last or f'exit status {status}'}"


def _read(labels: Path, probabilities: Path, rows: int, classes: int) -> Answer:
    try:
        codes = np.fromfile(labels, dtype="<i8")
        P = np.fromfile(probabilities, dtype="<f4")
    except OSError:
        raise NoAnswerError("It ended well and wrote no answer.") from None
    if codes.size != rows or P.size != rows * classes:
        raise NoAnswerError(
            f"It answered {codes.size} labels and {P.size} probabilities for {rows} rows of "
            f"{classes} classes."
        )
    return codes, P.reshape(rows, classes)


def python(program: str) -> list[str]:
    """The command for one of the Python programs, in this environment."""
    return [sys.executable, "-P", str(PROGRAMS / program)]
