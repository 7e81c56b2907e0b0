"""The promote step's act: the decision against the champion of the moment, and the alias."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows import promotion, publishing, rival
from flows.line import Line, Receipt
from pipelines.adapters import formats
from pipelines.adapters.tracking import registry, runs
from pipelines.leaks import blocking
from pipelines.promotion.history import Entry, taken_down
from pipelines.promotion.reuse import decisions_on
from pipelines.records import Cost, Decision, Evaluation
from pipelines.steps import promote as promoting

__all__ = ["Verdict", "decide_and_move", "note_decision"]


@dataclass(frozen=True)
class Verdict:
    """What promote came to.

    Attributes
    ----------
    decision : Decision
    final : bool
        Whether the same evidence would bring the same again.
    judged : bool
        Whether the evidence was weighed: such a decision is an entry of the history.
    decisions : int
        How often these test rows have decided, this time included.
    noted : bool
        Whether it is a decision on the version, to be kept with it.
    """

    decision: Decision
    final: bool = True
    judged: bool = False
    decisions: int = 0
    noted: bool = True


def decide_and_move(
    line: Line,
    client: Any,
    key: str,
    receipts: tuple[Receipt, Receipt, Receipt],
    cost: Cost,
) -> Verdict:
    """The verdict on the evidence; the champion is the one of the moment that nobody else moves.

    Parameters
    ----------
    key : str
        The promote step's own: the same decision is in the history once.
    receipts : tuple of Receipt
        Of split, evaluate and register.
    """
    _, judged, version = receipts
    evaluation = formats.read_evaluation(Path(judged.folder), judged.facts)
    mine = registry.Version(line.model, version.facts["version"], judged.facts["run_id"], {})
    known = registry.find_version(client, line.model, version.facts["sha256"])
    with promotion.held(line, client) as entries:
        champion = registry.champion(client, line.model)
        verdict = _decide(line, key, entries, champion, receipts, evaluation, cost)
        entry = _entry(key, mine, champion, verdict.decision, evaluation)
        if verdict.judged:
            promotion.move(client, mine, replace(entry, model=promotion.content_of(known)))
        elif champion is None or champion.number != mine.number:
            promotion.point_at(client, mine, entry)
    others = [each for each in entries if each.key != key]
    used = decisions_on(evaluation.sketch, others) + verdict.decision.by_test_rows
    return replace(verdict, decisions=used)


def _entry(
    key: str,
    mine: registry.Version,
    champion: registry.Version | None,
    decision: Decision,
    evaluation: Evaluation,
) -> Entry:
    then = champion.number if champion else None
    promoted = decision.promoted
    return Entry(
        number=0,
        key=key,
        time=promotion.time_now(),
        action="promoted" if promoted else "not promoted",
        version=mine.number,
        champion_before=then,
        champion_after=mine.number if promoted else then,
        by=f"training {mine.run_id}",
        reason=decision.sentence,
        test_rows=evaluation.compared.rows if decision.by_test_rows else 0,
        sketch=evaluation.sketch if decision.by_test_rows else (),
    )


def _decide(
    line: Line,
    key: str,
    entries: Sequence[Entry],
    champion: registry.Version | None,
    receipts: tuple[Receipt, Receipt, Receipt],
    evaluation: Evaluation,
    cost: Cost,
) -> Verdict:
    parts, judged, version = receipts
    now = champion.sha256 if champion else rival.NO_RIVAL
    mine, then, number = version.facts["sha256"], judged.facts["rival"], version.facts["version"]
    made_by = version.facts["train"]
    if now == mine:
        made = [each for each in entries if (each.key, each.champion_after) == (key, number)]
        if made:  # champion by this very decision, before a kill or a loss of the store
            asked = bool(made[-1].sketch)
            return Verdict(Decision(True, made[-1].reason, by_test_rows=asked), judged=True)
        sentence = f"Version {number} is the champion already: this training gives the same model."
        return Verdict(Decision(False, sentence, standing=True), noted=False)
    down = taken_down(entries, (mine, made_by))
    if down is not None:
        return Verdict(Decision(False, _taken_down(line, down, number)))
    # A champion that this training made earlier is the same pipeline in another graph (another
    # converter, another order of columns): the decision that made it champion holds for this.
    again = champion is not None and champion.tags.get(rival.TRAINED_BY) == made_by
    if now != then and not again:
        sentence = "Not promoted: the champion was moved meanwhile. Train once more."
        return Verdict(Decision(False, sentence), final=False)
    decision = promoting.promote(
        evaluation,
        line.config.promotion,
        judged.facts["champion"],
        cost,
        blocking([formats.read_leak(leak) for leak in parts.facts["leaks"]], line.config.leaks),
    )
    return Verdict(decision, judged=True)


def _taken_down(line: Line, entry: Entry, number: str) -> str:
    how = {
        "rolled back": "was rolled back",
        "promoted by hand": f"had to make way, by hand, for version {entry.champion_after}",
        "moved elsewhere": "lost its alias in MLflow",
    }[entry.action]
    return (
        f"Not promoted: the same model, version {entry.champion_before}, {how} "
        f"({entry.reason.rstrip('.')}). By hand: logitline promote {line.config_path} {number} "
        "--reason TEXT"
    )


def note_decision(
    line: Line,
    client: Any,
    mine: registry.Version,
    judged: Receipt,
    verdict: Verdict,
    cost: Cost,
) -> None:
    """Keep decision and evidence as tags of the version and of its run, and describe it."""
    if not verdict.noted:
        return
    evaluation = formats.read_evaluation(Path(judged.folder), judged.facts)
    tags = {
        "logitline.decision": verdict.decision.sentence,
        "logitline.promoted": str(verdict.decision.promoted).lower(),
        "logitline.moved_by": f"training {mine.run_id}",
        **_costs(cost),
        "logitline.evidence": json.dumps(_evidence(evaluation, judged.facts["champion"])),
        "logitline.test_row_decisions": str(verdict.decisions),
    }
    registry.set_version_tags(client, mine, tags)
    runs.set_run_tags(client, mine.run_id, tags)
    publishing.describe(line, client, mine, evaluation, verdict.decision)


def _costs(cost: Cost) -> dict[str, str]:
    return {
        "logitline.latency_ms": f"{cost.latency_ms:.3f}",
        "logitline.latency_p99_ms": f"{cost.latency_p99_ms:.3f}",
        "logitline.batch_latency_ms": f"{cost.batch_latency_ms:.3f}",
        "logitline.batch_rows": str(cost.batch_rows),
        "logitline.size_mb": f"{cost.size_mb:.3f}",
    }


def _evidence(evaluation: Evaluation, champion: str | None) -> dict[str, Any]:
    """The comparison that decided, in numbers."""
    paired = evaluation.against_champion if champion else evaluation.against_prior
    if paired is None or paired.note:
        return {}
    gap = paired.difference
    facts: dict[str, Any] = {
        "metric": paired.metric,
        "against": f"version {champion}" if champion else "class frequencies",
        "difference": [gap.value, gap.low, gap.high],
        "share_better": paired.share_better,
        "rows": paired.rows,
        "distinct_rows": paired.distinct,
    }
    if evaluation.mcnemar is not None:
        facts["mcnemar_p"] = evaluation.mcnemar.p
    worse: Sequence[Any] = [each for each in evaluation.champion_slices if each.worse]
    if worse:
        facts["worse_slices"] = [f"{each.column} = {each.value}" for each in worse]
    return facts
