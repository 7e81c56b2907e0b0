"""How far each version is from the champion, from what their MLflow runs keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.adapters.answers import FILE, UnreadableAnswersError, read_answers
from pipelines.adapters.tracking import runs
from pipelines.adapters.tracking.registry import Version
from pipelines.records.answers import Answers

__all__ = ["Difference", "differences"]

# So many of the newest versions are compared, fewer where they have many test rows: each takes a
# file from MLflow and a bootstrap of its rows.
COMPARED, COMPARED_ROWS = 50, 2_500_000


@dataclass(frozen=True)
class Difference:
    """A version's metric minus the champion's on the test rows of both, or why there is none."""

    value: float
    low: float
    high: float
    rows: int
    note: str = ""

    @property
    def as_json(self) -> dict[str, Any] | None:
        """Plain values; None where there is no difference."""
        if self.note:
            return None
        return {"value": self.value, "low": self.low, "high": self.high, "rows": self.rows}


def differences(
    client: Any, versions: Sequence[Version], champion: Version | None, metric: str
) -> dict[str, Difference]:
    """Version → its difference to the champion, in the order given; each file is read once."""
    if champion is None:
        return {each.number: _none("there is no champion") for each in versions}
    from flows.rival import ROWS_BY  # it brings ONNX Runtime

    theirs = _answers(client, champion)
    rows = 0 if isinstance(theirs, str) else len(theirs.codes)
    most = min(COMPARED, max(1, COMPARED_ROWS // max(rows, 1)))
    found: dict[str, Difference] = {}
    for at, each in enumerate(versions):
        if each.number == champion.number:
            found[each.number] = _none("it is the champion")
        elif at >= most:
            found[each.number] = _none(
                f"only the newest {most} of {len(versions)} versions are compared"
            )
        elif isinstance(theirs, str):
            found[each.number] = _none(f"of the champion, {theirs}")
        elif each.tags.get(ROWS_BY) != champion.tags.get(ROWS_BY):
            found[each.number] = _none("its rows are told apart by other columns")
        else:
            found[each.number] = _difference(client, each, theirs, metric)
    return found


def _difference(client: Any, version: Version, theirs: Answers, metric: str) -> Difference:
    mine = _answers(client, version)
    if isinstance(mine, str):
        return _none(mine)
    from pipelines.promotion.beside import beside

    pair = beside(mine, theirs, metric)
    if pair.note:
        return _none(pair.note)
    gap = pair.difference
    return Difference(gap.value, gap.low, gap.high, pair.rows)


def _answers(client: Any, version: Version) -> Answers | str:
    """The answers that the version's training kept, or why there are none."""
    try:
        return read_answers(runs.read_artifact(client, version.run_id, FILE))
    except runs.ArtifactError:
        return f"its run keeps no {FILE}: it is of an earlier logitline, or gone"
    except UnreadableAnswersError as error:
        return str(error)


def _none(note: str) -> Difference:
    return Difference(0.0, 0.0, 0.0, 0, note)
