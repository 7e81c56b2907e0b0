"""The configuration that `logitline init` proposes for a table: TOML with its reasons beside it.

The same table gives the same text, and training with the text unchanged works.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pyarrow as pa

from pipelines.config import Address, Column, Config
from pipelines.contracts import toml
from pipelines.contracts.guess import Guess, guess, markers
from pipelines.contracts.labels import Classes, classes
from pipelines.records import DataError

__all__ = ["plain", "propose"]

# Above this many rows one validation part tells as much as five folds and costs a fifth.
MANY_ROWS = 20_000
# From this many rows on a tenth of them tells well when a network has learnt enough; of fewer
# rows it takes more than it gives.
ENOUGH_TO_HOLD_OUT = 5_000
WIDE = 200
# Histogram boosting grows a tree a class; past this many cells times classes it takes minutes.
MOST_BOOSTING = 5e7


def propose(
    raw: pa.Table, kind: str, target: str, address: Address, model: str, salt: int = 0
) -> str:
    """The commented TOML text of a configuration for the table.

    Parameters
    ----------
    raw : pyarrow.Table
        The table as read, text throughout from CSV.
    kind : str
        What it was read from, in words: «CSV file».
    target : str
        The column to predict.
    address : Address
        Where the table is, as the config shall name it: a path is relative to the config.
    model : str
        The registered model's name; what a registry cannot hold is replaced.
    salt : int
        Of the split; steps.split.choose_salt finds the smallest that works.

    Raises
    ------
    DataError
        When the target is no set of classes, or nothing is left to predict it from.
    """
    try:
        missing = markers(raw)
        labels = classes(raw, target, missing)
        names = [name for name in raw.column_names if name != target]
        rows = raw.filter(labels.labelled) if labels.gaps else raw
        guesses = {name: guess(name, rows.column(name), missing) for name in names}
    except DataError as error:
        raise DataError(*error.problems, path=address.place) from None
    used = sum(found.column is not None for found in guesses.values())
    if not used:
        reasons = "; ".join(f"{name!r} {found.remark}" for name, found in guesses.items())
        raise DataError(
            f"no column is left to predict {target!r} from: {reasons or 'it stands alone'}. "
            "Add columns that describe the rows.",
            path=address.place,
        )
    sections = [
        _opening(raw, kind, target, address.place),
        _source(address, target, labels, missing),
        _columns(guesses),
        _split(raw.num_rows, salt),
        _candidates(raw.num_rows, used, len(labels.labels)),
        _rest(raw.num_rows, model),
    ]
    text = "\n".join(sections)
    Config.model_validate(tomllib.loads(text))
    return text


def _opening(raw: pa.Table, kind: str, target: str, place: str) -> str:
    return (
        f"# How to train a classifier for {toml.string(target)} on {toml.string(place)}.\n"
        f"# Proposed by `logitline init` from the {kind}: {raw.num_rows:,} rows, "
        f"{raw.num_columns:,} columns.\n"
        "# Read it through and change what you know better; `logitline train` checks it in full.\n"
    )


def _source(address: Address, target: str, labels: Classes, missing: list[str]) -> str:
    lines = [
        "# Where the rows come from, and the column to predict.",
        "[source]",
        *(f"{key} = {_inline(value)}" for key, value in address.model_dump().items() if value),
        f"target = {toml.string(target)}",
        "classes = " + toml.array(labels.labels, used=10),
    ]
    if missing:
        lines += [
            "# These words stand between numbers or dates, so they mean a gap, in every column.",
            "missing = " + toml.array(missing, used=10),
        ]
    if labels.gaps:
        rows = "1 row has" if labels.gaps == 1 else f"{labels.gaps:,} rows have"
        lines += [f"# {rows} no label and cannot be learned from.", 'missing_target = "drop"']
    return "\n".join(lines) + "\n"


def _inline(value: str | dict[str, Any]) -> str:
    if isinstance(value, str):
        return toml.string(value)
    pairs = (f"{toml.key(name)} = {toml.scalar(each)}" for name, each in value.items())
    return "{ " + ", ".join(pairs) + " }"


def _columns(guesses: dict[str, Guess]) -> str:
    lines = [
        "# The contract: the columns the model may use, checked whenever a table is read.",
        "# A value that breaks it is refused with its row; columns not listed are ignored.",
        "[columns]",
    ]
    for name, found in guesses.items():
        if found.column is None:
            lines.append(f"# {toml.string(name)} is left out: it {found.remark}.")
        else:
            if found.remark:
                lines.append(f"# {toml.string(name)}: {found.remark}.")
            lines.append(_column(name, found.column))
    return "\n".join(lines) + "\n"


def _column(name: str, column: Column) -> str:
    """One line of the contract; a long list of values is wrapped."""
    start = f"{toml.key(name)} = "
    return start + toml.inline(plain(column), len(start))


def plain(column: Column) -> dict[str, Any]:
    """The column as a config writes it: what is not said by default, whole bounds as such."""
    values = column.model_dump(exclude_none=True, exclude_defaults=True)
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in values.items()
    }


def _split(rows: int, salt: int) -> str:
    lines = [
        "# Which rows train and which judge: by a hash of each row's values, so that equal rows",
        "# stay together and a row keeps its part when the table grows.",
        "[split]",
        'kind = "hash"',
        "test = 0.2",
    ]
    if rows >= MANY_ROWS:
        lines.append("validation = 0.15")
    lines.append(f"salt = {salt}  # the smallest that puts every class into every part")
    lines.append('# key = "COLUMN"  # hash this column instead, where it names a person or a thing')
    return "\n".join(lines) + "\n"


def _candidates(rows: int, columns: int, labels: int) -> str:
    width = 128 if columns >= WIDE else 32
    network = [f"hidden_layer_sizes = [{width}]"]
    if rows >= ENOUGH_TO_HOLD_OUT:
        network.append("early_stopping = true")
    candidates = [
        ("logistic", "the textbook's model", ["C = 1.0"]),
        ("mlp", "a multilayer perceptron", network),
        ("decision_tree", "a tree small enough to read", ["max_depth = 6"]),
    ]
    trees = 1 if labels == 2 else labels
    if rows * columns * trees <= MOST_BOOSTING:
        candidates.append(("hist_gradient_boosting", "what is hard to beat on tables", []))
    candidates += [
        ("sklearn_logistic", "the same model by scikit-learn, to compare with", []),
        ("linear_threshold", "least squares cut at one half, the cautionary tale", []),
        ("prior", "the class frequencies: what every model must beat", []),
    ]
    blocks = ["# The models that compete; each is fitted on the same rows.\n"]
    for name, remark, parameters in candidates:
        lines = ["[[candidates]]", f'name = "{name}"  # {remark}', f'estimator = "{name}"']
        blocks.append("\n".join([*lines, *parameters]) + "\n")
    return "\n".join(blocks)


def _rest(rows: int, model: str) -> str:
    by = "validation" if rows >= MANY_ROWS else "cross_validation"
    return f"""\
# How the winner is chosen among them; the test rows judge it once, afterwards.
[selection]
metric = "log_loss"
by = "{by}"

# What a challenger must prove before the alias `champion` moves to it.
[promotion]
confidence = 0.95

# The model's name in the MLflow registry.
[registry]
model = {toml.string(_model_name(model))}

# When `logitline schedule` trains again.
# [schedule]
# cron = "0 3 * * *"
# timezone = "UTC"

# What one training may use.
# [compute]
# cores = 2
# memory_gb = 4.0
# minutes = 60.0
"""


def _model_name(name: str) -> str:
    """The name with everything but letters, digits, dots, dashes and underscores replaced."""
    return re.sub(r"[^\w.-]+", "-", name)[:100].strip("-.") or "model"
