"""What the flows' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.workspaces import train_json, workspace


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Path:
    """The config in a workspace that has a champion."""
    folder = tmp_path_factory.mktemp("champion")
    config = workspace(folder)
    train_json(config, folder)
    return config
