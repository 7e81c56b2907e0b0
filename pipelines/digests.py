"""Digests of rows, of sections of the configuration, and of code.

A row's digest depends on its values and its columns' names, not on the order of rows or
columns, the machine, or the versions of libraries: a row that comes back in a larger table
has the digest it had before.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["code_digest", "content_digest", "row_digests", "uniform"]

ROOT = Path(__file__).resolve().parent.parent
# Import names that differ from the name of the distribution.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def content_digest(value: Any) -> str:
    """SHA-256 of a JSON-like value, the order of keys aside."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection of 64-bit words that leaves no visible pattern.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    with np.errstate(over="ignore"):
        z = x + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _text_word(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _number_words(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    # Adding 0.0 turns -0.0 into 0.0; every NaN becomes the one NaN.
    x = column.to_numpy() + 0.0
    x[np.isnan(x)] = np.nan
    return np.ascontiguousarray(x).view(np.uint64)


def _text_words(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    words = np.array([_text_word(value) for value in values], dtype=np.uint64)
    return words[encoded.indices.to_numpy()] if values else np.empty(0, np.uint64)


def row_digests(table: pa.Table) -> NDArray[np.uint64]:
    """One 64-bit digest a row: equal values (−0 and 0, NaN and NaN) give equal digests.

    Two rows of n different ones collide with a chance of about n² / 2⁶⁵.
    """
    total = np.zeros(table.num_rows, dtype=np.uint64)
    for name in sorted(table.column_names):
        column = table.column(name)
        words = _text_words if pa.types.is_string(column.type) else _number_words
        seed = mix(np.array([_text_word(name)], dtype=np.uint64))
        total = mix(total ^ mix(words(column) ^ seed))
    return total


def uniform(digests: NDArray[np.uint64], salt: int) -> NDArray[np.float64]:
    """Numbers in [0, 1) that depend on the digest and the salt alone."""
    seed = mix(np.array([_text_word(f"salt {salt}")], dtype=np.uint64))
    u: NDArray[np.float64] = (mix(digests ^ seed) >> np.uint64(11)) * np.float64(2.0**-53)
    return u


@cache
def code_digest(*modules: str) -> str:
    """SHA-256 of the modules' code, of all they import here, and of the libraries' versions.

    Comments and layout do not count: the digest is taken over the syntax tree.
    """
    trees, libraries = _closure(modules)
    versions = {
        name: importlib.metadata.version(DISTRIBUTIONS.get(name, name)) for name in libraries
    }
    return content_digest({"code": trees, "versions": versions, "python": sys.version_info[:2]})


def _closure(modules: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Digest of each project module reached from `modules`, and the libraries they import."""
    trees: dict[str, str] = {}
    libraries: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = _file(module)
        if module in trees or path is None:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        trees[module] = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
        parent = module.rpartition(".")[0]  # it runs before its modules
        package = module if path.name == "__init__.py" else parent
        for name in [parent, *_imports(tree, package)]:
            top = name.split(".")[0]
            if top in ("pipelines", "flows"):
                waiting.append(name)
            elif top and top not in sys.stdlib_module_names:
                libraries.add(top)
    return trees, sorted(libraries)


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(tree: ast.AST, package: str) -> Iterable[str]:
    """The full names of what a module of the package imports, within functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield source
            # `from pipelines.steps import split` imports a module, not only a name.
            yield from (f"{source}.{alias.name}" for alias in node.names)
