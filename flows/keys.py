"""The key of each step, and whether what a step did outside the store still stands.

The tasks and `--explain` both ask here, so that what is announced is what happens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.line import Line
from pipelines.adapters.store import Key, file_sha256
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry, runs
from pipelines.digests import content_digest

__all__ = [
    "bundle_folder",
    "evaluate",
    "export",
    "fitted",
    "ingest",
    "promote",
    "register",
    "split",
    "stands",
    "train",
]

Facts = dict[str, Any]


def ingest(line: Line) -> Key:
    """Of the table as it is now."""
    return line.key("ingest", line.origin.sha256)


def split(line: Line, ingest: str) -> Key:
    """Of the ingested table."""
    return line.key("split", ingest)


def train(line: Line, split: str) -> Key:
    """Of the split table and all candidates."""
    return line.key("train", split)


def fitted(train: str, facts: Facts) -> str:
    """A digest of what the train step came to, which its key alone does not tell.

    A candidate may have failed for want of time or memory, and a search that minutes end may
    find other parameters.
    """
    came = [[each["name"], bool(each["reason"]), each["parameters"]] for each in facts["fits"]]
    return content_digest([train, came])


def evaluate(line: Line, fitted: str, rival: str) -> Key:
    """Of the fits, and of the champion that the winner is compared with."""
    return line.key("evaluate", content_digest([fitted, rival]))


def register(line: Line, fitted: str, winner: str) -> Key:
    """Of the winner's fit; the champion has no part in it."""
    return line.key("register", content_digest([fitted, winner]))


def export(line: Line, register: str, version: str) -> Key:
    """Of the registered version."""
    return line.key("export", content_digest([register, version]))


def promote(line: Line, evaluate: str, register: str, version: str) -> Key:
    """Of the evidence and the version."""
    return line.key("promote", content_digest([evaluate, register, version]))


def bundle_folder(line: Line, version: str) -> Path:
    """Where a version's bundle lies."""
    return line.derived / "exports" / line.model / version


def stands(line: Line, step: str, facts: Facts) -> bool:
    """Whether what the step's entry speaks of is still there."""
    check = _STANDS.get(step)
    return check is None or check(line, facts)


def _fits_stand(line: Line, facts: Facts) -> bool:
    fitted = {each["name"] for each in facts["fits"] if not each["reason"]}
    kept = all(
        line.fit_entry(facts["split"], candidate)[1] is not None
        for candidate in line.config.candidates
        if candidate.name in fitted
    )
    return bool(facts["final"]) and kept


def _run_stands(line: Line, facts: Facts) -> bool:
    return runs.run_exists(tracking.connect(line.workspace), facts["run_id"])


def _version_stands(line: Line, facts: Facts) -> bool:
    found = registry.find_version(tracking.connect(line.workspace), line.model, facts["sha256"])
    return found is not None and found.number == facts["version"]


def _bundle_stands(line: Line, facts: Facts) -> bool:
    folder = bundle_folder(line, facts["version"])
    files = facts["files"].items()
    return all((folder / f).is_file() and file_sha256(folder / f) == d for f, d in files)


def _alias_stands(line: Line, facts: Facts) -> bool:
    if not facts["promoted"]:
        return bool(facts["final"])
    champion = registry.champion(tracking.connect(line.workspace), line.model)
    return champion is not None and champion.number == facts["version"]


_STANDS = {
    "train": _fits_stand,
    "evaluate": _run_stands,
    "register": _version_stands,
    "export": _bundle_stands,
    "promote": _alias_stands,
}
