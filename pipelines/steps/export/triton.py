"""The folder `triton/`: a model repository as NVIDIA's Triton Inference Server reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.inference.signature import Tensor, signature

__all__ = ["folder_name", "repository"]

TYPES = {
    "float": "TYPE_FP32",
    "double": "TYPE_FP64",
    "string": "TYPE_STRING",
    "int64": "TYPE_INT64",
    "bool": "TYPE_BOOL",
}


def folder_name(model: str) -> str:
    """The model's name as a folder and an address have it: letters, digits, `_`, `.` and `-`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", model)


def repository(name: str, model: bytes) -> dict[str, bytes]:
    """The files by path: config.pbtxt, and the graph as version 1."""
    folder = f"triton/{folder_name(name)}"
    return {
        f"{folder}/config.pbtxt": config(folder_name(name), model).encode(),
        f"{folder}/1/model.onnx": model,
    }


def config(name: str, model: bytes) -> str:
    """config.pbtxt: each input and output with its type and shape.

    Rows are the inputs' own first dimension, of any length (max_batch_size 0), since text
    and numbers are vectors and no matrices with a batch of their own.
    """
    inputs, outputs = signature(model)
    return "\n".join(
        [
            f'name: "{_escaped(name)}"',
            'platform: "onnxruntime_onnx"',
            "max_batch_size: 0",
            *_block("input", inputs),
            *_block("output", outputs),
            "",
        ]
    )


def _block(what: str, tensors: Sequence[Tensor]) -> list[str]:
    entries = [
        f'  {{ name: "{_escaped(each.name)}" data_type: {TYPES[each.type]} '
        f"dims: [ {', '.join(map(str, each.shape))} ] }}"
        for each in tensors
    ]
    return [f"{what} [", ",\n".join(entries), "]"]


def _escaped(text: str) -> str:
    """The text within quotes of protobuf's text format: its bytes, the odd ones in octal."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in "\"\\'" else f"\\{byte:03o}"
        for byte in text.encode()
    )
