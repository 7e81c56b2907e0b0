"""A version's bundle: kept with its run in MLflow by the training, written to a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.line import Line, open_line
from flows.running import UsageError
from pipelines.adapters.store import write_folder
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry, runs
from pipelines.inference.runtimes import browser_files
from pipelines.steps.export import later

__all__ = ["Exported", "concluded", "export_bundle", "keep"]

# Tag of a version: the run that keeps its bundle.
KEPT_BY = "logitline.bundle_run"
FOLDER = "bundle"
# What the lineage takes of the tags of a version and of its run.
CONTENT = ("dataset_sha256", "split", "config", "code", "candidate", "version")
LATER = ("lock_sha256", "config_sha256")


def keep(client: Any, version: registry.Version, run_id: str, files: Mapping[str, bytes]) -> None:
    """Log the bundle to a run, and say so at the version."""
    kept = {f"{FOLDER}/{name}": content for name, content in files.items()}
    runs.add_artifacts(client, run_id, kept)
    registry.set_version_tags(client, version, {KEPT_BY: run_id})


def concluded(
    line: Line, client: Any, version: registry.Version, files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The bundle with what the registry knows of the version now, and the browser's runtime."""
    graphs = {name: files[name] for name in sorted(files) if name.endswith(".onnx")}
    tags = {**runs.run_tags(client, version.run_id), **version.tags}
    decision = tags.get("logitline.decision")
    lineage = {
        "model": version.model,
        "version": version.number,
        "made": _utc(version.made),
        "graphs_sha256": {
            name: hashlib.sha256(content).hexdigest()
            for name, content in graphs.items()
            if "/" not in name
        },
        "content": {name: tags.get(f"logitline.{name}") for name in (*CONTENT, *LATER)},
        "commit": tags.get("mlflow.source.git.commit"),
        "uncommitted_changes": {"true": True, "false": False}.get(tags.get("git.dirty", "")),
        "mlflow_run": version.run_id or None,
        "metrics": runs.logged_metrics(client, version.run_id),
        "decision": decision,
        "champion": _is_champion(client, version),
    }
    return later.conclude(files, lineage, browser_files(line.workspace))


def _utc(milliseconds: int) -> str | None:
    if not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1e3, UTC).isoformat(timespec="seconds")


def _is_champion(client: Any, version: registry.Version) -> bool:
    champion = registry.champion(client, version.model)
    return champion is not None and champion.number == version.number


@dataclass(frozen=True)
class Exported:
    """What `logitline export` wrote."""

    model: str
    version: str
    folder: Path
    files: tuple[str, ...]
    page: bool
    runs_in_browser: bool
    no_page: str

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "folder": str(self.folder), "files": list(self.files)}

    @property
    def sentence(self) -> str:
        """What is where, and what is next."""
        said = f"Exported {self.model}, version {self.version}: {self.folder}"
        check = f"Check it where it stands: python {self.folder / 'verify.py'}"
        if not self.page:
            return f"{said}\n{check}\nThere is no page: {self.no_page}"
        served = f"The page: python -m http.server --directory {self.folder}"
        web = "" if self.runs_in_browser else " (it says how to add onnxruntime-web first)"
        return f"{said}\n{check}\n{served}{web}"


def export_bundle(config: Path, workspace: Path, folder: Path, number: str | None) -> Exported:
    """The bundle of a version, by default the champion, written to a folder.

    Raises
    ------
    UsageError
        If the folder holds anything but a former bundle of this model or cannot be written,
        or no bundle was kept.
    NoVersionError
        If there is no such version.
    """
    line = open_line(config, workspace, look=False)
    client = tracking.connect(line.workspace)
    version = _version(client, line, config, number)
    place = _place(folder, line.model)
    files = concluded(line, client, version, _kept(client, version, config))
    try:
        write_folder(place, files)
    except OSError as error:
        raise UsageError(
            f"The bundle cannot be written to {folder}: {error.strerror}. Nothing of it is left "
            "there. See to it, or name another folder."
        ) from None
    return Exported(
        model=line.model,
        version=version.number,
        folder=place,
        files=tuple(files),
        page="index.html" in files,
        runs_in_browser=any(name.startswith("ort/") for name in files),
        no_page=json.loads(files["runtimes.json"])["portable"]["note"],
    )


def _version(client: Any, line: Line, config: Path, number: str | None) -> registry.Version:
    if number is not None:
        if not (number.isascii() and number.isdigit()):
            raise UsageError(f"--version takes a number, as in --version 3, not {number}.")
        return registry.resolve(client, f"models:/{line.model}/{number}")
    champion = registry.champion(client, line.model)
    if champion is None:
        raise registry.NoVersionError(
            f"{line.model} has no champion in {line.workspace}. Train first "
            f"(logitline train {config}), or name a version with --version."
        )
    return champion


def _kept(client: Any, version: registry.Version, config: Path) -> dict[str, bytes]:
    """The bundle's files as the training kept them, each of them checked."""
    run_id = version.tags.get(KEPT_BY)
    again = f"Train again, what is done is kept: logitline train {config}"
    if run_id is None:
        raise UsageError(f"No bundle of version {version.number} was kept. {again}")
    try:
        sums = later.checked(runs.read_artifact(client, run_id, f"{FOLDER}/{later.SUMS}"))
        files = {name: runs.read_artifact(client, run_id, f"{FOLDER}/{name}") for name in sums}
    except runs.ArtifactError as error:
        raise UsageError(
            f"The bundle of version {version.number} cannot be had from MLflow ({error}). {again}"
        ) from None
    changed = [name for name in sums if hashlib.sha256(files[name]).hexdigest() != sums[name]]
    if changed or sums.get("model.onnx") != version.sha256:
        raise UsageError(
            f"The bundle of version {version.number} in MLflow is not what was proven "
            f"({', '.join(changed) or 'model.onnx'} has another SHA-256), so nothing was "
            f"written. {again}"
        )
    return files


def _place(folder: Path, model: str) -> Path:
    """Where the bundle goes: a folder that is new, empty, or a bundle of the same model."""
    place = folder.resolve()
    if place.exists() and not place.is_dir():
        raise UsageError(f"{folder} is a file. Name a folder for the bundle.")
    if not place.is_dir() or not any(place.iterdir()):
        return place
    try:
        former = json.loads((place / later.LINEAGE).read_text(encoding="utf-8"))["model"]
        listed = later.checked((place / later.SUMS).read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"{folder} is neither empty nor a bundle, and nothing of it was touched. Name "
            "another folder."
        ) from None
    if former != model:
        raise UsageError(f"{folder} is a bundle of {former}, not of {model}. Name another folder.")
    there = [path.relative_to(place) for path in place.rglob("*") if not path.is_dir()]
    names = {path.as_posix() for path in there if "__pycache__" not in path.parts}
    own = sorted(names - {*listed, later.SUMS})
    if own:
        raise UsageError(
            f"{folder} holds {', '.join(own[:3])}, which is not of its bundle and would be lost. "
            "Move it, or name another folder."
        )
    return place
