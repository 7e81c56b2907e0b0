from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.inference.runtimes import web
from pipelines.inference.runtimes.web import (
    NODE_MODULES,
    browser_files,
    package_folder,
    web_runtime,
)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(NODE_MODULES, raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/node")


def package(modules: Path) -> Path:
    folder = modules / "onnxruntime-web"
    (folder / "dist").mkdir(parents=True)
    for name in web.BUILD:
        (folder / "dist" / name).write_text(name)
    return folder


def test_the_package_is_found_in_the_working_folder_and_above_the_nearest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert package_folder(Path()) is None
    above = package(tmp_path / "node_modules")
    deep = tmp_path / "one" / "two"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert package_folder(Path()) == above
    nearer = package(tmp_path / "one" / "node_modules")
    assert package_folder(Path()) == nearer


def test_the_workspace_s_package_is_taken_before_the_working_folder_s(tmp_path: Path) -> None:
    here = package(tmp_path / "node_modules")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert package_folder(elsewhere) == here
    own = package(elsewhere / "node_modules")
    assert package_folder(elsewhere) == own
    assert package_folder(Path()) == here


def test_a_page_gets_the_package_s_files_whole_or_none(tmp_path: Path) -> None:
    assert browser_files(Path()) == {}
    folder = package(tmp_path / "node_modules")
    assert browser_files(Path()) == {name: name.encode() for name in web.BUILD}
    (folder / "dist" / web.BUILD[2]).unlink()
    assert browser_files(Path()) == {}


def test_a_named_folder_is_the_only_one_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "node_modules")
    elsewhere = tmp_path / "elsewhere" / "node_modules"
    monkeypatch.setenv(NODE_MODULES, str(elsewhere))
    runtime = web_runtime(Path())
    assert package_folder(Path()) is None
    assert str(elsewhere) in runtime.absent()
    package(elsewhere)
    assert runtime.absent() == ""
    assert package_folder(Path()) == elsewhere / "onnxruntime-web"


def test_its_absence_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = web_runtime(Path())
    assert "npm install onnxruntime-web" in runtime.absent()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "Install Node" in runtime.absent()
