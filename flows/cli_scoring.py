"""The subcommand that scores a table with the champion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.options import HERE, ConfigPath, Json, Workspace, tell

__all__ = ["score"]


Source = Annotated[
    str,
    typer.Argument(
        metavar="INPUT", help="CSV or Parquet: a file, a folder, a pattern, an address; a database."
    ),
]
Output = Annotated[
    str,
    typer.Argument(
        metavar="OUTPUT", help="Where the answers go: a file, a folder, an address, a database."
    ),
]
Lenient = Annotated[
    bool, typer.Option("--lenient", help="Answer rows outside the contract, too, and count.")
]
Quarantine = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Set rows that break the contract aside there, with the reason."
    ),
]
Provider = Annotated[
    str | None, typer.Option(metavar="NAME", help="ONNX Runtime's, such as CUDAExecutionProvider.")
]
Table = Annotated[str | None, typer.Option(metavar="NAME", help="The table of INPUT's database.")]
Query = Annotated[
    str | None, typer.Option(metavar="SQL", help="Or a query of it, whose answer is scored.")
]
Parameter = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="The value of :NAME in the query.")
]
ToTable = Annotated[
    str | None, typer.Option(metavar="NAME", help="The table of OUTPUT's database.")
]


def score(
    config: ConfigPath,
    source: Source,
    output: Output,
    workspace: Workspace = HERE,
    lenient: Lenient = False,
    quarantine: Quarantine = None,
    provider: Provider = None,
    table: Table = None,
    query: Query = None,
    parameter: Parameter = None,
    to_table: ToTable = None,
    as_json: Json = False,
) -> None:
    """Score a table with the champion, in constant memory."""
    # Arrow's own allocators keep what is freed; the system's gives it back. It is asked once,
    # when Arrow is loaded.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from flows import servers

    servers.set_environment(workspace)
    from flows.addressing import given_parameters
    from flows.running import run_scoring
    from flows.showing_scoring import row_counter

    with row_counter(quiet=as_json):
        done = run_scoring(
            config,
            source,
            output,
            workspace,
            quarantine,
            lenient=lenient,
            provider=provider,
            table=table,
            query=query,
            parameters=given_parameters(parameter or []),
            to_table=to_table,
        )
    said = [f"Scored {done.scored} rows with {done.model}, version {done.version}: {done.output}"]
    if done.quarantined:
        said.append(f"  set aside: {done.quarantined}, with the reasons: {done.quarantine}")
    if done.resumed:
        said.append(f"  done already by a scoring that was stopped: {done.resumed}")
    said += [f"  values outside the contract in {name!r}: {n}" for name, n in done.odd.items()]
    tell(as_json, vars(done), "\n".join(said))
