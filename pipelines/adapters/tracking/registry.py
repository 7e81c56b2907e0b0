"""The registered model: its versions, their tags, and the aliases `champion` and `challenger`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking.client import connect, database, local_uri, tracking_uri

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "NoVersionError",
    "Version",
    "aliases",
    "champion",
    "create_version",
    "describe",
    "download_model",
    "drop_alias",
    "drop_version_tag",
    "find_version",
    "require_database",
    "resolve",
    "set_alias",
    "set_version_tags",
    "versions",
]

CHAMPION = "champion"
CHALLENGER = "challenger"
SHA256 = "logitline.onnx_sha256"
# What MLflow says of a model, a version or an alias that is not there.
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class NoVersionError(LookupError):
    """The registry has no such version or alias."""


@dataclass(frozen=True)
class Version:
    """A version of a registered model; `made` is the time of its making in ms since 1970."""

    model: str
    number: str
    run_id: str
    tags: Mapping[str, str]
    made: int = 0

    @property
    def uri(self) -> str:
        """The version's address for MLflow and for Predictor.load."""
        return f"models:/{self.model}/{self.number}"

    @property
    def sha256(self) -> str:
        """SHA-256 of the version's ONNX file, as noted when it was registered."""
        return self.tags.get(SHA256, "")


def champion(client: MlflowClient, model: str) -> Version | None:
    """The version with the alias `champion`, or None."""
    try:
        found = client.get_model_version_by_alias(model, CHAMPION)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise
    return _version(found)


def find_version(client: MlflowClient, model: str, sha256: str) -> Version | None:
    """The version whose ONNX file has this digest, the newest where there are several."""
    found = [v for v in versions(client, model) if v.sha256 == sha256]
    return found[0] if found else None


def versions(client: MlflowClient, model: str) -> list[Version]:
    """All versions of the model, the newest first."""
    quote = '"' if "'" in model else "'"  # MLflow's filters know no escape
    found = client.search_model_versions(f"name={quote}{model}{quote}")
    return sorted((_version(v) for v in found), key=lambda v: -int(v.number))


def aliases(client: MlflowClient, model: str) -> dict[str, list[str]]:
    """Version → its aliases; nothing for a model that is not there."""
    try:
        named: dict[str, str] = client.get_registered_model(model).aliases
    except MlflowException:
        return {}
    out: dict[str, list[str]] = {}
    for alias, number in named.items():
        out.setdefault(str(number), []).append(alias)
    return out


def create_version(
    client: MlflowClient,
    model: str,
    source: str,
    run_id: str,
    tags: Mapping[str, str],
    model_id: str | None = None,
) -> Version:
    """A new version of the model, the model itself made where there is none."""
    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        model, source, run_id=run_id, tags=dict(tags), model_id=model_id
    )
    return Version(model, str(made.version), run_id, dict(tags))


def set_alias(client: MlflowClient, version: Version, alias: str) -> None:
    """Point the alias at the version."""
    client.set_registered_model_alias(version.model, alias, version.number)


def drop_alias(client: MlflowClient, version: Version, alias: str) -> None:
    """Take the alias away where it points at this version."""
    try:
        holder = client.get_model_version_by_alias(version.model, alias)
    except MlflowException:
        return
    if str(holder.version) == version.number:
        client.delete_registered_model_alias(version.model, alias)


def set_version_tags(client: MlflowClient, version: Version, tags: Mapping[str, str]) -> None:
    """Add tags to a version."""
    for key, value in tags.items():
        client.set_model_version_tag(version.model, version.number, key, value)


def describe(client: MlflowClient, version: Version, of_model: str, of_version: str) -> None:
    """Say in MLflow what the model and the version are; a model that a person described stays."""
    if not client.get_registered_model(version.model).description:
        client.update_registered_model(version.model, of_model)
    client.update_model_version(version.model, version.number, of_version)


def drop_version_tag(client: MlflowClient, version: Version, key: str) -> None:
    """Take a tag of the version away, if it has it."""
    if key in client.get_model_version(version.model, version.number).tags:
        client.delete_model_version_tag(version.model, version.number, key)


def resolve(client: MlflowClient, uri: str) -> Version:
    """The version that `models:/NAME/3` or `models:/NAME@champion` stands for.

    Raises
    ------
    NoVersionError
        If there is none; the message says what to do.
    """
    match = re.fullmatch(r"models:/([^@/]+)(?:/(\d+)|@(.+))", uri)
    if match is None:
        raise NoVersionError(
            f"{uri} is no model address: write models:/NAME/3 or models:/NAME@champion."
        )
    name, number, alias = match.groups()
    try:
        found = (
            client.get_model_version_by_alias(name, alias)
            if alias
            else client.get_model_version(name, number)
        )
    except MlflowException as error:
        too_large = number is not None and int(number) >= 2**63  # for any database's column
        if error.error_code not in ABSENT and not too_large:
            raise NoVersionError(
                f"The registry cannot tell of {uri} ({error.message}). See that it runs and may "
                "be read, and ask again."
            ) from None
        raise NoVersionError(
            f"There is no {uri} in the registry ({error.message}). Train first; where nothing "
            "was promoted, logitline compare says why."
        ) from None
    return _version(found)


def require_database(workspace: Path, uri: str) -> None:
    """Refuse a workspace that has no database: connecting to it would make an empty one.

    Raises
    ------
    NoVersionError
        Where the registry would be that of the workspace, and there is none.
    """
    if tracking_uri(workspace) == local_uri(workspace) and not database(workspace).exists():
        raise NoVersionError(
            f"There is no {uri}: {workspace} has no mlruns/mlflow.db. Work in the folder where "
            "the model was trained, or set MLFLOW_TRACKING_URI."
        )


def download_model(uri: str, workspace: Path | None = None) -> tuple[Path, str | None]:
    """The local path of the version's ONNX file, and the SHA-256 it must have.

    Parameters
    ----------
    workspace : Path, optional
        By default the folder that the process runs in.

    Raises
    ------
    NoVersionError
        If the registry has no such version, or its files are gone.
    """
    here = workspace or Path.cwd()
    require_database(here, uri)
    client = connect(here)
    version = resolve(client, uri)
    source = client.get_model_version_download_uri(version.model, version.number)
    try:
        folder = Path(download_artifacts(artifact_uri=source, tracking_uri=client.tracking_uri))
    except (OSError, MlflowException) as error:
        raise NoVersionError(
            f"The files of {uri} cannot be had from {source} ({error}). "
            "See what is wrong with: logitline doctor"
        ) from None
    return folder / "model.onnx", version.sha256 or None


def _version(found: ModelVersion) -> Version:
    return Version(
        model=str(found.name),
        number=str(found.version),
        run_id=str(found.run_id or ""),  # a version of another client may have none
        tags=dict(found.tags),
        made=int(found.creation_timestamp or 0),
    )
