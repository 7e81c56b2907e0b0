"""What the candidates were given, and what a search, a calibrator and a threshold came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipelines.records import CandidateFit
from pipelines.report.markup import bullets, escaped, numeric, row, table
from pipelines.report.wording import number

__all__ = ["settings"]

# Of a longer list, as an isotonic calibrator has, its length is told.
LONGEST = 6


def settings(fits: Sequence[CandidateFit]) -> Iterator[str]:
    """A table of all candidates, and one of the searches where there were any."""
    rows = (
        row(
            escaped(fit.name),
            f"<td>{escaped(fit.estimator)}</td>",
            f'<td class="long">{escaped(_parameters(fit.parameters)) or "defaults"}</td>',
            f'<td class="long">{_decision(fit)}</td>',
            f'<td class="long">{bullets(fit.warnings) if fit.warnings else "none"}</td>',
        )
        for fit in fits
    )
    heads = (
        "Candidate",
        "Estimator",
        "Parameters",
        "Calibration and threshold",
        "Warnings of the fit",
    )
    yield "<h3>Settings</h3>"
    yield table("As in the configuration, and as fitted without the test rows", heads, rows)
    yield from _searches([fit for fit in fits if fit.trials])


def _searches(searched: Sequence[CandidateFit]) -> Iterator[str]:
    if not searched:
        return
    yield "<h3>Searched parameters</h3>"
    rows = []
    for fit in searched:
        states = [trial.state for trial in fit.trials]
        found = {name: fit.parameters.get(name) for name in fit.trials[0].parameters}
        rows.append(
            row(
                escaped(fit.name),
                f'<td class="long">{"none" if fit.reason else escaped(_parameters(found))}</td>',
                *(numeric(f"{states.count(state)}") for state in ("complete", "pruned", "failed")),
            )
        )
    caption = (
        "Found by a search; the others are as in the configuration. A trial is complete when it "
        "was fitted on all folds, and pruned when it was clearly worse than the best before that."
    )
    yield table(caption, ("Candidate", "Best", "Complete", "Pruned", "Failed"), rows, 3)


def _decision(fit: CandidateFit) -> str:
    """The calibrator and the threshold with the numbers they were fitted to."""
    if fit.reason:
        return "not fitted"
    if not fit.decision:
        return "probabilities as they are; the most probable class"
    told = []
    for part, heading in (("probability_calibration", "calibration"), ("threshold", "threshold")):
        numbers = {
            name.removeprefix(f"{part}__"): value
            for name, value in fit.decision.items()
            if name.startswith(f"{part}__")
        }
        said = ", ".join(f"{name} {_short(value)}" for name, value in numbers.items())
        told.append(f"{heading}: {fit.decision.get(part)}{f' ({said})' if said else ''}")
    return escaped("; ".join(told))


def _short(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list) and len(value) > LONGEST:
        return f"of {len(value)} values"
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return str(value)


def _parameters(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in parameters.items())
