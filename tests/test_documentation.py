"""What the documentation says of the code, held against the code."""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from flows.cli import DRIFTED, app
from flows.comparing import Comparison
from flows.doctoring import Finding
from flows.explaining import StepPlan
from flows.line import Receipt
from flows.monitoring import Monitored
from flows.outcome import Outcome
from flows.scoring import Scored
from flows.steps import STEPS
from pipelines import config as models
from pipelines.drift import comparison as drift_of
from pipelines.estimators.registry import CANDIDATES, REFUSED, check
from pipelines.metrics import METRICS
from pipelines.problems import SPLIT_KINDS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data").glob("*.md")])
EXAMPLES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
COLUMNS: dict[str, type[BaseModel]] = {
    "number": models.Number,
    "integer": models.Integer,
    "category": models.Category,
    "boolean": models.Boolean,
    "date": models.Date,
}
SECTIONS: dict[str, type[BaseModel]] = {
    **{f"`[{name}]`": getattr(models, name.capitalize()) for name in models.Config.model_fields
       if name not in ("columns", "candidates", "split")},
    **{f'`kind = "{name}"`': kind for name, kind in SPLIT_KINDS.items()},
    "`[[candidates]]`": models.Candidate,
    **{f'`type = "{name}"`': column for name, column in COLUMNS.items()},
}  # fmt: skip
OWN = ("logistic", "mlp", "linear_threshold", "prior")
REGISTRY_HOSTS = r"pypi\.org|pythonhosted|npmjs|anaconda\.org|conda\.io|dkr|docker\.io|crates\.io"


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text(page), flags=re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL)


@cache
def sections() -> dict[str, str]:
    """Heading → what stands below it, up to the next heading, in the reference."""
    parts = re.split(r"^#+ (.*)$", prose(ROOT / "docs" / "reference.md"), flags=re.MULTILINE)
    return {head: body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table rows below a heading, the table's own heads left out."""
    lines = [line for line in sections()[heading].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = [number for number, row in enumerate(cells) if set(row[0]) <= set("-:")]
    return [row for n, row in enumerate(cells) if n not in heads and n + 1 not in heads]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def keys(heading: str) -> list[str]:
    return [name for row in rows(heading) for name in named(row[0])]


def as_toml(value: Any) -> str:
    """How the reference writes a default."""
    if value is PydanticUndefined:
        return "–"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple | list):
        return "`[" + ", ".join(f'"{v}"' if isinstance(v, str) else f"{v}" for v in value) + "]`"
    return f"`{value}`"


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_reference_has_every_key_of_a_section_with_its_default_and_no_other(
    heading: str,
) -> None:
    fields = SECTIONS[heading].model_fields
    defaults = {
        name: as_toml(field.get_default(call_default_factory=True, validated_data={}))
        for name, field in fields.items()
    }
    assert {named(row[0])[0]: row[2] for row in rows(heading)} == defaults


def test_the_reference_has_a_heading_for_every_section() -> None:
    known = {f"`[{name}]`" for name in models.Config.model_fields if name != "candidates"}
    assert known | {"`[[candidates]]`"} == {h for h in sections() if h.startswith("`[")}


@pytest.mark.parametrize("estimator", CANDIDATES)
def test_the_reference_tells_each_estimator_s_parameters_and_defaults(estimator: str) -> None:
    row = CANDIDATES[estimator]
    known = row.load()().get_params() | dict(row.arguments)
    told = {named(cells[0])[0]: cells[1] for cells in rows(f"`{estimator}`")}
    assert told == {name: as_toml(known[name]) for name in told}
    assert not set(told) & set(REFUSED)
    if estimator in OWN:
        assert set(told) == set(known) - set(REFUSED)


def test_the_reference_has_every_metric_and_its_better_side() -> None:
    assert {named(row[0])[0]: row[1] for row in rows("Metrics")} == METRICS


def commands() -> dict[str, set[str]]:
    """Every command and its options."""
    group: Any = typer.main.get_command(app)
    return {
        name: {option for each in command.params for option in each.opts if option[:1] == "-"}
        for name, command in group.commands.items()
    }


@pytest.mark.parametrize("command", commands())
def test_the_reference_has_every_option_of_a_command_and_no_other(command: str) -> None:
    told = [name for name in keys(f"`logitline {command}`") if name.startswith("--")]
    assert set(told) == commands()[command] - {"--help"}


def test_the_reference_has_no_command_that_is_not_there() -> None:
    told = {head.strip("`").split()[1] for head in sections() if head.startswith("`logitline ")}
    assert told == set(commands())


def test_the_reference_has_every_key_of_train_s_json() -> None:
    facts: dict[str, Any] = {
        name: ""
        for name in (
            "sha256",
            "version",
            "parity",
            "promoted",
            "sentence",
            "winner",
            "decisions",
            "notes",
            "cost",
        )
    }
    receipts = tuple(Receipt(s, "", True, 0.0, "", {**facts, "run_id": ""}) for s in STEPS)
    places = {name: Path(name) for name in ("report", "export", "workspace")}
    printed = Outcome(receipts, (), "model", **places, tracking_uri="uri").as_json
    told = keys("`logitline train`")
    told = [name for name in told if not name.startswith("--")]
    assert set(printed) <= set(told)
    candidate = {"name", "estimator", "status", "reason", "fit_seconds"}
    candidate |= {"selection_log_loss", "warnings", "metrics", "parameters", "trials"}
    candidate |= {"calibration"}
    assert set(told) == set(printed) | candidate


def test_the_reference_has_every_key_of_drift_s_json() -> None:
    found = drift_of.Comparison((), rows=1, reference_rows=1, volume_drifted=False)
    printed = set(Monitored("model", "1", 0.95, found).as_json)
    column = {field.name for field in dataclasses.fields(drift_of.ColumnDrift)} - {"bins"}
    told = [name for name in keys("`logitline drift`") if not name.startswith("--")]
    assert set(told) == printed | column


def test_the_reference_and_the_readme_have_every_exit_status() -> None:
    statuses = {"0", "1", "2", str(DRIFTED)}
    assert {row[0] for row in rows("Exit status")} == statuses
    readme = re.search(r"## Exit status\n(.*?)(\n## |\Z)", text(ROOT / "README.md"), re.DOTALL)
    assert readme is not None
    assert set(re.findall(r"(\d): ", readme[1])) == statuses


@pytest.mark.parametrize(
    ("command", "record", "hidden"),
    [
        ("score", Scored, set()),
        ("doctor", Finding, set()),
        ("train", StepPlan, set()),
        ("compare", Comparison, {"model", "winner"}),
    ],
)
def test_the_reference_has_every_key_of_a_command_s_json(
    command: str, record: Any, hidden: set[str]
) -> None:
    told = named(next(r[1] for r in rows(f"`logitline {command}`") if r[0] == "`--json`"))
    assert {field.name for field in dataclasses.fields(record)} - hidden <= set(told)


def test_the_reference_has_every_environment_variable_of_the_code_and_no_other() -> None:
    code = "".join(text(page) for room in ("flows", "pipelines") for page in
                   (ROOT / room).rglob("*.py"))  # fmt: skip
    used = re.findall(r"\"((?:MLFLOW|PREFECT|LOGITLINE|DO_NOT)_[A-Z_]+)\"", code)
    served = {"PREFECT_UI_ENABLED", "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED"}  # of a child
    assert set(keys("Environment variables")) == set(used) - served


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_and_image_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_registry_host(page: Path) -> None:
    assert not re.findall(REGISTRY_HOSTS, text(page))


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.name)
def test_every_make_target_of_a_page_is_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    shell = "\n".join(blocks(page, "sh") + re.findall(r"`(make [^`]*)`", prose(page)))
    told = set(re.findall(r"^make (?:[A-Z]+=\S+ )?([a-z]+)", shell, re.MULTILINE))
    assert told <= targets


def test_the_readme_names_both_make_targets() -> None:
    assert {"make train", "make test"} <= set(
        re.findall(r"^make \w+", text(ROOT / "README.md"), re.MULTILINE)
    )


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.name)
def test_every_toml_example_is_a_sound_config_or_part_of_one(page: Path) -> None:
    with (ROOT / "data" / "penguins.toml").open("rb") as file:
        whole = tomllib.load(file)
    for block in blocks(page, "toml"):
        part = tomllib.loads(block)
        for name, value in part.items():
            whole_section = whole.get(name)
            both = isinstance(value, dict) and isinstance(whole_section, dict)
            both = both and "kind" not in value  # a section of another kind stands for itself
            part[name] = whole_section | value if both else value
        config = models.Config.model_validate(whole | part)
        for candidate in config.candidates:
            assert not check(candidate.estimator, candidate.parameters)


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.name)
def test_every_command_line_of_a_page_is_one_that_the_command_takes(page: Path) -> None:
    for line in "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines():
        if not re.match(r"(\.venv/bin/)?logitline ", line):
            continue
        words = shlex.split(line, comments=True)
        command, *rest = words[1:]
        assert command in commands(), line
        options = {word for word in rest if word.startswith("--")}
        assert options <= commands()[command], line


@cache
def said() -> str:
    """Every text in the code; what is filled in at run time stands as «…»."""
    texts = []
    for room in ("flows", "pipelines"):
        for page in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(text(page))):
                if isinstance(node, ast.JoinedStr):
                    parts = (getattr(part, "value", "…") for part in node.values)
                    texts.append("".join(p if isinstance(p, str) else "…" for p in parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


def test_every_message_that_the_guide_explains_is_one_that_the_code_gives() -> None:
    messages = re.findall(r"«([^»]+)»", text(ROOT / "docs" / "guide.md"))
    assert len(messages) > 15
    unknown = [
        message
        for message in messages
        for piece in re.split(r"…|'[^']*'|\d+", message)
        if piece.strip() not in said()
    ]
    assert unknown == []


def test_the_changelog_has_the_version_of_the_project() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert f"## [{version}]" in text(ROOT / "CHANGELOG.md")


def test_the_readme_names_the_seven_steps_in_their_order() -> None:
    table = re.search(r"## The seven steps\n(.*?)\n## ", text(ROOT / "README.md"), re.DOTALL)
    assert table is not None
    assert tuple(re.findall(r"^\| (\w+) \|", table[1], re.MULTILINE)[1:]) == STEPS
