"""The arrows between the rooms, read from the imports; one the wrong way fails here."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "pipelines").rglob("*.py"), *(ROOT / "flows").rglob("*.py")])
LONGEST_FILE, LONGEST_FUNCTION = 300, 50

# The modules directly under pipelines/ that say what a table and a configuration are.
RECORDS = {"records", "config", "cron", "metrics", "digests", "libraries"}
READING = {"loading", "problems", "slice_problems"}
# Room → the rooms that it may import, beside itself.
ROOMS = {
    "estimators": set[str](),
    "inference": {"estimators"},
    "report": {"drift", *RECORDS},
    "steps": {"estimators", "inference", "report", "contracts", "promotion", *RECORDS},
    "adapters": {"promotion", *RECORDS},
    "promotion": RECORDS,
    "contracts": RECORDS,
    "leaks": {"contracts", *RECORDS},
    "explanation": {"estimators", *RECORDS},
    "scoring": {"contracts", *RECORDS},
    "drift": {"contracts", *RECORDS},
    "searching": {"problems", *RECORDS},
    **{name: RECORDS for name in sorted(RECORDS)},
    **{name: RECORDS | READING | {"searching"} for name in sorted(READING)},
}
# Library → the only place that imports it.
HOMES = {
    "prefect": "flows",
    "typer": "flows",
    "rich": "flows",
    "mlflow": "pipelines.adapters.tracking",
    "sqlalchemy": "pipelines.adapters",
    "fsspec": "pipelines.adapters.sources",
    "skops": "pipelines.adapters",
    "onnx": "pipelines.inference",
    "onnxruntime": "pipelines.inference",
    "skl2onnx": "pipelines.inference",
    "openvino": "pipelines.inference.runtimes.programs",
    "tract": "pipelines.inference.runtimes.programs",
    "matplotlib": "pipelines.report",
    "optuna": "pipelines.searching",
}
ESTIMATORS_LIBRARIES = {"numpy", "scipy", "sklearn", "numba", "threadpoolctl"}
# The one arrow from inference to adapters: Predictor.load("models:/…"), when it is called.
EXCEPTION = ("pipelines.inference.predictor", "pipelines.adapters.tracking")
# Bootstrap resamples are counted in compiled loops, shared out over threads: what the metrics
# take of the estimators, when they are called. It is how loops are compiled, not estimators.
COMPILED = {"pipelines.estimators.kernels.resampling", "pipelines.estimators.threads"}


@dataclass(frozen=True)
class Import:
    """One import statement's module, and where it stands."""

    importer: str
    imported: str
    line: int
    at_import: bool

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}: {self.imported}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def walk(node: ast.AST, at_import: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below, and whether it runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        runs = at_import and not is_body(node, child)
        yield child, runs
        yield from walk(child, runs)


def is_body(node: ast.AST, child: ast.AST) -> bool:
    """Whether the child is what a function does when called, not its decorator or default."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return child in node.body
    return isinstance(node, ast.Lambda) and child is node.body


@cache
def imports(path: Path) -> tuple[Import, ...]:
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = []
    for node, runs in walk(tree(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            inner = [f"{source}.{alias.name}" for alias in node.names]
            names = [each for each in inner if is_module(each)] or [source]
        found += [Import(name, each, getattr(node, "lineno", 0), runs) for each in names]
    return tuple(found)


ALL = [each for path in FILES for each in imports(path)]


def room(module: str) -> str:
    """`pipelines.adapters.tracking.runs` stands in adapters, `pipelines.config` in config."""
    return module.split(".")[1] if module.count(".") else ""


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_the_imports_are_seen() -> None:
    seen = {(each.importer, each.imported) for each in ALL}
    assert ("flows.tasks", "prefect") in seen
    assert ("pipelines.steps.evaluate", "pipelines.metrics.paired") in seen
    assert ("pipelines.inference.serving", "pipelines.inference.binding") in seen
    assert ("pipelines.inference.predictor", "pipelines.adapters.tracking.registry") in seen
    assert len(seen) > 300


@pytest.mark.parametrize("library", list(HOMES))
def test_a_library_is_imported_in_its_home_only(library: str) -> None:
    strays = [
        str(each)
        for each in ALL
        if within(each.imported, library) and not within(each.importer, HOMES[library])
    ]
    assert strays == []


def test_pipelines_never_imports_flows() -> None:
    strays = [
        str(each)
        for each in ALL
        if within(each.importer, "pipelines") and within(each.imported, "flows")
    ]
    assert strays == []


def test_every_module_of_pipelines_stands_in_a_room_of_the_table() -> None:
    rooms = {room(module_name(path)) for path in FILES if within(module_name(path), "pipelines")}
    assert rooms - {""} == set(ROOMS)


@pytest.mark.parametrize("name", list(ROOMS))
def test_a_room_imports_only_what_the_table_allows(name: str) -> None:
    strays = [
        str(each)
        for each in ALL
        if within(each.importer, f"pipelines.{name}")
        and within(each.imported, "pipelines")
        and room(each.imported) not in {name, *ROOMS[name]}
        and not is_an_exception(each)
    ]
    assert strays == []


def is_an_exception(each: Import) -> bool:
    importer, imported = EXCEPTION
    predictor = each.importer == importer and within(each.imported, imported)
    metrics = within(each.importer, "pipelines.metrics") and each.imported in COMPILED
    return (predictor or metrics) and not each.at_import


def test_steps_and_adapters_meet_only_in_flows() -> None:
    pairs = {(room(each.importer), room(each.imported)) for each in ALL}
    assert ("steps", "adapters") not in pairs
    assert ("adapters", "steps") not in pairs


def test_estimators_import_numpy_scipy_scikit_learn_and_numba_only() -> None:
    strays = [
        str(each)
        for each in ALL
        if within(each.importer, "pipelines.estimators")
        and not within(each.imported, "pipelines.estimators")
        and each.imported.split(".")[0] not in ESTIMATORS_LIBRARIES | sys.stdlib_module_names
    ]
    assert strays == []


@pytest.mark.parametrize("name", ["serving", "binding", "columns", "cells", "verify"])
def test_the_files_that_travel_with_a_model_import_nothing_of_the_project_by_name(
    name: str,
) -> None:
    path = ROOT / "pipelines" / "inference" / f"{name}.py"
    text = [
        node
        for node, _ in walk(tree(path))
        if isinstance(node, ast.ImportFrom) and not node.level and node.module
    ]
    assert not [node.module for node in text if node.module.startswith(("pipelines", "flows"))]
    assert {each.imported.split(".")[0] for each in imports(path)} <= {
        *("numpy", "pandas", "onnxruntime", "pipelines"),
        *sys.stdlib_module_names,
    }


def test_no_module_of_pipelines_reads_the_environment_when_it_is_imported() -> None:
    strays = [
        f"{module_name(path)}, line {node.lineno}"
        for path in FILES
        for node, runs in walk(tree(path))
        if runs
        and within(module_name(path), "pipelines")
        and isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
    ]
    assert strays == []


def test_every_folder_of_modules_is_a_package() -> None:
    assert [str(path) for path in FILES if not (path.parent / "__init__.py").is_file()] == []


def test_no_file_is_longer_than_a_room() -> None:
    lengths = {module_name(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_fifty_lines_beside_its_docstring() -> None:
    long = {
        f"{module_name(path)}.{node.name}": lines(node)
        for path in FILES
        for node, _ in walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines(node) > LONGEST_FUNCTION
    }
    assert long == {}


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = (ast.get_docstring(function, clean=False) or "").splitlines()
    return (function.end_lineno or 0) - function.lineno + 1 - len(docstring)


def loaded_by(module: str, names: list[str]) -> list[str]:
    """Which of the names are loaded in a new process once the module is imported."""
    code = f"import sys, {module}; print(*[n for n in {names} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_command_loads_nothing_heavy_before_it_is_asked() -> None:
    heavy = ["numpy", "pandas", "sklearn", "scipy", "mlflow", "prefect", "onnxruntime"]
    assert loaded_by("flows.cli", [*heavy, "pyarrow", "pydantic", "matplotlib", "rich"]) == []


def test_a_worker_loads_neither_prefect_nor_mlflow() -> None:
    idle = ["prefect", "mlflow", "onnxruntime", "skl2onnx", "matplotlib", "typer", "optuna"]
    assert loaded_by("flows.fitting", idle) == []


def test_a_local_table_waits_for_neither_fsspec_nor_sqlalchemy() -> None:
    assert loaded_by("pipelines.adapters.sources.folder", ["fsspec", "sqlalchemy", "psycopg"]) == []


def test_naming_the_estimators_loads_no_library() -> None:
    heavy = ["numpy", "pandas", "sklearn", "scipy"]
    assert loaded_by("pipelines.estimators.registry", heavy) == []
