"""One line: a configuration in a workspace, and the keys that say whether a step must run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.adapters.sources import Origin, module_of, open_source
from pipelines.adapters.store import Entry, Key, Store, write_atomically
from pipelines.config import Address, Calibration, Candidate, ColumnSplit, Config, Threshold
from pipelines.digests import code_digest, content_digest, files_digest
from pipelines.estimators.registry import check
from pipelines.loading import load_config

__all__ = ["Line", "Receipt", "open_line"]

# The modules whose code a step's result depends on, besides what they import.
CODE = {
    "ingest": ("pipelines.steps.ingest",),  # and the module that reads the source
    "split": ("pipelines.steps.split", "pipelines.leaks"),
    "fit": ("pipelines.steps.train",),
    "train": ("pipelines.steps.train",),
    "evaluate": (
        "pipelines.steps.evaluate",
        "pipelines.report.figures",
        "pipelines.explanation.explain",
    ),
    "register": (
        "pipelines.steps.register",
        "pipelines.adapters.tracking.models",
        "pipelines.drift.profile",
    ),
    "export": (
        "pipelines.steps.export.bundle",
        "pipelines.steps.export.examples",
        "pipelines.inference.parity",
    ),
    "promote": ("pipelines.steps.promote", "pipelines.promotion", "pipelines.report.html"),
}
# Besides, where a search is made.
SEARCH_CODE = dict.fromkeys(("fit", "train"), ("pipelines.searching.study",))


@dataclass(frozen=True)
class Receipt:
    """What a task passes on: never the values themselves, only where they lie and a few facts."""

    step: str
    key: str
    ran: bool
    seconds: float
    folder: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A configuration and the workspace that it runs in."""

    config_path: Path
    workspace: Path
    config: Config

    @cached_property
    def store(self) -> Store:
        """The workspace's store."""
        return Store(self.derived / "store")

    @property
    def derived(self) -> Path:
        """Where everything lies that can be made again."""
        return self.workspace / "data" / "derived"

    @cached_property
    def origin(self) -> Origin:
        """Where the rows come from."""
        return open_source(self.config.source, self.config_path.parent)

    @property
    def model(self) -> str:
        """The registered model's name."""
        return self.config.registry.model

    @property
    def column_types(self) -> dict[str, str]:
        """Column → type, in the contract's order."""
        return {name: column.type for name, column in self.config.columns.items()}

    @property
    def folds(self) -> int | None:
        """Folds of the cross-validation, or None where validation rows choose."""
        selection = self.config.selection
        return selection.folds if selection.by == "cross_validation" else None

    @property
    def decision(self) -> tuple[Calibration, Threshold]:
        """How probabilities are calibrated, and how they become labels."""
        return self.config.calibration, self.config.threshold

    @property
    def decides(self) -> bool:
        """Whether anything beyond the estimator is fitted: a calibrator or a threshold."""
        return self.decision != (Calibration(), Threshold())

    @property
    def searching(self) -> list[Candidate]:
        """The candidates whose parameters are searched for."""
        return [each for each in self.config.candidates if each.search]

    def key(self, step: str, data: str, *, candidate: Candidate | None = None) -> Key:
        """The key of a step's result, made from the digest of its inputs."""
        section, code = self._section(step, candidate), CODE[step]
        if self.searching if candidate is None else candidate.search:
            code = (*code, *SEARCH_CODE.get(step, ()))
        if step == "ingest":
            code = (*code, module_of(self.config.source, self.config_path.parent))
        return Key(step, data, content_digest(section), code_digest(*code))

    def _section(self, step: str, candidate: Candidate | None) -> Any:
        config = self.config
        columns = {name: column.model_dump() for name, column in config.columns.items()}
        # Left out where they do nothing, so that a config without them keeps its keys.
        decision = [each.model_dump() for each in self.decision if each != type(each)()]
        selection = config.selection.model_dump()
        if candidate is not None:
            budget = self._budget if candidate.search else None
            columns_by_type = list(self.column_types.items())
            return [candidate.model_dump(), selection, columns_by_type, budget, *decision]
        sections = {
            # Lists, because the order of columns is the order of the model's inputs.
            "ingest": [
                # Not where the rows are: the same rows elsewhere are the same table.
                config.source.model_dump(exclude=set(Address.model_fields)),
                list(columns.items()),
                config.split.column,
                config.split.words if isinstance(config.split, ColumnSplit) else None,
            ],
            "split": config.split.model_dump(),
            "train": [
                [each.model_dump() for each in config.candidates],
                selection,
                self._budget if self.searching else None,
                *decision,
            ],
            "evaluate": [
                self.model,
                config.promotion.metric,
                config.evaluation.model_dump(),
                [columns.get(each.column) for each in config.evaluation.slices],
            ],
            "register": [
                self.model,
                list(columns.items()),
                config.source.missing,
                config.promotion.max_size_mb,
            ],
            "export": [
                self.model,
                config.promotion.latency_batch_rows,
                files_digest("pipelines.steps.export.page"),
                config.evaluation.model_dump(),
            ],
            "promote": [config.promotion.model_dump(), config.leaks.model_dump()],
        }
        return sections[step]

    @property
    def _budget(self) -> list[float | None]:
        """What one search may use, and its seed: equal budgets find the same parameters."""
        search, each = self.config.search, len(self.searching)
        minutes = None if search.minutes is None else search.minutes / each
        return [search.trials_of_each(each), minutes, search.seed]

    @property
    def _last(self) -> Path:
        name = content_digest(str(self.config_path.resolve()))[:16]
        return self.derived / "last" / f"{self.config_path.stem}-{name}.json"

    def last_keys(self) -> dict[str, dict[str, str]]:
        """The key of each step in the last run of this configuration."""
        try:
            keys: dict[str, dict[str, str]] = json.loads(self._last.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return keys

    def note_key(self, key: Key) -> None:
        """Remember the key as the last of its step."""
        keys = self.last_keys() | {key.step: asdict(key)}
        write_atomically(self._last, json.dumps(keys, indent=1).encode())

    def fit_entry(self, split: str, candidate: Candidate) -> tuple[Key, Entry | None]:
        """A candidate's own key and its entry, so that a new candidate refits no other."""
        key = self.key("fit", split, candidate=candidate)
        return key, self.store.get(key)


def open_line(config_path: Path, workspace: Path, look: bool = True) -> Line:
    """The line of a configuration file, checked in full; where `look`, against its table too.

    Without `look` it is for what goes on with a model that is there, and the candidates'
    parameters are not held against their estimators: these take seconds to import, and memory.

    Raises
    ------
    ConfigError
        With every mistake in the file.
    """
    if look:
        config = load_config(config_path, _names, check)
    else:
        config = load_config(config_path, _unseen, _unchecked)
    return Line(config_path, workspace.resolve(), config)


def _names(address: Address, base: Path) -> list[str] | None:
    return open_source(address, base).names()


def _unseen(_: Address, __: Path) -> None:
    """No names: what goes on without the training's table need not reach it."""


def _unchecked(_: str, __: Mapping[str, Any]) -> Sequence[str]:
    """No mistakes: what goes on with the champion fits no candidate."""
    return ()
