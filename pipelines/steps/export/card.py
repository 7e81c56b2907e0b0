"""MODEL_CARD.md: what the model predicts, how well, on what, and where it must not be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.metrics import Interval
from pipelines.report.headings import HEADINGS, inline
from pipelines.steps.export.later import with_decision
from pipelines.steps.export.markdown import code, plain, table
from pipelines.steps.export.release import Release

__all__ = ["card"]

UNDEFINED = "not defined on these rows"
LIMITS = (
    "Meant for rows that come about as those of the table did: the same columns with the "
    "same meaning, measured in the same way. contract.json has types and ranges.",
    "Gaps are filled with the training rows' median, or are a value of their own where "
    "the column is a category. A category that was never seen counts as none of those "
    "known. Both are answered, and neither shows in the answer.",
    "Beyond the ranges of the contract the answer is an extrapolation.",
    "It tells what goes along with the label in these data, not what causes it; what the "
    "data leave out or judge wrongly, it repeats.",
    "Data move. Compare new rows with the training's now and then, and judge the model on "
    "fresh labels before you rely on the figures below.",
    "Where an answer concerns a person, look at the groups below first, and let a person decide.",
)
SHOWN_SLICES = ("log_loss", "accuracy")


def card(release: Release) -> str:
    """The card, with no decision yet: `later.with_decision` puts another in its place."""
    parts = [
        f"# {plain(release.name)}, version {release.version}\n",
        *_prediction(release),
        *_data(release),
        "## Intended use and limits\n",
        _bullets(LIMITS),
        *_quality(release),
        *_groups(release),
        *_calibration(release),
        *_labels(release),
        *_costs(release),
        *_proofs(release),
    ]
    return with_decision("\n".join(parts), None)


def _prediction(release: Release) -> Iterator[str]:
    trained, contract = release.trained, release.contract
    classes = ", ".join(map(code, contract["classes"]))
    parameters = ", ".join(f"{name} = {value}" for name, value in trained.parameters.items())
    given = parameters or "its default parameters"
    yield (
        f"Predicts {code(contract['target'])} ({classes}) from {len(contract['columns'])} "
        "columns: a label and the probability of each class. The model is "
        f"{code(trained.candidate)}, a {code(trained.estimator)} with {plain(given)}.\n"
    )


def _data(release: Release) -> Iterator[str]:
    trained = release.trained
    counts = ", ".join(f"{rows:,} {part}" for part, rows in trained.rows.items() if rows)
    yield "## Data\n"
    yield f"Table {code(trained.source)}, SHA-256 `{trained.sha256}`. Rows: {counts}.\n"
    yield (
        f"Split by `{trained.split}`. The model was fitted on the training rows, chosen without "
        "the test rows, and all figures below are of the test rows.\n"
    )
    if trained.notes:
        yield _bullets(map(plain, trained.notes))


def _quality(release: Release) -> Iterator[str]:
    trained = release.trained
    yield "## How good it is\n"
    yield f"On {trained.rows.get('test', 0):,} test rows, with 95 % intervals.\n"
    yield table(
        ("metric", "value", "95 % interval"),
        [
            (inline(HEADINGS[name]), _number(value.value), _interval(value))
            for name, value in trained.scores.items()
        ],
    )


def _groups(release: Release) -> Iterator[str]:
    yield "## In groups of rows\n"
    slices = release.trained.slices
    if not slices:
        yield "No groups were asked for, so none were looked at (`[evaluation] slices`).\n"
        return
    yield table(
        ("group", "rows", *(inline(HEADINGS[name]) for name in SHOWN_SLICES), "remark"),
        [
            (
                plain(f"{each.column} = {each.value}"),
                f"{each.rows:,}",
                *(_spread(each.scores, name) for name in SHOWN_SLICES),
                plain(each.note)
                or ("worse than all other rows beyond doubt" if each.worse else ""),
            )
            for each in slices
        ],
    )


def _calibration(release: Release) -> Iterator[str]:
    trained = release.trained
    yield "## Calibration\n"
    yield (
        f"Calibrator: {trained.calibrator}. The calibration error is the mean distance of "
        "a probability from how often the class was there.\n"
    )
    yield table(
        ("class", "calibration error", "95 % interval", "Brier score"),
        [
            (
                plain(release.contract["classes"][each.positive]),
                _number(each.error.value),
                _interval(each.error),
                _number(each.brier),
            )
            for each in trained.calibration
        ],
    )


def _labels(release: Release) -> Iterator[str]:
    yield "## How labels are made\n"
    second = code(release.contract["classes"][1])
    named = "" if release.trained.threshold is None else f" The second class is {second}."
    yield f"The label is {release.trained.rule}.{named}\n"


def _costs(release: Release) -> Iterator[str]:
    yield "## What it costs\n"
    yield f"{release.cost.sentence} Measured where it was trained, on one thread of its CPU.\n"


def _proofs(release: Release) -> Iterator[str]:
    yield "## Where it is proven\n"
    if release.refused:
        yield f"There is no model.portable.onnx: {plain(release.refused)}\n"
    if release.proofs:
        yield table(("graph", "runtime", "rows", "outcome"), list(map(_proof, release.proofs)))
    if release.portable:
        quantized = release.quantized
        yield (
            f"model.int8.onnx changes {quantized.labels_changed:.2%} of the labels of "
            f"{quantized.rows} test rows and adds {quantized.log_loss_added:.4f} to the log loss.\n"
            if quantized.model
            else f"There is no model.int8.onnx. {plain(quantized.note)}\n"
        )


def _proof(proof: Mapping[str, Any]) -> tuple[str, str, str, str]:
    runtime = f"{proof['runtime']} {proof['version']}".strip()
    if proof["note"]:
        return (proof["graph"], runtime, "", f"not proven: {plain(proof['note'])}")
    told = f"the same labels, probabilities within {proof['max_difference']:.1e}"
    return (proof["graph"], runtime, f"{proof['rows']:,}", told)


def _bullets(sentences: Iterable[str]) -> str:
    return "".join(f"- {each}\n" for each in sentences)


def _spread(scores: Mapping[str, Interval], name: str) -> str:
    if name not in scores:
        return ""
    value = scores[name]
    return f"{_number(value.value)} ({_interval(value)})" if value.value == value.value else ""


def _number(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else UNDEFINED


def _interval(value: Interval) -> str:
    ends: Sequence[float] = (value.low, value.high)
    return f"{value.low:.4f} to {value.high:.4f}" if all(map(math.isfinite, ends)) else ""
