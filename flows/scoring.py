"""The scoring flow: the champion's answer for every row of a table, in constant memory.

Reading, scoring and writing go on side by side, each on a thread of its own, and in the order of
the rows. After every PART batches what was written is made safe and noted, so that the same
scoring, killed, goes on from there.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.faults import failpoint
from flows.line import open_line
from flows.placing import open_places
from flows.requesting import Request, require_places
from flows.showing_scoring import tell_rows
from pipelines.adapters.overlapping import ahead, behind
from pipelines.adapters.sinks import Sink
from pipelines.adapters.sources import Files
from pipelines.adapters.tables import Batch
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.adapters.unfinished import Unfinished, unfinished
from pipelines.digests import code_digest, content_digest
from pipelines.inference import InputError, Predictor
from pipelines.inference.undefined import with_undefined
from pipelines.records import DataError
from pipelines.scoring import Scoring

__all__ = ["Scored", "require_database", "scoring"]

# Rows of a batch, fewer where they have many columns; batches of a part.
ROWS, CELLS, FEWEST, PART = 65_536, 1 << 18, 64, 32
# After so many batches the system gets back what was freed.
TIDY = 8
CODE = ("pipelines.scoring", "pipelines.adapters.tables", "pipelines.adapters.sinks")


@dataclass(frozen=True)
class Scored:
    """What was scored, by which version, where it lies, and what was odd in it.

    `rows` came, `scored` of them got an answer and `quarantined` were set aside; `resumed` of
    them an earlier scoring had done that was stopped. `odd` counts, a column, the values that
    break the contract and were answered all the same: categories never seen, and in a lenient
    scoring gaps and numbers out of range.
    """

    rows: int
    scored: int
    quarantined: int
    resumed: int
    model: str
    version: str
    output: str
    quarantine: str | None
    providers: list[str]
    odd: dict[str, int]


@flow(name="scoring", persist_result=False)
def scoring(
    config: str,
    input: str,
    output: str,
    lenient: bool = False,
    quarantine: str | None = None,
    provider: str | None = None,
    table: str | None = None,
    query: str | None = None,
    parameters: dict[str, Any] | None = None,
    to_table: str | None = None,
    workspace: str = ".",
) -> Scored:
    """Write the rows of an input with the champion's label and probabilities to an output."""
    request = Request(
        source=input,
        output=output,
        lenient=lenient,
        quarantine=quarantine,
        provider=provider,
        table=table,
        query=query,
        parameters=parameters,
        to_table=to_table,
    )
    line = open_line(Path(config), Path(workspace), look=False)
    require_places(request, Path(config), line.origin)
    return score_rows(line.model, request, Path(workspace))


@task(name="score", cache_policy=NO_CACHE, persist_result=False)
def score_rows(model: str, request: Request, workspace: Path) -> Scored:
    """The rows at the output, which appears when the last of them is written."""
    require_database(workspace, model)
    version = registry.resolve(tracking.connect(workspace), _champion(model))
    path, sha256 = registry.download_model(version.uri, workspace)
    asked = [request.provider] if request.provider is not None else None
    predictor = Predictor.load(path, sha256=sha256, providers=asked, strict=True)
    facts = {"model": model, "version": version.number, "sha256": predictor.sha256}
    files = request.files()
    root = workspace.resolve() / "data" / "derived" / "scoring"
    try:
        before = files.fingerprint()
        key = _key(before, request, facts, predictor)
        places = open_places(request, files.files(), root / key, key, facts)
        with unfinished(root, key, request.place, places.drafts) as journal:
            # Of what has no fingerprint nobody knows whether it is still the same.
            last = None if before is None else journal.last
            if last is not None and not places.can_go_on(last["sinks"]):
                last = None
            scorer = _scorer(predictor, version.number, request, last and last["scorer"])
            done = scorer.rows
            with places.opened(last and last["sinks"]) as sinks:
                _convey(files, scorer, sinks, journal, last["batches"] if last else 0)
                odd = scorer.conclude()
                if files.fingerprint() != before:
                    raise DataError("changed while it was read. Score it once more.")
                failpoint("before_in_place")
            failpoint("after_in_place")
    except DataError as error:
        place = error.path or request.source
        raise DataError(*error.problems, path=place, undone="nothing was written") from None
    finally:
        files.close()
    return Scored(
        rows=scorer.rows,
        scored=scorer.rows - scorer.aside_rows,
        quarantined=scorer.aside_rows,
        resumed=done,
        model=model,
        version=version.number,
        output=request.place,
        quarantine=request.quarantine,
        providers=list(predictor.providers),
        odd=dict(odd),
    )


def require_database(workspace: Path, model: str) -> None:
    """Refuse a workspace without a registry, in which there is no champion."""
    registry.require_database(workspace, _champion(model))


def _champion(model: str) -> str:
    return f"models:/{model}@{registry.CHAMPION}"


def _key(
    fingerprint: str | None, request: Request, facts: dict[str, str], predictor: Predictor
) -> str:
    """The digest of all that the output's bytes depend on."""
    places = [str(Path(each or "").absolute()) for each in (request.output, request.quarantine)]
    settings = [request.as_parameters, facts, places, list(predictor.providers), ROWS, CELLS, PART]
    return content_digest([fingerprint, settings, code_digest(*CODE)])


def _scorer(predictor: Predictor, version: str, request: Request, state: Any) -> Scoring:
    sets_aside = request.quarantine is not None
    answer = with_undefined(predictor.answer) if sets_aside else predictor.answer
    return Scoring(
        predictor.contract,
        answer,
        lenient=request.lenient,
        sets_aside=sets_aside,
        version=version,
        state=state,
    )


def _convey(
    files: Files, scorer: Scoring, sinks: list[Sink], journal: Unfinished, done: int
) -> None:
    """Score all batches but those that are done, and write them; note each part's end."""
    with closing(ahead(_batches(files, done))) as waiting, behind() as writing:
        for count, batch in enumerate(waiting, start=done + 1):
            try:
                answered = scorer.score(batch.table, batch.place)
            except InputError as error:
                if error.row is None:
                    raise
                raise DataError(f"{batch.place(error.row)} {error.what}") from None
            tell_rows(scorer.rows)
            if answered is None:
                continue
            # One table a sink: the answers, and what was set aside.
            for sink, rows in zip(sinks, (answered, scorer.aside), strict=False):
                writing.do(sink.add, rows, batch.file or files.files()[0])
            if count % TIDY == 0:
                # Its allocator keeps what each thread has freed until it is asked for it.
                pa.default_memory_pool().release_unused()
            if count % PART == 0:
                writing.do(_note, journal, sinks, {"batches": count, "scorer": scorer.state})


def _batches(files: Files, done: int) -> Generator[Batch]:
    """The batches behind those that are done; these are read, and that is all."""
    width = len(files.names() or ()) or 1
    yield from islice(files.batches(max(FEWEST, min(ROWS, CELLS // width))), done, None)


def _note(journal: Unfinished, sinks: list[Sink], point: dict[str, Any]) -> None:
    journal.note({**point, "sinks": [sink.part() for sink in sinks]})
    failpoint("after_part")
