"""Tries out a model file that no digest vouches for, in a process that may die of it.

A few kilobytes of nested functions kill the process that parses them, one node can ask for
all memory, and a constant may name a file to be read. So a child with a limit on memory and
time reads the file first, refuses what no graph of logitline has, and answers one row. What
one row takes says what others take only where no value decides a size: so the operators are
those of our graphs and no others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.inference.serving import Model, ModelError

__all__ = ["main", "vet"]

SECONDS = 60.0
MEMORY = 3 * 2**30  # bytes of addresses; the libraries alone take one
CODE = "import sys; sys.path[:0] = {path!r}; from pipelines.inference.vetting import main; main()"
ROOT = Path(__file__).parents[2]
DOMAINS = {"", "ai.onnx.ml"}
OPERATORS = (
    "Add ArgMax ArgMin Cast Clip Concat Div Equal Expand Gather GreaterOrEqual Identity IsNaN Less "
    "LessOrEqual Log MatMul Mul ReduceMax ReduceSum Relu Shape Sigmoid Softmax Squeeze Sub Tanh "
    "TreeEnsembleRegressor Unsqueeze Where"
)


def vet(content: bytes, name: str = "The model", seconds: float = SECONDS) -> None:
    """Return where a child process survived the model, which is one of logitline.

    Parameters
    ----------
    content : bytes
        The ONNX file's bytes.
    name : str
        For the message.
    seconds : float
        How long the child may take.

    Raises ModelError with the reason otherwise.
    """
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    try:
        done = subprocess.run(
            [sys.executable, "-c", CODE.format(path=[str(ROOT)])],
            input=content,
            capture_output=True,
            timeout=seconds,
            env={**os.environ, **dict.fromkeys(threads, "1")},
            check=False,
        )
        reason = _reason(done.returncode, done.stdout.decode(errors="replace").strip())
    except subprocess.TimeoutExpired:
        reason = f"it takes more than {seconds:g} seconds"
    if reason:
        raise ModelError(
            f"{name}: refused, {reason}. No SHA-256 vouches for it, so it was tried in another "
            "process first. Fetch the model again, from where it was proven, with its digest."
        )


def _reason(status: int, said: str) -> str:
    if status == 0 and said == "sound":
        return ""
    if said and said != "sound":
        return said
    what = f"signal {-status}" if status < 0 else f"exit status {status}"
    return f"the process that read it died ({what})"


def main() -> None:
    """Vet the bytes on the standard input, and say on the output what is wrong with them."""
    content = sys.stdin.buffer.read()
    _limit(MEMORY + 8 * len(content))
    try:
        problem = _problem(content)
    except ModelError as error:
        problem = str(error).rstrip(".")
    except MemoryError:
        problem = "it takes more memory than a model may"
    except Exception as error:  # whatever a hostile file makes a library say
        problem = f"it cannot be read ({type(error).__name__}: {str(error)[:300]})"
    sys.stdout.write(problem or "sound")


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # on Windows there is no such limit; the time is limited all the same
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _problem(content: bytes) -> str:
    """What a graph of logitline cannot have; "" where there is nothing such."""
    import onnx

    model = onnx.load_from_string(content)
    nodes = model.graph.node
    tensors = [*model.graph.initializer, *_tensors(nodes)]
    found = {
        "it defines functions": len(model.functions),
        "it uses operators of another domain": _domains(model) - DOMAINS,
        "it wants to read other files": any(
            t.external_data or t.data_location == onnx.TensorProto.EXTERNAL for t in tensors
        ),
        "it nests graphs": any(map(_subgraph, nodes)),
        "it holds sparse constants": len(model.graph.sparse_initializer),
    }
    for what, is_so in found.items():
        if is_so:
            return f"{what}, which no graph of logitline does"
    return _answering(Model(content), model.graph)


def _answering(model: Model, graph: Any) -> str:
    """What keeps one row from an answer, or the answer from telling of other rows."""
    if foreign := sorted({node.op_type for node in graph.node}.difference(OPERATORS.split())):
        return f"it uses {foreign[0][:40]!r}, which no graph of logitline does"
    if _sized_by_values(graph):
        return "it takes sizes from values, which no graph of logitline does"
    row = {
        name: [None if spec["type"] != "category" else ""]
        for name, spec in model.contract["columns"].items()
    }
    model.answer(model.bind(row))
    return ""


def _sized_by_values(graph: Any) -> bool:
    """Whether a value of a row decides the shape that an Expand makes."""
    makers = {name: node for node in graph.node for name in node.output}
    given = {value.name for value in graph.input}
    asked = [name for node in graph.node if node.op_type == "Expand" for name in node.input[1:]]
    seen: set[str] = set()
    while asked:
        name = asked.pop()
        if name in given:
            return True
        maker = makers.get(name)
        if name not in seen and maker is not None and maker.op_type != "Shape":
            asked += maker.input
        seen.add(name)
    return False


def _domains(model: Any) -> set[str]:
    return {each.domain for each in (*model.opset_import, *model.graph.node)}


def _tensors(nodes: Iterable[Any]) -> list[Any]:
    attributes = [attribute for node in nodes for attribute in node.attribute]
    return [tensor for each in attributes for tensor in (each.t, *each.tensors)]


def _subgraph(node: Any) -> bool:
    return any(attribute.HasField("g") or len(attribute.graphs) for attribute in node.attribute)
