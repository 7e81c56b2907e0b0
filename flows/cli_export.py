"""The subcommand that hands a version to other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.options import HERE, ConfigPath, Json, Workspace, tell

__all__ = ["export"]


def export(
    config: ConfigPath,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="New, empty, or a former bundle of this model.")
    ],
    version: Annotated[
        str | None, typer.Option(metavar="N", help="A version's number instead of the champion.")
    ] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> None:
    """Write the champion's bundle for other runtimes: graphs, card, examples, proof, a page."""
    from flows import servers

    servers.set_environment(workspace)
    servers.require_tracking(workspace)
    from flows.bundles import export_bundle

    exported = export_bundle(config, workspace, folder, version)
    tell(as_json, exported.as_json, exported.sentence)
