"""What goes into a graph and what comes out: names, element types and shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import onnx

__all__ = ["Tensor", "metadata", "signature", "versions"]


@dataclass(frozen=True)
class Tensor:
    """One input or output.

    Attributes
    ----------
    name : str
    type : str
        The element type, as ONNX names it in lower case: "float", "double", "string", "int64".
    shape : tuple of int
        −1 for the number of rows.
    """

    name: str
    type: str
    shape: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """Type and shape as a reader takes them: "float, N × 3"."""
        return f"{self.type}, {' × '.join('N' if n < 0 else str(n) for n in self.shape)}"


def signature(model: bytes) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The inputs and the outputs of an ONNX file, in its order."""
    graph = onnx.load_from_string(model).graph
    return _tensors(graph.input), _tensors(graph.output)


def _tensors(values: Iterable[onnx.ValueInfoProto]) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(
            value.name,
            onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower(),
            tuple(
                size.dim_value if size.HasField("dim_value") else -1
                for size in value.type.tensor_type.shape.dim
            ),
        )
        for value in values
    )


def metadata(model: bytes) -> dict[str, str]:
    """The metadata of an ONNX file."""
    return {entry.key: entry.value for entry in onnx.load_from_string(model).metadata_props}


def versions(model: bytes) -> tuple[int, int]:
    """The opset of the core operators, and the IR version, of an ONNX file."""
    it = onnx.load_from_string(model)
    (opset,) = (each.version for each in it.opset_import if not each.domain)
    return opset, it.ir_version
