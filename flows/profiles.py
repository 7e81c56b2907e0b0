"""The drift profile of a version: kept in its MLflow run, its digest on the version itself."""

from __future__ import annotations

import hashlib
from typing import Any

from pipelines.adapters.tracking import registry, runs
from pipelines.drift.profile import Profile, ProfileError, read_profile

__all__ = ["FILE", "TAG", "keep", "load"]

FILE = "profile.json"
TAG = "logitline.profile_sha256"


def keep(client: Any, version: registry.Version, profile: Profile) -> None:
    """Keep the profile with the version; the tag comes last, so that what it names is there."""
    content = profile.content
    sha256 = hashlib.sha256(content).hexdigest()
    if version.tags.get(TAG) != sha256:
        runs.add_artifacts(client, version.run_id, {FILE: content})
        registry.set_version_tags(client, version, {TAG: sha256})


def load(client: Any, version: registry.Version) -> Profile:
    """The profile that was kept with the version.

    Raises
    ------
    ProfileError
        Where there is none, it cannot be had, or it is another; says what to do.
    """
    sha256 = version.tags.get(TAG)
    if sha256 is None:
        raise ProfileError(
            f"{version.uri} has no drift profile: it was trained by a logitline that kept none. "
            "Train once more; the version that becomes champion then has one."
        )
    try:
        content = runs.read_artifact(client, version.run_id, FILE)
    except runs.ArtifactError as error:
        raise ProfileError(
            f"{version.uri}: its {FILE} cannot be had from its MLflow run ({error}). See what is "
            "wrong with: logitline doctor"
        ) from None
    try:
        return read_profile(content, sha256)
    except ProfileError as error:
        raise ProfileError(f"{version.uri}: {error}") from None
