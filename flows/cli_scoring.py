"""The subcommand that scores a table with the champion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.options import HERE, ConfigPath, Json, Workspace, tell

__all__ = ["score"]


def score(
    config: ConfigPath,
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="CSV or Parquet: a file, a folder, a pattern, an address."
        ),
    ],
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUTPUT", help="Where the answers go: a file, a folder, an address."
        ),
    ],
    workspace: Workspace = HERE,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Answer rows outside the contract, too, and count.")
    ] = False,
    quarantine: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Set rows that break the contract aside there, with the reason."
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="ONNX Runtime's, such as CUDAExecutionProvider."),
    ] = None,
    table: Annotated[
        str | None, typer.Option(metavar="NAME", help="The table to score, of a database.")
    ] = None,
    query: Annotated[
        str | None, typer.Option(metavar="SQL", help="Or the query whose answer to score.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="The value of :NAME in it.")
    ] = None,
    to_table: Annotated[
        str | None, typer.Option(metavar="NAME", help="The table for the answers, of a database.")
    ] = None,
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
