"""The command `logitline`.

Each subcommand imports what it needs when it runs, so that `--help` answers at once. A
user's mistake ends in its message and exit status 2; a fault of ours in a traceback and 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import cli_export, cli_promotion, cli_report, cli_scoring
from flows.options import HERE, ConfigPath, Json, Workspace, tell

__all__ = ["app", "main"]

app = typer.Typer(
    name="logitline",
    help="From a table with a label to a proven classifier in production.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

INTERRUPTED = 130  # what typer makes of Ctrl-C
DRIFTED = 3


@app.command()
def init(
    source: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="A CSV or Parquet file, a folder or pattern of them, an address (s3://…), "
            "a database's url, or module:function.",
        ),
    ],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    output: Annotated[
        Path | None, typer.Option(help="Where to write the config; by default beside the table.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="The database's table.")] = None,
    query: Annotated[str | None, typer.Option(help="A query of the database instead.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="For :NAME of the query, or for the function."),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Fit the config that is there to a new table, after a yes."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write an update without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Look at a table and write its config: the contract and sensible candidates."""
    from flows.addressing import address_of

    address = address_of(source, table, query, parameter or ())
    if update:
        _update(address, target, output, yes, as_json)
        return
    from flows.starting import propose_config, shown

    path, left_out = propose_config(address, target, output)
    facts = {"config": str(path), "table": source, "target": target, "left_out": left_out}
    said = [f"Left out, {reason}: {shown(names)}" for reason, names in left_out.items()]
    tell(as_json, facts, "\n".join([*said, f"Wrote {path}. Next: logitline train {path}"]))


def _update(address: Any, target: str, output: Path | None, yes: bool, as_json: bool) -> None:
    from flows.updating import update

    facts, said, done = update(address, target, output, yes, as_json)
    tell(as_json, facts, said)
    if not done:
        sys.stderr.write(f"logitline: {said}\n")
        raise typer.Exit(2)


@app.command()
def train(
    config: ConfigPath,
    workspace: Workspace = HERE,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only say what would run, and why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the seven steps: ingest, split, train, evaluate, register, export, promote."""
    from flows import servers

    servers.set_environment(workspace)
    if explain:
        from flows.explaining import explain as explained
        from flows.showing import show_plan

        servers.require_tracking(workspace)
        plan = explained(config, workspace)
        show_plan(plan, as_json)
        return
    from flows.running import run_training
    from flows.showing import show_outcome
    from flows.showing_progress import progress

    with progress(quiet=as_json):
        outcome = run_training(config, workspace)
    show_outcome(outcome, as_json)


@app.command()
def compare(config: ConfigPath, workspace: Workspace = HERE, as_json: Json = False) -> None:
    """Show the candidates of the last training and the past versions side by side."""
    from flows import servers

    servers.set_environment(workspace)
    servers.require_tracking(workspace)
    from flows.comparing import comparison
    from flows.showing import show_comparison

    show_comparison(comparison(config, workspace), as_json)


@app.command()
def drift(
    config: ConfigPath,
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="CSV or Parquet: a file, a folder, a pattern, an address."
        ),
    ],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with figures, too.")
    ] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> None:
    """Tell whether data have moved since the champion was trained; exit status 3 if so."""
    from flows import servers

    servers.set_environment(workspace)
    from flows.running import run_drift

    found = run_drift(config, source, html, workspace)
    from flows.showing_drift import show_drift  # with Prefect, which its server was waited for

    show_drift(found, as_json)
    if found.comparison.drifted:
        raise typer.Exit(DRIFTED)


for _command in (
    cli_export.export,
    cli_scoring.score,
    cli_report.report,
    cli_promotion.promote,
    cli_promotion.rollback,
    cli_promotion.history,
):
    app.command()(_command)


@app.command()
def schedule(
    config: ConfigPath,
    workspace: Workspace = HERE,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of a Prefect server that is started here.")
    ] = 4200,
    as_json: Json = False,
) -> None:
    """Serve the retraining on the config's cron, one run at a time, until Ctrl-C."""
    from flows import servers

    servers.set_environment(workspace)
    from flows.running import serve_schedule

    serve_schedule(config, workspace, port, lambda facts, text: tell(as_json, facts, text))


@app.command()
def ui(
    workspace: Workspace = HERE,
    mlflow_port: Annotated[int, typer.Option(min=0, max=65535, help="Of the MLflow UI.")] = 5000,
    prefect_port: Annotated[int, typer.Option(min=0, max=65535, help="Of the Prefect UI.")] = 4200,
    as_json: Json = False,
) -> None:
    """Show the MLflow UI and the Prefect UI on this workspace's data, until Ctrl-C."""
    from flows import servers

    servers.set_environment(workspace)
    from flows.running import serve_uis

    serve_uis(workspace, mlflow_port, prefect_port, lambda facts, text: tell(as_json, facts, text))


@app.command()
def doctor(
    workspace: Workspace = HERE,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended.")] = False,
    as_json: Json = False,
) -> None:
    """Check versions, database, storage and providers, and say what to do."""
    from flows import servers

    servers.set_environment(workspace)
    from flows.doctoring import examine
    from flows.showing import show_findings

    findings = examine(workspace, fix=fix)
    show_findings(findings, as_json)
    if any(not finding.well for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run the command; turn a user's mistake into its message and exit status 2."""
    try:
        app()  # bad arguments end in typer's own message and exit status 2
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.stderr.write(
                "Stopped. What is done is kept: the same command goes on from there.\n"
            )
        raise
    except Exception as error:
        from flows.mistakes import status

        code = status(error)
        if code is None:
            raise
        sys.stderr.write(f"logitline: {error}\n")
        sys.exit(code)
