"""Asks tract: MODEL FEATURES ROWS COLUMNS CLASSES LABELS PROBABILITIES."""

from __future__ import annotations

import sys

import numpy as np
import tract

BATCH = 8_192


def main(arguments: list[str]) -> None:
    """Write what tract computes of the features."""
    model, features, rows, columns, classes, labels, probabilities = arguments
    X = np.fromfile(features, dtype="<f4").reshape(int(rows), int(columns))
    runnable, label, probability = prepare(model, f"N,{columns},f32")
    codes = np.empty(int(rows), dtype="<i8")
    P = np.empty((int(rows), int(classes)), dtype="<f4")
    for start in range(0, len(X), BATCH):
        answer = runnable.run([X[start : start + BATCH]])
        codes[start : start + BATCH] = answer[label].to_numpy()
        P[start : start + BATCH] = answer[probability].to_numpy()
    codes.tofile(labels)
    P.tofile(probabilities)


def prepare(path: str, fact: str) -> tuple[tract.Runnable, int, int]:
    """The graph ready to run for any number of rows, and where its two outputs stand."""
    graph = tract.onnx().load(path)
    graph.set_input_fact(0, fact)
    names = [graph.output_name(at) for at in range(graph.output_count())]
    for at in range(len(names)):
        graph.set_output_fact(at, None)  # it works out the shapes itself
    label, probability = (names.index(name) for name in ("label", "probabilities"))
    return graph.into_model().into_runnable(), label, probability


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except tract.TractError as error:
        # The first line says it; a stack of Rust's addresses follows.
        sys.exit(str(error).splitlines()[0])
