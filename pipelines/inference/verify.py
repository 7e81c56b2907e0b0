"""Proves a bundle on the machine that it stands on; needs numpy and onnxruntime only.

    python verify.py

Checks every file against SHA256SUMS, then gives the rows of examples/requests.json to each
graph and compares labels and probabilities with examples/expected.json. Exit status 0: all
is as it was exported; 1: something differs, and what is printed. Files that came later are
named and change nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

EPOCH = datetime.datetime(1970, 1, 1)
DAY = 86_400.0  # seconds
STEP = 1 / 127  # of the int8 grid: rounding may fall to either side of it
GRAPHS = ("model.onnx", "model.portable.onnx", "model.int8.onnx")
READ = ("examples/requests.json", "examples/expected.json", "runtimes.json")
NEEDED = ("model.onnx", *READ)
MOST = 5  # files named that came later
ARRAYS = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(string)": "object"}


def main(folder: Path) -> int:
    """The exit status, after printing what was found."""
    found = list(damaged(folder))
    if not found:  # what is not what was exported is not parsed
        try:
            found = list(disagreements(folder))
        except ImportError as error:
            found = [f"{error}. Install it: pip install numpy onnxruntime"]
    for line in found:
        sys.stdout.write(f"WRONG  {line}\n")
    if not found:
        for line in added(folder):
            sys.stdout.write(f"ADDED  {line}\n")
        sys.stdout.write("The bundle is what was exported, and answers as it did there.\n")
    return 1 if found else 0


def damaged(folder: Path) -> Iterator[str]:
    """What of the bundle is missing or changed."""
    try:
        text = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        yield f"SHA256SUMS cannot be read: {error}"
        return
    lines = [line.partition("  ") for line in text.splitlines()]
    listed = {name for _, _, name in lines}
    for name in (*GRAPHS, *READ):
        if name not in listed and (name in NEEDED or (folder / name).exists()):
            yield f"{name} is not in SHA256SUMS, so nothing vouches for it"
    for digest, _, name in lines:
        try:
            content = (folder / name).read_bytes()
        except (OSError, ValueError):
            yield f"{name} is missing or cannot be read"
            continue
        if hashlib.sha256(content).hexdigest() != digest:
            yield f"{name} is not what was exported: its SHA-256 is another"


def added(folder: Path) -> Iterator[str]:
    """What stands in the folder and not in SHA256SUMS."""
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {"SHA256SUMS", *(line.partition("  ")[2] for line in lines)}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    later = [name for name in names if name not in listed and "__pycache__" not in name]
    for name in later[:MOST]:
        yield f"{name!r} is not in SHA256SUMS, so nothing vouches for it"
    if later[MOST:]:
        yield f"{len(later) - MOST} files more"


def disagreements(folder: Path) -> Iterator[str]:
    """What the graphs answer otherwise than expected."""
    rows = read_json(folder / "examples" / "requests.json")
    told = read_json(folder / "examples" / "expected.json")
    exact = [row["probabilities"] for row in told["rows"]]
    near = read_json(folder / "runtimes.json")["int8"]["max_difference"] + STEP
    for name in GRAPHS:
        if not (folder / name).is_file():
            continue
        try:
            labels, P = answered((folder / name).read_bytes(), rows)
        except ImportError:
            raise
        except Exception as error:  # ONNX Runtime's own exceptions share no narrower base
            yield f"{name} cannot be run here (an older ONNX Runtime?): {error}"
            continue
        int8 = name == "model.int8.onnx"
        expected = told["int8"] if int8 else exact
        for place, (found, wanted, row) in enumerate(zip(P, expected, told["rows"], strict=True)):
            off = max(abs(a - b) for a, b in zip(found, wanted, strict=True))
            if not off <= (near if int8 else row["tolerance"]):  # also where one is NaN
                yield f"{name}, row {place}: a probability is off by {off:.1e}"
            if not int8 and labels[place] != row["label"]:
                yield f"{name}, row {place}: {labels[place]!r} for {row['label']!r}"
    sys.stdout.write(f"{len(rows)} example rows were given to each graph.\n")


def read_json(path: Path) -> Any:
    """The file's content."""
    return json.loads(path.read_text(encoding="utf-8"))


def answered(
    model: bytes, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[Any], list[list[float]]]:
    """The labels and the probabilities that a graph gives to JSON records."""
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    columns = json.loads(told["columns"])
    classes = json.loads(told["classes"])
    specs = json.loads(told["contract"])["columns"]
    codes = json.loads(told["codes"]) if "codes" in told else None
    read = {
        name: [feature(row[name], specs[name], codes and codes.get(name)) for row in rows]
        for name in columns
    }
    inputs = session.get_inputs()
    if len(inputs) == 1 and len(inputs[0].shape) == 2:
        matrix = np.array([read[name] for name in columns], dtype=np.float64).T
        feeds = {inputs[0].name: matrix.astype(ARRAYS[inputs[0].type])}
    else:
        feeds = {
            node.name: np.array(read[name]).astype(ARRAYS[node.type])
            for node, name in zip(inputs, columns, strict=True)
        }
    labels, *P = session.run(None, feeds)
    if codes is None:
        return labels.tolist(), np.stack(P, axis=1).tolist()
    itself = told["label"] == "class"
    return [int(each) if itself else classes[each] for each in labels], P[0].tolist()


def feature(value: Any, spec: Mapping[str, Any], codes: Sequence[str] | None) -> Any:
    """A JSON value as a graph takes it; with `codes`, a category as its place among them."""
    if spec["type"] == "category":
        if codes is None:
            return "" if value is None else value
        if value is None:
            return float("nan")
        return float(codes.index(value)) if value in codes else -1.0
    if value is None:
        return float("nan")
    if spec["type"] == "date":
        moment = datetime.datetime.fromisoformat(value)
        ahead = moment.utcoffset() or datetime.timedelta()
        seconds = (moment.replace(tzinfo=None) - ahead - EPOCH).total_seconds()
        return seconds / DAY if spec["unit"] == "day" else seconds
    return float(value)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
