"""Where a scoring writes: the sinks of its answers and of the rows that are set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.adapters.sinks import Sink
from pipelines.adapters.sinks.file import FileSink
from pipelines.adapters.sinks.folder import FolderSink
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
            made = zip(self.makers, told, strict=True)
            yield [stack.enter_context(make(state)) for make, state in made]


def open_places(
    output: str, quarantine: str | None, files: Sequence[str], key: str, facts: Mapping[str, str]
) -> Places:
    """The places of a scoring with this key; `facts` tell a Parquet file's schema of the model."""
    path = Path(output)
    draft = path.with_name(f".{path.name}.{key[:16]}.part")
    metadata = {f"logitline.{name}": value for name, value in facts.items()}
    drafts, makers = [draft], [_file(path, draft, metadata)]
    if is_folder(output, files):
        makers = [lambda state: FolderSink(path, draft, files, metadata, state)]
    if quarantine is not None:
        aside = Path(quarantine)
        beside = aside.with_name(f".{aside.name}.{key[:16]}.part")
        drafts.append(beside)
        makers.append(_file(aside, beside, {}))
    return Places(tuple(drafts), tuple(makers))


def is_folder(output: str, files: Sequence[str]) -> bool:
    """Whether the output is a folder: it ends in a slash, is one, or takes several files."""
    if output.endswith("/") or Path(output).is_dir():
        return True
    return len(files) > 1 and Path(output).suffix.lower() not in CSV | PARQUET


def _file(path: Path, draft: Path, metadata: Mapping[str, str]) -> Make:
    return lambda state: FileSink(path, draft=draft, ends=state or (), metadata=metadata)
