"""Digests of rows, of sections of the configuration, and of code.

A row's digest depends on its values and its columns' names, not on the order of rows or
columns, the machine, or the versions of libraries: a row that comes back in a larger table
has the digest it had before.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.libraries import version

__all__ = ["code_digest", "content_digest", "files_digest", "row_digests", "uniform"]

ROOT = Path(__file__).resolve().parent.parent
# SplitMix64: its increment, and its shifts with the factors that follow them.
GAMMA = np.uint64(0x9E3779B97F4A7C15)
ROUNDS = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
    (np.uint64(31), None),
)
# Rows whose words stay in a core's cache; NumPy lets go of the GIL while it works on them.
BLOCK = 16_384
THREADS = 2
Words = Callable[[int, int, NDArray[np.uint64]], None]


def content_digest(value: Any) -> str:
    """SHA-256 of a JSON-like value, the order of keys aside."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def files_digest(package: str) -> str:
    """SHA-256 of a package's files that are no code of Python: what it hands on as it is."""
    files = sorted(ROOT.joinpath(*package.split(".")).iterdir())
    kept = [path for path in files if path.is_file() and path.suffix not in (".py", ".pyc")]
    return content_digest({path.name: path.read_text(encoding="utf-8") for path in kept})


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection of 64-bit words that leaves no visible pattern.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    z = x.copy()
    _mix_in_place(z, np.empty_like(z))
    return z


def _mix_in_place(z: NDArray[np.uint64], spare: NDArray[np.uint64]) -> None:
    z += GAMMA  # arrays of integers wrap around in silence
    for shift, factor in ROUNDS:
        np.right_shift(z, shift, out=spare)
        z ^= spare
        if factor is not None:
            z *= factor


def _text_word(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _words(column: pa.ChunkedArray) -> Words:
    """How the words of rows start to stop are written into an array: numbers or texts."""
    return _text_words(column) if pa.types.is_string(column.type) else _number_words(column)


def _number_words(column: pa.ChunkedArray) -> Words:
    values = np.asarray(column.to_numpy(), dtype=np.float64)

    def write(start: int, stop: int, out: NDArray[np.uint64]) -> None:
        x = out.view(np.float64)
        # Adding 0.0 turns -0.0 into 0.0; every NaN becomes the one NaN.
        np.add(values[start:stop], 0.0, out=x)
        np.copyto(x, np.nan, where=np.isnan(x))

    return write


def _text_words(column: pa.ChunkedArray) -> Words:
    encoded = column.combine_chunks().dictionary_encode()
    values = (value.encode() for value in encoded.dictionary.to_pylist())
    known = b"".join([hashlib.blake2b(value, digest_size=8).digest() for value in values])
    words = np.frombuffer(known, dtype="<u8").astype(np.uint64)
    places = encoded.indices.to_numpy()

    def write(start: int, stop: int, out: NDArray[np.uint64]) -> None:
        np.take(words, places[start:stop], out=out, mode="clip")

    return write


def row_digests(table: pa.Table) -> NDArray[np.uint64]:
    """One 64-bit digest a row: equal values (−0 and 0, NaN and NaN) give equal digests.

    With wⱼ the word of a row's value in column j, sⱼ that of the column's name, and columns
    in the order of their names: t ← mix(t ⊕ mix(wⱼ ⊕ mix(sⱼ))), from t = 0.

    Two rows of n different ones collide with a chance of about n² / 2⁶⁵.
    """
    names = sorted(table.column_names)
    total = np.zeros(table.num_rows, dtype=np.uint64)
    seeds = mix(np.array([_text_word(name) for name in names], dtype=np.uint64))
    columns = list(zip(seeds, [_words(table.column(name)) for name in names], strict=True))

    def digest(start: int) -> None:
        t = total[start : start + BLOCK]
        words, spare = np.empty_like(t), np.empty_like(t)
        for seed, write in columns:
            write(start, start + len(t), words)
            words ^= seed
            _mix_in_place(words, spare)
            t ^= words
            _mix_in_place(t, spare)

    with ThreadPoolExecutor(max_workers=THREADS) as threads:
        list(threads.map(digest, range(0, len(total), BLOCK)))
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
    versions = {name: version(name) for name in libraries}
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
