"""Asks OpenVINO: MODEL FEATURES ROWS COLUMNS CLASSES LABELS PROBABILITIES."""

from __future__ import annotations

import sys

import numpy as np
import openvino

BATCH = 8_192


def main(arguments: list[str]) -> None:
    """Write what OpenVINO computes in float32 of the features."""
    model, features, rows, columns, classes, labels, probabilities = arguments
    X = np.fromfile(features, dtype="<f4").reshape(int(rows), int(columns))
    # Without the hint it computes in bfloat16 where the processor has it, 2e-3 away.
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    codes = np.empty(int(rows), dtype="<i8")
    P = np.empty((int(rows), int(classes)), dtype="<f4")
    for start in range(0, len(X), BATCH):
        answer = compiled(X[start : start + BATCH])
        codes[start : start + BATCH] = answer["label"]
        P[start : start + BATCH] = answer["probabilities"]
    codes.tofile(labels)
    P.tofile(probabilities)


if __name__ == "__main__":
    main(sys.argv[1:])
