"""A version's portable graph: kept in its MLflow run, its digest on the version itself."""

from __future__ import annotations

import hashlib
from typing import Any

from pipelines.adapters.tracking import registry, runs
from pipelines.steps.register import Registered

__all__ = ["FILE", "NOTE", "TAG", "keep"]

FILE = "model.portable.onnx"
TAG = "logitline.portable_sha256"
NOTE = "logitline.portable"


def keep(client: Any, version: registry.Version, made: Registered) -> None:
    """Keep the portable graph with the version, or say on it why there is none.

    The digest's tag comes last, so that what it names is there.
    """
    if version.tags.get(NOTE) != made.portable_note:
        registry.set_version_tags(client, version, {NOTE: made.portable_note})
    if made.portable is None:
        registry.drop_version_tag(client, version, TAG)
        return
    sha256 = hashlib.sha256(made.portable).hexdigest()
    if version.tags.get(TAG) != sha256:
        runs.add_artifacts(client, version.run_id, {FILE: made.portable})
        registry.set_version_tags(client, version, {TAG: sha256})
