"""The subcommand that shows the report of the last training."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.options import HERE, ConfigPath, Json, Workspace, tell

__all__ = ["report"]


def report(
    config: ConfigPath,
    workspace: Workspace = HERE,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Only print where it is, also at a terminal.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the report of the last training: print its path, open it at a terminal."""
    from flows import servers

    servers.set_environment(workspace)
    servers.require_tracking(workspace)
    from flows.reporting import can_open, find_report, open_page

    found = find_report(config, workspace)
    tell(as_json, found.as_json, str(found.report))
    if not (no_open or as_json) and can_open():
        open_page(found.report)
