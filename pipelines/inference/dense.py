"""A graph's inner form, over matrices: its numbers side by side, its categories one-hot.

A vector a column is friendly to callers and slow to run: each is a tensor to hand over, text
is compared letter by letter, and the label comes back as text. The inner form computes the
same features with the same nodes, but starts where the columns stand side by side and ends at
the probabilities' matrix and the label's place among the classes. It is made in memory, of
bytes that were verified; the file stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from pipelines.inference.encoder import CODES, PROBABILITIES, Dense

__all__ = ["dense"]


class _UnknownFormError(Exception):
    """The graph is not laid out as `to_onnx` does it."""


def dense(content: bytes) -> Dense | None:
    """The inner form of the graph that `to_onnx` wrote; None where it is laid out otherwise."""
    model = onnx.load_from_string(content)
    try:
        return _Rewriting(model).done()
    except (_UnknownFormError, KeyError, onnx.checker.ValidationError):
        return None


def _require(fits: object) -> None:
    if not fits:
        raise _UnknownFormError


class _Rewriting:
    """The model while its inputs and outputs are replaced by matrices."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model, self._graph = model, model.graph
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        columns, inputs = json.loads(metadata["columns"]), json.loads(metadata["inputs"])
        self._columns: list[str] = columns
        self._column = dict(zip(inputs, columns, strict=False))
        self._classes = len(json.loads(metadata["classes"]))
        self._constants = {c.name: c for c in self._graph.initializer}
        self._makers: dict[str, onnx.NodeProto] = {
            name: node for node in self._graph.node for name in node.output
        }
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in self._graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)
        self._matrices: list[tuple[str, Any, tuple[str, ...]]] = []
        self._blocks: list[tuple[str, str, tuple[str, ...]]] = []  # its output, column, values

    def done(self) -> Dense:
        elements = {value.name: value.type.tensor_type.elem_type for value in self._graph.input}
        if len(elements) < len(self._columns):
            name = self._graph.input[0].name
            self._matrices.append((name, np.float32, tuple(self._columns)))
        else:
            self._take_vectors(elements)
        one_hot = self._joined_blocks()
        outputs = self._answers()
        self._replace_ends(one_hot, outputs)
        onnx.checker.check_model(self._model)
        return Dense(
            model=self._model.SerializeToString(deterministic=True),
            matrices=tuple(self._matrices),
            one_hot=one_hot,
            values={column: values for _, column, values in self._blocks},
        )

    def _take_vectors(self, elements: dict[str, int]) -> None:
        seen: set[str] = set()
        for name, element in elements.items():
            users = self._users.get(name, [])
            if not users:  # a column that tells nothing leads nowhere
                continue
            upright = self._only(users, "Unsqueeze")
            if element == onnx.TensorProto.STRING:
                self._take_block(self._column[name], upright)
                continue
            joint = self._matrix_of(upright)
            if joint.output[0] not in seen:
                seen.add(joint.output[0])
                self._take_matrix(joint, onnx.helper.tensor_dtype_to_np_dtype(element))

    def _only(self, nodes: list[onnx.NodeProto], operator: str) -> onnx.NodeProto:
        _require(len(nodes) == 1 and nodes[0].op_type == operator)
        return nodes[0]

    def _matrix_of(self, upright: onnx.NodeProto) -> onnx.NodeProto:
        """The node that puts this column beside its like; a column alone is its own matrix."""
        users = self._users[upright.output[0]]
        return users[0] if users[0].op_type == "Concat" and len(users) == 1 else upright

    def _take_matrix(self, joint: onnx.NodeProto, precision: Any) -> None:
        parts = [self._makers[name] for name in joint.input] if joint.op_type == "Concat" else []
        sources = [part.input[0] for part in parts or [joint]]
        _require(all(source in self._column for source in sources))
        columns = tuple(self._column[source] for source in sources)
        self._matrices.append((joint.output[0], precision, columns))

    def _take_block(self, column: str, upright: onnx.NodeProto) -> None:
        equal = self._only(self._users[upright.output[0]], "Equal")
        cast = self._only(self._users[equal.output[0]], "Cast")
        texts = numpy_helper.to_array(self._constants[equal.input[1]]).ravel().tolist()
        values = tuple(t.decode() if isinstance(t, bytes) else str(t) for t in texts)
        self._blocks.append((cast.output[0], column, values))

    def _joined_blocks(self) -> str:
        """The name of the one-hot input, put into the Concat where the blocks stood."""
        if not self._blocks:
            return ""
        names = [name for name, _, _ in self._blocks]
        joint = self._only(self._users[names[0]], "Concat")
        _require(all(self._users[name] == [joint] for name in names))
        inputs = list(joint.input)
        start = inputs.index(names[0])
        _require(inputs[start : start + len(names)] == names)
        joint.input[:] = [*inputs[:start], names[0], *inputs[start + len(names) :]]
        return names[0]

    def _answers(self) -> tuple[str, str]:
        """What the graph's outputs are gathered from: probabilities, and codes of labels."""
        label, *probabilities = (self._gather(value.name) for value in self._graph.output)
        _require(label.input[0] in self._constants)
        sources = {node.input[0] for node in probabilities}
        places = [
            int(numpy_helper.to_array(self._constants[node.input[1]])) for node in probabilities
        ]
        _require(len(sources) == 1 and places == list(range(self._classes)))
        return sources.pop(), label.input[1]

    def _gather(self, name: str) -> Any:
        _require(name in self._makers and self._makers[name].op_type == "Gather")
        return self._makers[name]

    def _replace_ends(self, one_hot: str, answers: tuple[str, str]) -> None:
        graph, info = self._graph, onnx.helper.make_tensor_value_info
        to_element = onnx.helper.np_dtype_to_tensor_dtype
        inputs = [
            info(name, to_element(np.dtype(precision)), [None, len(columns)])
            for name, precision, columns in self._matrices
        ]
        if one_hot:
            width = sum(len(values) for _, _, values in self._blocks)
            inputs.append(info(one_hot, onnx.TensorProto.FLOAT, [None, width]))
        names = self._free(dict(zip(answers, (PROBABILITIES, CODES), strict=True)))
        for node in graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            node.output[:] = [names.get(name, name) for name in node.output]
        outputs = [
            info(PROBABILITIES, onnx.TensorProto.FLOAT, [None, self._classes]),
            info(CODES, onnx.TensorProto.INT64, [None]),
        ]
        _prune(graph, {value.name for value in inputs})
        _refill(graph.input, inputs)
        _refill(graph.output, outputs)
        del self._model.metadata_props[:]

    def _free(self, names: dict[str, str]) -> dict[str, str]:
        """The new names, and others for what has them now: a column may be called so."""
        inner = {name for node in self._graph.node for name in (*node.input, *node.output)}
        renamed = dict(names)
        for name in sorted(set(names.values()) & inner - set(names)):
            free = f"{name}_"
            while free in inner:
                free += "_"
            inner.add(free)
            renamed[name] = free
        return renamed


def _prune(graph: onnx.GraphProto, given: set[str]) -> None:
    """Drop the nodes and constants that the answers do not need, or that the inputs replace."""
    needed, kept = {PROBABILITIES, CODES}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output) and not given.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    _refill(graph.node, kept[::-1])
    _refill(graph.initializer, [c for c in graph.initializer if c.name in needed])


def _refill(field: Any, entries: Iterable[Any]) -> None:
    kept = list(entries)
    copies = [type(entry).FromString(entry.SerializeToString()) for entry in kept]
    del field[:]
    field.extend(copies)
