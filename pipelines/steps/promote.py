"""promote: whether the alias `champion` moves, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.config import Promotion
from pipelines.metrics import Paired, SliceComparison
from pipelines.records import Cost, Decision, Evaluation, Leak
from pipelines.report.headings import HEADINGS, inline

__all__ = ["promote"]

# Resamples of fewer distinct rows hardly differ from each other, and prove nothing.
FEWEST_ROWS = 8
MOST_SURE = 0.9999


def promote(
    evaluation: Evaluation,
    config: Promotion,
    champion: str | None,
    cost: Cost,
    leaks: Sequence[Leak] = (),
) -> Decision:
    """The decision on the evidence.

    With no champion the winner must be better than the class frequencies, else than the
    champion: in the configured metric, with at least the configured confidence by the paired
    bootstrap, and by at least `min_effect`. In no slice may it be worse than the champion
    beyond doubt, and it must keep within the budgets. What leaks makes all evidence void.

    Parameters
    ----------
    champion : str or None
        The champion's version.
    cost : Cost
        Times and size, as measured at export.
    leaks : sequence of Leak
        What the leak check found and the config does not allow.
    """
    if leaks:
        return Decision(False, _leaking(leaks))
    over = _over_budget(config, cost)
    if over:
        return Decision(False, f"Not promoted: {evaluation.winner} {over}.")
    if champion is None:
        return _judge(evaluation, evaluation.against_prior, "the class frequencies", config)
    if evaluation.against_champion is None:
        note = evaluation.champion_note[:1].upper() + evaluation.champion_note[1:]
        sentence = f"Not promoted: no comparison with the champion is possible. {note}"
        return Decision(False, sentence.strip())
    rival = f"the champion (version {champion})"
    return _judge(evaluation, evaluation.against_champion, rival, config)


def _leaking(leaks: Sequence[Leak]) -> str:
    first = leaks[0].detail[:1].lower() + leaks[0].detail[1:].rstrip(".")
    more = f" (and {len(leaks) - 1} more in the report)" if len(leaks) > 1 else ""
    allowed = "[leaks.allow] with a reason if it is known before the outcome"
    if leaks[0].kind == "duplicates":
        allowed = "[leaks] duplicates with a reason if such rows are no copies"
    return f"Not promoted: {first}{more}; allow it in {allowed}."


def _over_budget(config: Promotion, cost: Cost) -> str:
    """The first budget that is broken, as it follows the winner's name; empty where none is."""
    rows = f"{cost.batch_rows:,} rows"
    budgets = (
        ("max_latency_ms", cost.latency_ms, "takes {:.3f} ms a row", "ms"),
        (
            "max_latency_p99_ms",
            cost.latency_p99_ms,
            "takes {:.3f} ms for one row in a hundred",
            "ms",
        ),
        ("max_batch_latency_ms", cost.batch_latency_ms, f"takes {{:.3f}} ms for {rows}", "ms"),
        ("max_size_mb", cost.size_mb, "is {:.1f} MB", "MB"),
    )
    for key, found, told, unit in budgets:
        most = getattr(config, key)
        if most is not None and found > most:
            return f"{told.format(found)}, more than the {most:g} {unit} of [promotion] {key}"
    return ""


def _judge(evaluation: Evaluation, paired: Paired, rival: str, config: Promotion) -> Decision:
    winner, metric = evaluation.winner, inline(HEADINGS[paired.metric])
    if paired.note:
        return Decision(False, f"Not promoted: {winner} cannot be judged. {paired.note}")
    if paired.distinct < FEWEST_ROWS:
        return Decision(
            False,
            f"Not promoted: only {paired.distinct} of the {paired.rows} test rows differ from "
            f"each other, too few to tell {winner} from {rival}.",
        )
    gap = paired.difference
    if (gap.value, gap.low, gap.high) == (0.0, 0.0, 0.0):
        sentence = (
            f"Not promoted: by {metric} {winner} is the same as {rival}, on the {paired.rows} test "
            "rows and in every resample of them."
        )
        return Decision(False, sentence, by_test_rows=True)
    evidence = (
        f"{metric} {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}] against {rival} on "
        f"{paired.rows} test rows, better with {_percent(paired.share_better)} confidence"
    )
    objection = _objection(paired, evaluation.champion_slices, rival, evidence, config)
    if objection:
        return Decision(False, f"Not promoted: {winner} is {objection}", by_test_rows=True)
    return Decision(True, f"Promoted: {winner}, {evidence}.", by_test_rows=True)


def _objection(
    paired: Paired,
    slices: Sequence[SliceComparison],
    rival: str,
    evidence: str,
    config: Promotion,
) -> str:
    """What the test rows have against a promotion, as it follows «is»."""
    if paired.share_better < config.confidence:
        return (
            f"not better beyond doubt; {evidence}, where {100 * config.confidence:g}% are asked "
            "for."
        )
    if paired.gain.value < config.min_effect:
        return (
            f"better by less than the {config.min_effect:g} of [promotion] min_effect; {evidence}."
        )
    worse = [each for each in slices if each.worse]
    return f"{_worse(worse, rival)}; {evidence}." if worse else ""


def _worse(slices: Sequence[SliceComparison], rival: str) -> str:
    """Where the winner is worse than the champion, as it follows «is»."""
    first = slices[0]
    assert first.paired is not None  # without a comparison it is not called worse
    gap, metric = first.paired.difference, inline(HEADINGS[first.paired.metric])
    more = f", and in {len(slices) - 1} more" if len(slices) > 1 else ""
    return (
        f"worse than {rival} beyond doubt where {first.column} is {first.value} ({metric} "
        f"{gap.value:+.4f} on {first.rows} test rows{more})"
    )


def _percent(share: float) -> str:
    """The share as a reader takes it: no number of resamples makes a thing certain."""
    return "over 99.99%" if share > MOST_SURE else f"{share:.2%}"
