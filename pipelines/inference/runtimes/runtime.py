"""What a runtime is to the proof: whether it is here, its version, what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_ROWS", "Answer", "NoAnswerError", "Runtime"]

MOST_ROWS = 1_000_000

# The label output, shape (N,), and the probabilities, shape (N, K). A portable graph's labels
# are the class itself where all classes are integers of 32 bits, else its position among them.
Answer = tuple[NDArray[Any], NDArray[np.float32]]


class NoAnswerError(RuntimeError):
    """A runtime gave no answer: it refused the graph, crashed, or took too long; and why."""


def _nothing(_: Mapping[str, str]) -> str:
    return ""


def _all(_: bytes) -> int:
    return MOST_ROWS


@dataclass(frozen=True)
class Runtime:
    """One runtime with one of the two graphs.

    Attributes
    ----------
    name : str
        As it is known, such as "OpenVINO".
    graph : str
        "model" or "portable".
    absent : callable
        "" where it is at hand, else what is missing and the remedy, in a sentence or two.
    version : callable
        Its version; only asked for where it is at hand.
    run : callable
        The `Answer` to a graph's bytes and features. Raises NoAnswerError.
    refuses : callable
        "" for a graph that it computes as written, else why it would not, told from the
        graph's metadata.
    most_rows : callable
        How many rows a proof may ask of it, told from the graph's bytes: a slow one answers
        a sample.
    """

    name: str
    graph: str
    absent: Callable[[], str]
    version: Callable[[], str]
    run: Callable[[bytes, Any], Answer]
    refuses: Callable[[Mapping[str, str]], str] = _nothing
    most_rows: Callable[[bytes], int] = _all
