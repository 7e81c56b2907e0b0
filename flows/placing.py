"""Where a scoring writes: the sinks of its answers and of the rows that are set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.requesting import Request
from pipelines.adapters.sinks import Sink
from pipelines.adapters.sinks.delivered import DeliveredSink, Delivery
from pipelines.adapters.sinks.elsewhere import local_path
from pipelines.adapters.sinks.file import FileSink
from pipelines.adapters.sinks.folder import FolderSink
from pipelines.adapters.sources import LOCAL
from pipelines.adapters.tables.writers import CSV, PARQUET

__all__ = ["Places", "is_folder", "open_places"]

Make = Callable[[Any], Sink]


@dataclass(frozen=True)
class Places:
    """The sinks of one scoring, made from what their parts told last; and their drafts."""

    drafts: tuple[Path, ...]
    makers: tuple[Make, ...]

    def can_go_on(self, states: Sequence[Any]) -> bool:
        """Whether all that the parts told of is still there."""
        made = zip(self.makers, states, strict=True)
        return all(make(state).can_go_on for make, state in made)

    @contextmanager
    def opened(self, states: Sequence[Any] | None) -> Iterator[list[Sink]]:
        """The sinks: that of the answers, then that of the rows set aside, if any are."""
        with ExitStack() as stack:
            told = states or [None] * len(self.makers)
            made = list(zip(self.makers, told, strict=True))
            # The first to be put in place is the one whose delivery may fail.
            sinks = [stack.enter_context(make(state)) for make, state in reversed(made)]
            yield sinks[::-1]


def open_places(
    request: Request, files: Sequence[str], folder: Path, key: str, facts: Mapping[str, str]
) -> Places:
    """The places of a scoring with this key; `facts` tell a Parquet file's schema of the model.

    What is to be delivered elsewhere is written in `folder` first.
    """
    metadata = {f"logitline.{name}": value for name, value in facts.items()}
    drafts, makers = [], []
    delivery, path = request.delivery(), local_path(request.output, request.to_table)
    if delivery is not None:
        whole = folder / f"answers{delivery.suffix}"
        draft = whole.with_name(f"{whole.name}.part")
        makers.append(_delivered(whole, draft, delivery, metadata))
    elif path is not None:
        draft = _draft(path, key)
        to_folder = is_folder(path, request.output, files)
        make = _folder(path, draft, files, metadata) if to_folder else _file(path, draft, metadata)
        makers.append(make)
    drafts.append(draft)
    if request.quarantine is not None:
        aside = Path(LOCAL.sub("", request.quarantine))
        drafts.append(_draft(aside, key))
        makers.append(_file(aside, drafts[-1], {}))
    return Places(tuple(drafts), tuple(makers))


def is_folder(path: Path, output: str, files: Sequence[str]) -> bool:
    """Whether the output is a folder: it ends in a slash, is one, or takes several files."""
    if output.endswith("/") or path.is_dir():
        return True
    return len(files) > 1 and path.suffix.lower() not in CSV | PARQUET


def _draft(path: Path, key: str) -> Path:
    return path.with_name(f".{path.name}.{key[:16]}.part")


def _file(path: Path, draft: Path, metadata: Mapping[str, str]) -> Make:
    return lambda state: FileSink(path, draft, metadata, state)


def _folder(path: Path, draft: Path, files: Sequence[str], metadata: Mapping[str, str]) -> Make:
    return lambda state: FolderSink(path, draft, files, metadata, state)


def _delivered(path: Path, draft: Path, to: Delivery, metadata: Mapping[str, str]) -> Make:
    return lambda state: DeliveredSink(path, draft, to, metadata, state)
