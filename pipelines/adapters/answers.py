"""A version's answers to its test rows as a Parquet file, which its MLflow run keeps."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from pipelines.records.answers import Answers

__all__ = ["FILE", "UnreadableAnswersError", "read_answers", "write_answers"]

FILE = "test_predictions.parquet"
CLASSES = b"logitline.classes"
# Before the K columns of probabilities.
ROWS = ("row_digest", "class", "label")


class UnreadableAnswersError(ValueError):
    """The file is not what `write_answers` wrote."""


def write_answers(answers: Answers) -> bytes:
    """The file: row_digest, class and label as positions, and a probability a class."""
    columns = [answers.digests, answers.codes, answers.labels, *answers.P.T]
    names = [*ROWS, *(f"probability_{label}" for label in answers.classes)]
    table = pa.Table.from_arrays([pa.array(np.ascontiguousarray(each)) for each in columns], names)
    classes = json.dumps(answers.classes).encode()
    sink = pa.BufferOutputStream()
    parquet.write_table(table.replace_schema_metadata({CLASSES: classes}), sink, compression="zstd")
    return bytes(sink.getvalue())


def read_answers(content: bytes) -> Answers:
    """The answers that `write_answers` wrote.

    Raises
    ------
    UnreadableAnswersError
        If the file is damaged or another's.
    """
    try:
        table = parquet.read_table(pa.BufferReader(content))
        classes = tuple(json.loads(table.schema.metadata[CLASSES]))
        digests, codes, labels, *P = (column.to_numpy() for column in table.columns)
        return Answers(
            classes,
            digests.astype(np.uint64, casting="safe"),
            codes.astype(np.int32, casting="safe"),
            np.column_stack(P).astype(np.float64, casting="safe"),
            labels.astype(np.int32, casting="safe"),
        )
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise UnreadableAnswersError(f"{FILE} cannot be read: {error}") from None
