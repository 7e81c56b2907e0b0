"""The arguments that several subcommands share, and how a command says what came of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["HERE", "ConfigPath", "Json", "Workspace", "tell"]

HERE = Path()
ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="The data set's .toml file.")]
Workspace = Annotated[
    Path,
    typer.Option(
        exists=True, file_okay=False, help="The folder whose mlruns/ and data/derived/ are used."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def tell(as_json: bool, facts: dict[str, Any], sentence: str) -> None:
    """Print the facts as one line of JSON, or the sentence."""
    text = json.dumps(facts, ensure_ascii=False) if as_json else sentence
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
