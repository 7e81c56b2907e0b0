from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.inference.runtimes import web
from pipelines.inference.runtimes.web import NODE_MODULES, WEB, package_folder


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(NODE_MODULES, raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/node")


def package(modules: Path) -> Path:
    folder = modules / "onnxruntime-web"
    (folder / "dist").mkdir(parents=True)
    (folder / web.BUILD).touch()
    return folder


def test_the_package_is_found_in_the_working_folder_and_above_the_nearest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert package_folder() is None
    above = package(tmp_path / "node_modules")
    deep = tmp_path / "one" / "two"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert package_folder() == above
    nearer = package(tmp_path / "one" / "node_modules")
    assert package_folder() == nearer


def test_a_named_folder_is_the_only_one_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "node_modules")
    elsewhere = tmp_path / "elsewhere" / "node_modules"
    monkeypatch.setenv(NODE_MODULES, str(elsewhere))
    assert package_folder() is None
    assert str(elsewhere) in WEB.absent()
    assert package_folder() != package(elsewhere) or WEB.absent() == ""
    assert package_folder() == elsewhere / "onnxruntime-web"


def test_its_absence_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "npm install onnxruntime-web" in WEB.absent()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "Install Node" in WEB.absent()
