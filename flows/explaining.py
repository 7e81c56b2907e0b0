"""`logitline train --explain`: which steps would run, and which change makes them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from flows import keys, rival
from flows.line import Line, open_line
from flows.steps import STEPS
from pipelines.adapters.store import Entry, Key
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry

__all__ = ["StepPlan", "explain"]

SECTIONS = {
    "ingest": "[source] or [columns]",
    "split": "[split]",
    "train": "[[candidates]], [selection], [search], [calibration] or [threshold]",
    "evaluate": "[evaluation], [promotion] metric or [registry]",
    "register": "[registry], [columns] or [promotion] max_size_mb",
    "export": "[registry], [evaluation] or [promotion] latency_batch_rows",
    "promote": "[promotion] or [leaks]",
}
INPUTS = {"ingest": "the table", "evaluate": "the champion or a candidate"}


@dataclass(frozen=True)
class StepPlan:
    """Whether a step would run, and why."""

    name: str
    runs: bool
    reason: str
    key: str = ""


def explain(config: Path, workspace: Path) -> list[StepPlan]:
    """The plan of each step; a step after one that runs depends on what that gives."""
    line = open_line(config, workspace)
    last = line.last_keys()
    plans: list[StepPlan] = []
    for key, entry in _walk(line):
        reason = "unchanged" if entry else _reason(key, last.get(key.step))
        plans.append(StepPlan(key.step, entry is None, reason, key.digest))
    for step in STEPS[len(plans) :]:
        plans.append(StepPlan(step, True, f"after {plans[-1].name}, which would run"))
    return plans


def _walk(line: Line) -> Generator[tuple[Key, Entry | None]]:
    """The key and the entry of each step, up to the first that would run."""
    facts: dict[str, str] = {}
    digests: dict[str, str] = {}
    for step in STEPS:
        key = _key(line, step, digests, facts)
        entry = line.store.get(key)
        if entry is not None and not keys.stands(line, step, entry.facts):
            entry = None
        yield key, entry
        if entry is None:
            return
        digests[step] = key.digest
        if step == "train":
            digests["fitted"] = keys.fitted(key.digest, entry.facts)
        facts |= {name: entry.facts[name] for name in ("winner", "version") if name in entry.facts}


def _key(line: Line, step: str, digests: dict[str, str], facts: dict[str, str]) -> Key:
    made = {
        "ingest": lambda: keys.ingest(line),
        "split": lambda: keys.split(line, digests["ingest"]),
        "train": lambda: keys.train(line, digests["split"]),
        "evaluate": lambda: keys.evaluate(line, digests["fitted"], _rival(line, digests["fitted"])),
        "register": lambda: keys.register(line, digests["fitted"], facts["winner"]),
        "export": lambda: keys.export(line, digests["register"], facts["version"]),
        "promote": lambda: keys.promote(
            line, digests["evaluate"], digests["register"], facts["version"]
        ),
    }
    return made[step]()


def _rival(line: Line, fitted: str) -> str:
    champion = registry.champion(tracking.connect(line.workspace), line.model)
    return rival.rival_digest(champion, fitted)


def _reason(key: Key, last: dict[str, str] | None) -> str:
    if last is None:
        return "it has not run yet"
    words = {
        "data": f"{INPUTS.get(key.step, 'its input')} has changed",
        "config": f"{SECTIONS[key.step]} has changed",
        "code": "its code or a library has changed",
    }
    changes = [words[part] for part in key.changes(last)]
    return " and ".join(changes) or "what it made is no longer there, or is to be tried again"
