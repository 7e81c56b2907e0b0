"""The tables of the training benchmarks, in memory and the same at every run."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

__all__ = ["AbsentError", "Table", "adult", "correlated", "fashion", "teacher", "text_like"]

FASHION = Path("/usr/share/datasets/fashion-mnist")
ADULT = Path(__file__).parents[2] / "data" / "adult.parquet"

Floats = NDArray[Any]


class AbsentError(RuntimeError):
    """A table that is not on this machine; the message says what to install."""


class Table(NamedTuple):
    """Rows to train on and rows to test on; labels are 0, 1, … as int64."""

    X: Floats
    y: NDArray[np.int64]
    X_test: Floats
    y_test: NDArray[np.int64]

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return int(self.y.max()) + 1

    @property
    def sparse(self) -> sparse.csr_array:
        """The training rows as CSR with 32-bit indices, which every peer takes."""
        rows = sparse.csr_array(self.X)
        rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
        return rows


def _fashion_files() -> list[Path]:
    """Where the Debian package has put its files, wherever that is."""
    if shutil.which("dpkg"):
        done = subprocess.run(
            ["dpkg", "-L", "dataset-fashion-mnist"], capture_output=True, text=True, check=False
        )
        if listed := [Path(line) for line in done.stdout.split() if "ubyte" in line]:
            return listed
    return sorted(FASHION.glob("*ubyte*"))


def _idx(name: str, header: int) -> NDArray[np.uint8]:
    """The bytes of one IDX file beyond its header."""
    found = [path for path in _fashion_files() if path.name.startswith(name)]
    if not found:
        raise AbsentError(
            "Fashion-MNIST is not here; the Debian package dataset-fashion-mnist has it."
        )
    content = found[0].read_bytes()
    content = gzip.decompress(content) if found[0].suffix == ".gz" else content
    return np.frombuffer(content, np.uint8, offset=header)


def fashion(rows: int = 60_000) -> Table:
    """Fashion-MNIST: pixels as float32 from 0 to 1, ten classes, 10,000 rows to test on."""

    def part(name: str) -> tuple[Floats, NDArray[np.int64]]:
        pixels = _idx(f"{name}-images", 16).reshape(-1, 784).astype(np.float32) / np.float32(255)
        return pixels, _idx(f"{name}-labels", 8).astype(np.int64)

    (X, y), (X_test, y_test) = part("train"), part("t10k")
    return Table(X[:rows], y[:rows], X_test, y_test)


def adult(rows: int = 45_222) -> Table:
    """Adult: six numbers centred and scaled, eight categories one-hot, 104 columns of float32."""
    import pandas as pd

    frame = pd.read_parquet(ADULT)
    y = (frame.pop("salary") == ">50K").to_numpy(np.int64)
    numbers = frame.select_dtypes("number").astype(np.float64)
    categories = frame.drop(columns=numbers.columns)
    scaled = (numbers - numbers.mean()) / numbers.std(ddof=0)
    one_hot = pd.get_dummies(categories.astype(str), dtype=np.float32)
    X = np.ascontiguousarray(np.hstack([scaled.to_numpy(np.float32), one_hot.to_numpy()]))
    return Table(X[:rows], y[:rows], X[:0], y[:0])


def correlated(rows: int, columns: int, classes: int = 2, seed: int = 0) -> Table:
    """Normal columns of pairwise correlation one fifth, float32; classes drawn by a softmax."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, columns), dtype=np.float32)
    X *= np.float32(np.sqrt(0.8))
    X += np.float32(np.sqrt(0.2)) * rng.standard_normal((rows, 1), dtype=np.float32)
    W = rng.standard_normal((columns, classes), dtype=np.float32)
    W *= np.float32(2 / np.sqrt(columns))
    # The largest of the raw predictions plus Gumbel noise is a draw from the softmax.
    raw = X @ W - np.log(-np.log(rng.uniform(1e-12, 1, (rows, classes))))
    return Table(X, raw.argmax(axis=1).astype(np.int64), X[:0], np.zeros(0, np.int64))


def text_like(rows: int, columns: int, seed: int = 0) -> Table:
    """CSR float32 as of word counts: about 100 non-zeros a row, column popularity by Zipf.

    A value is ln(1 + count) times the word's inverse document frequency; labels come from a
    random linear rule with noise.
    """
    rng = np.random.default_rng(seed)
    popularity = 1 / (np.arange(columns) + 10.0)
    lengths = rng.poisson(106, rows) + 1
    words = rng.choice(columns, size=lengths.sum(), p=popularity / popularity.sum())
    documents = np.repeat(np.arange(rows), lengths)
    X = sparse.csr_array(
        (np.ones(len(words), np.float32), (documents, words)), shape=(rows, columns)
    )
    X.sum_duplicates()
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    idf = np.log((1 + rows) / (1 + np.bincount(X.indices, minlength=columns))) + 1
    X.data = (np.log1p(X.data) * idf[X.indices]).astype(np.float32)
    raw = X @ rng.normal(size=columns)
    raw = (raw - np.median(raw)) / raw.std() * 2
    y = (rng.uniform(size=rows) < expit(raw)).astype(np.int64)
    return Table(X, y, X[:0], y[:0])


def teacher(rows: int = 30_000, columns: int = 23, seed: int = 0) -> Table:
    """Normal float32 rows labelled by a random network of 16 hidden units, with noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows + 10_000, columns), dtype=np.float32)
    hidden = np.tanh(X @ rng.normal(size=(columns, 16)) / np.sqrt(columns) * 2)
    y = (rng.uniform(size=len(X)) < expit(hidden @ rng.normal(size=16) * 2)).astype(np.int64)
    return Table(X[:rows], y[:rows], X[rows:], y[rows:])
