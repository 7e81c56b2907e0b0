"""Writes ONNX nodes as a formula reads: ``z = graph.Div(graph.Sub(x, mean), scale)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

__all__ = ["OPSETS", "ConversionError", "Graph"]

# 21 is what skl2onnx, ONNX Runtime and the reference evaluator all know; Equal on strings
# needs 19, IsNaN on doubles 20. The tree ensembles of ai.onnx.ml 3 take missing values.
OPSETS = {"": 21, "ai.onnx.ml": 3}


class ConversionError(ValueError):
    """The pipeline has no graph here, and why."""


class Graph:
    """The graph that skl2onnx is building; a method call writes the operator of that name.

    ``graph.Where(condition, x, y)`` adds the node and returns its output's name. Operands
    are names, or arrays, which become constants of the graph.

    Attributes
    ----------
    one_hot : sequence of slice
        The parts of the feature matrix in which a row has at most one 1, and else zeros.
    """

    def __init__(self, scope: Any, container: Any, one_hot: Sequence[slice] = ()) -> None:
        self._scope = scope
        self._container = container
        self.one_hot = one_hot

    def __getattr__(self, operator: str) -> Callable[..., str]:
        if not operator[:1].isupper():
            raise AttributeError(operator)

        def write(*operands: str | NDArray[Any], domain: str = "", **attributes: Any) -> str:
            output: str = self._scope.get_unique_variable_name(operator)
            self.into(output, operator, *operands, domain=domain, **attributes)
            return output

        return write

    def into(
        self,
        output: str,
        operator: str,
        *operands: str | NDArray[Any],
        domain: str = "",
        **attributes: Any,
    ) -> None:
        """Add the node whose result is `output`, a name declared before."""
        names = [name if isinstance(name, str) else self.constant(name) for name in operands]
        self._container.add_node(
            operator,
            names,
            [output],
            op_domain=domain,
            op_version=OPSETS[domain],
            name=self._scope.get_unique_operator_name(operator),
            **attributes,
        )

    def constant(self, array: NDArray[Any]) -> str:
        """Add the array as an initializer; texts are object or str arrays."""
        name: str = self._scope.get_unique_variable_name("constant")
        shape = list(array.shape)
        if array.dtype.kind in "OU":
            texts = [text.encode() for text in array.ravel()]
            self._container.add_initializer(name, TensorProto.STRING, shape, texts)
        else:
            # As raw bytes: a table of a million nodes never becomes a list of Python numbers.
            tensor = numpy_helper.from_array(np.asarray(array, order="C"))
            self._container.add_initializer(name, tensor.data_type, shape, tensor)
        return name

    def columns(self, vectors: list[str]) -> str:
        """Vectors of length N side by side, shape (N, len(vectors))."""
        axis = np.array([1])
        stacked = [self.Unsqueeze(vector, axis) for vector in vectors]
        return stacked[0] if len(stacked) == 1 else self.Concat(*stacked, axis=1)

    def beside(self, blocks: list[str]) -> str:
        """Matrices of N rows side by side."""
        return blocks[0] if len(blocks) == 1 else self.Concat(*blocks, axis=1)
