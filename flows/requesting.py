"""What a scoring is asked for, and the places to which it never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.mistakes import UsageError
from pipelines.adapters.sinks.delivered import Delivery
from pipelines.adapters.sinks.elsewhere import local_path, open_delivery
from pipelines.adapters.sources import Files, Origin, open_files

__all__ = ["Request", "require_places"]


@dataclass(frozen=True)
class Request:
    """What is to be scored, where the answers go, and how: the flow's parameters."""

    source: str
    output: str
    lenient: bool = False
    quarantine: str | None = None
    provider: str | None = None
    table: str | None = None
    query: str | None = None
    parameters: Mapping[str, Any] | None = None
    to_table: str | None = None

    @property
    def as_parameters(self) -> dict[str, Any]:
        """The flow's parameters, by their names."""
        facts = asdict(self)
        return {"input": facts.pop("source"), **facts, "parameters": dict(self.parameters or {})}

    @property
    def place(self) -> str:
        """The output as messages and the journal name it."""
        return f"{self.output} {self.to_table}" if self.to_table else self.output

    def files(self) -> Files:
        """The input, opened."""
        return open_files(self.source, self.table, self.query, self.parameters)

    def delivery(self) -> Delivery | None:
        """What brings the answers to their place, where this is beyond this machine's files."""
        return open_delivery(self.output, self.to_table)


def require_places(request: Request, config: Path, training: Origin) -> None:
    """Refuse to write where something else stands, or where nothing can.

    Raises
    ------
    UsageError
        With the place and what stands there.
    DataError
        When the input's or the output's address cannot be used.
    """
    files = request.files()
    try:
        origins = {"input": files, "training table": training}
        delivery, path = request.delivery(), local_path(request.output, request.to_table)
        _require_apart(path or request.output, origins)
        if path is not None:
            _require_free(path, config)
        if delivery is not None:
            delivery.require()
        if request.quarantine is not None:
            _require_side_file(request.quarantine, path, config, origins)
    finally:
        files.close()


def _require_side_file(
    file: str, output: Path | None, config: Path, origins: Mapping[str, Origin]
) -> None:
    path = local_path(file)
    if path is None:
        raise UsageError(f"{file} is an address. Name a file here for --quarantine.")
    _require_apart(path, origins)
    _require_free(path, config)
    if output is not None and path.resolve() == output.resolve():
        raise UsageError(f"{path} is the output itself. Name another for --quarantine.")


def _require_apart(place: Path | str, origins: Mapping[str, Origin]) -> None:
    for what, origin in origins.items():
        if origin.holds(place):
            raise UsageError(f"{place} would be part of the {what}. Name another output.")


def _require_free(path: Path, config: Path) -> None:
    if path.resolve() == config.resolve():
        raise UsageError(f"{path} is the config itself. Name another output.")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UsageError(f"{path} is a pipe or a device, and no plain file. Name another output.")
    if path.is_dir() and any(path.iterdir()):
        raise UsageError(
            f"{path} is a folder with files in it. Name one that is not there yet, or is empty."
        )
