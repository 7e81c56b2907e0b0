"""All that a training's bundle is made from: the graphs, proven where they run, and figures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows import portables
from flows.fits import load_fits
from flows.latency import measure
from flows.line import Line, Receipt
from pipelines.adapters import formats
from pipelines.config import contract
from pipelines.estimators.calibration import Argmax, CalibratedClassifier
from pipelines.inference import Predictor
from pipelines.inference.parity import prove
from pipelines.inference.portable import encode
from pipelines.inference.quantization import Quantized, quantize
from pipelines.inference.runtimes import runtimes_of
from pipelines.inference.signature import metadata
from pipelines.leaks import reason
from pipelines.records import CandidateFit, Evaluation
from pipelines.steps.export import examples
from pipelines.steps.export.release import Release, Trained

__all__ = ["release"]


def release(line: Line, receipts: tuple[Receipt, Receipt, Receipt, Receipt, Receipt]) -> Release:
    """All that the bundle is made from: the graphs, proven where they run; examples; figures.

    Parameters
    ----------
    receipts : tuple of Receipt
        Of ingest, split, train, evaluate and register.

    Raises
    ------
    ParityError
        If a runtime that is at hand disagrees with the fitted pipeline.
    """
    table, parts, fits, judged, version = receipts
    winner, terms = judged.facts["winner"], contract(line.config)
    (fitted,) = (each for each in load_fits(line, fits) if each.name == winner)
    rows = formats.read_table(Path(table.folder))
    split = formats.read_parts(Path(parts.folder) / "split.parquet", rows)
    test = split.where("test")
    X = rows.features.filter(test).to_pandas()
    model = (Path(version.folder) / "model.onnx").read_bytes()
    portable, refused = _portable(version)
    quantized = Quantized(b"", "There is no portable graph to make it of.")
    if portable:
        quantized = quantize(portable, encode(metadata(portable), X), rows.codes[test])
    graphs = {"model": model, "portable": portable or None}
    proofs = prove(fitted.pipeline, graphs, X, terms, runtimes_of(line.workspace))
    requests, expected = examples.expected(
        examples.requests(X, terms), Predictor.from_bytes(model).run, _rule(fitted).margins
    )
    evaluation = formats.read_evaluation(Path(judged.folder), judged.facts)
    return Release(
        name=line.model,
        version=version.facts["version"],
        contract=terms,
        model=model,
        portable=portable,
        refused=refused,
        quantized=quantized,
        requests=requests,
        expected=expected,
        proofs=[asdict(proof) for proof in proofs],
        trained=_trained(line, (table, parts), fitted, evaluation),
        cost=measure(model, X, line.config.promotion.latency_batch_rows),
    )


def _portable(version: Receipt) -> tuple[bytes, str]:
    """The portable graph that register made, or why it made none."""
    if not version.facts["portable"]:
        return b"", version.facts["portable_note"]
    return (Path(version.folder) / portables.FILE).read_bytes(), ""


def _rule(fitted: CandidateFit) -> Any:
    last = fitted.pipeline[-1]
    return last.rule if isinstance(last, CalibratedClassifier) else Argmax()


def _trained(
    line: Line, receipts: tuple[Receipt, Receipt], fitted: CandidateFit, evaluation: Evaluation
) -> Trained:
    table, parts = receipts
    rule = _rule(fitted)
    leaks = [formats.read_leak(facts) for facts in parts.facts["leaks"]]
    allowed = [(leak, reason(leak, line.config.leaks)) for leak in leaks]
    return Trained(
        source=line.origin.name,
        sha256=table.facts["sha256"],
        rows={name: parts.facts[name] for name in ("train", "validation", "test")},
        split=line.config.split.kind,
        candidate=fitted.name,
        estimator=fitted.estimator,
        parameters=fitted.parameters,
        scores=evaluation.scores[fitted.name],
        slices=evaluation.slices,
        calibration=evaluation.calibration,
        calibrator=line.config.calibration.method,
        rule=str(rule),
        threshold=rule.numbers().get("value"),
        notes=[
            *table.facts["notes"],
            *parts.facts["notes"],
            *(f"{leak.detail} Allowed: {why}" if why else leak.detail for leak, why in allowed),
            *evaluation.notes,
        ],
    )
