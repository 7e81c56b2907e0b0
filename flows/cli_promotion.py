"""The subcommands by which a person moves the champion, and reads how it moved."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.options import HERE, ConfigPath, Json, Workspace, tell

__all__ = ["history", "promote", "rollback"]

Reason = Annotated[str, typer.Option(help="Why; it is kept in the history.")]


def promote(
    config: ConfigPath,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its number.")],
    reason: Reason,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> None:
    """Make a version champion by hand; no machine promotes the one before it again."""
    _prepare(workspace)
    from flows.promotion import promote_by_hand

    _tell_moved(promote_by_hand(config, workspace, version, reason), as_json)


def rollback(
    config: ConfigPath, reason: Reason, workspace: Workspace = HERE, as_json: Json = False
) -> None:
    """Take the champion down for the one before it; no machine promotes it again."""
    _prepare(workspace)
    from flows.promotion import roll_back

    _tell_moved(roll_back(config, workspace, reason), as_json)


def history(config: ConfigPath, workspace: Workspace = HERE, as_json: Json = False) -> None:
    """Show every decision on the model: when, by whom or what, on which evidence."""
    _prepare(workspace)
    from flows.promotion import read_history
    from flows.showing_history import show_history

    show_history(read_history(config, workspace), as_json)


def _prepare(workspace: Path) -> None:
    from flows import servers

    servers.set_environment(workspace)
    servers.require_tracking(workspace)


def _tell_moved(moved: Any, as_json: bool) -> None:
    facts = asdict(moved.entry)
    for name in ("number", "key", "sketch", "test_rows", "done"):
        del facts[name]
    tell(as_json, {"model": moved.model, **facts}, moved.sentence)
