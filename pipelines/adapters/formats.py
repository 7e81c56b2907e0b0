"""How the records lie in a store entry: Arrow files, skops files and JSON, never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import skops.io
from numpy.typing import NDArray
from pyarrow import feather, parquet

from pipelines.adapters.measured import as_json, read_field, record
from pipelines.records import CandidateFit, Decision, Evaluation, Leak, Parts, Table, Trial
from pipelines.records.explanation import Explanation

__all__ = [
    "UntrustedTypeError",
    "read_decision",
    "read_evaluation",
    "read_explanation",
    "read_fit",
    "read_leak",
    "read_learned",
    "read_parts",
    "read_table",
    "write_evaluation",
    "write_explanation",
    "write_fit",
    "write_parts",
    "write_table",
]


class UntrustedTypeError(RuntimeError):
    """A fitted pipeline holds types that are not loaded without a person's leave."""


def write_table(folder: Path, table: Table) -> None:
    """Write the table so that processes can map it into memory and share it."""
    feather.write_feather(table.features, folder / "features.arrow", compression="uncompressed")
    rows = {"codes": pa.array(table.codes), "rows": pa.array(table.rows)}
    if table.key is not None:
        rows["key"] = table.key
    if table.outcome is not None:
        rows["outcome"] = pa.array(table.outcome)
    feather.write_feather(pa.table(rows), folder / "rows.arrow", compression="uncompressed")
    facts = {
        "classes": list(table.classes),
        "notes": list(table.notes),
        "key_unit": table.key_unit,
    }
    (folder / "table.json").write_text(json.dumps(facts), encoding="utf-8")


def read_table(folder: Path) -> Table:
    """The table that `write_table` wrote, its features mapped rather than read."""
    rows = feather.read_table(folder / "rows.arrow", memory_map=False)
    facts = json.loads((folder / "table.json").read_text(encoding="utf-8"))
    return Table(
        features=feather.read_table(folder / "features.arrow", memory_map=True),
        codes=rows["codes"].to_numpy(),
        rows=rows["rows"].to_numpy(),
        classes=tuple(facts["classes"]),
        key=rows["key"].combine_chunks() if "key" in rows.column_names else None,
        key_unit=facts["key_unit"],
        outcome=rows["outcome"].to_numpy() if "outcome" in rows.column_names else None,
        notes=tuple(facts["notes"]),
    )


def write_parts(folder: Path, parts: Parts, table: Table) -> None:
    """Write split.parquet: position in the source, digest and part of every row in a part."""
    kept = parts.part >= 0
    names = pa.DictionaryArray.from_arrays(pa.array(parts.part[kept]), pa.array(Parts.NAMES))
    out = {"row": table.rows[kept], "row_digest": parts.digests[kept], "part": names}
    # Without Arrow's own schema the part is read as text; digests gain nothing from a dictionary.
    parquet.write_table(
        pa.table(out), folder / "split.parquet", store_schema=False, use_dictionary=["part"]
    )


def read_parts(path: Path, table: Table) -> Parts:
    """The split of this table, aligned by the position of its rows.

    A row that the file does not name is in no part; its digest is 0 and stands for nothing.
    """
    file = parquet.read_table(path)
    places = np.searchsorted(table.rows, file["row"].to_numpy())
    part = np.full(len(table.rows), -1, dtype=np.int8)
    digests = np.zeros(len(table.rows), dtype=np.uint64)
    part[places] = pc.index_in(file["part"], value_set=pa.array(Parts.NAMES)).to_numpy()
    digests[places] = file["row_digest"].to_numpy()
    return Parts(part=part, digests=digests)


def read_learned(path: Path) -> NDArray[np.uint64]:
    """The digests of the rows that a fit learned from or was chosen by: all but the test rows."""
    file = parquet.read_table(path, columns=["row_digest", "part"])
    return np.asarray(file["row_digest"].filter(pc.not_equal(file["part"], "test")).to_numpy())


def read_decision(facts: Mapping[str, Any]) -> Decision:
    """The decision among its facts."""
    return Decision(**{name: facts[name] for name in Decision.__dataclass_fields__})


def read_leak(facts: Mapping[str, Any]) -> Leak:
    """The leak in its facts."""
    return Leak(**{**facts, "columns": tuple(facts["columns"])})


def write_fit(folder: Path, fit: CandidateFit) -> dict[str, Any]:
    """Write pipeline.skops; the facts that come back hold the rest of the record."""
    if fit.pipeline is not None:
        skops.io.dump(fit.pipeline, folder / "pipeline.skops")
    facts = {name: getattr(fit, name) for name in CandidateFit.__dataclass_fields__}
    del facts["pipeline"]
    listed = {"curve": list(fit.curve), "warnings": list(fit.warnings)}
    return facts | listed | {"trials": [asdict(trial) for trial in fit.trials]}


def read_fit(
    folder: Path, facts: Mapping[str, Any], trusted: Sequence[str] | None = None
) -> CandidateFit:
    """The candidate's record; with its fitted pipeline where the types to trust are given."""
    fitted = trusted is not None and not facts["reason"]
    loaded = load_pipeline(folder / "pipeline.skops", trusted or ()) if fitted else None
    listed = {"curve": tuple(facts["curve"]), "warnings": tuple(facts["warnings"])}
    trials = tuple(_read_trial(trial) for trial in facts["trials"])
    return CandidateFit(**{**facts, **listed, "trials": trials, "pipeline": loaded})


def _read_trial(facts: Mapping[str, Any]) -> Trial:
    return Trial(**{**facts, "fold_losses": tuple(facts["fold_losses"])})


def load_pipeline(path: Path, trusted: Sequence[str]) -> Any:
    """The fitted pipeline in a skops file, if it holds no types but skops' own and these."""
    foreign = sorted(set(skops.io.get_untrusted_types(file=path)) - set(trusted))
    if foreign:
        raise UntrustedTypeError(f"{path} holds types that are not trusted: {', '.join(foreign)}.")
    return skops.io.load(path, trusted=list(trusted))


# What of an evaluation lies in arrays beside its facts.
ARRAYS = ("probabilities", "labels", "codes")


def write_evaluation(folder: Path, evaluation: Evaluation) -> dict[str, Any]:
    """Write the test rows' classes and all answers; the facts that come back hold the rest."""
    np.save(folder / "codes.npy", evaluation.codes)
    np.save(folder / "probabilities.npy", np.stack(list(evaluation.probabilities.values())))
    np.save(folder / "labels.npy", np.stack(list(evaluation.labels.values())))
    names = [name for name in Evaluation.__dataclass_fields__ if name not in ARRAYS]
    facts = {name: as_json(getattr(evaluation, name)) for name in names}
    return facts | {"names": list(evaluation.probabilities)}


def read_evaluation(folder: Path, facts: Mapping[str, Any]) -> Evaluation:
    """The evaluation that `write_evaluation` wrote."""
    stacked, labels, codes = (
        np.load(folder / f"{name}.npy", allow_pickle=False) for name in ARRAYS
    )
    names = [name for name in Evaluation.__dataclass_fields__ if name not in ARRAYS]
    return Evaluation(
        probabilities=dict(zip(facts["names"], stacked, strict=True)),
        labels=dict(zip(facts["names"], labels, strict=True)),
        codes=codes,
        **{name: read_field(Evaluation, name, facts[name]) for name in names},
    )


def write_explanation(folder: Path, explanation: Explanation) -> None:
    """Write explanation.json."""
    text = json.dumps(as_json(explanation), allow_nan=False)
    (folder / "explanation.json").write_text(text, encoding="utf-8")


def read_explanation(folder: Path) -> Explanation:
    """The explanation that `write_explanation` wrote."""
    facts = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    return record(Explanation, facts)
