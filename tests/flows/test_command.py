"""The command as a user types it: exit status, messages, files."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.flows.workspaces import flowers, logitline, train_json, workspace

COMMANDS = ["init", "train", "compare", "score", "drift", "schedule", "ui", "doctor"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> tuple[Path, Path]:
    """A workspace with a champion: its folder and its config."""
    folder = tmp_path_factory.mktemp("command")
    config = workspace(folder)
    train_json(config, folder)
    return folder, config


def test_help_lists_every_command(tmp_path: Path) -> None:
    shown = logitline("--help", cwd=tmp_path)
    assert shown.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^\s+{name}\s", shown.stdout, re.MULTILINE), name


def test_all_mistakes_of_a_config_are_told_at_once_with_status_2(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    text = config.read_text().replace('target = "kind"', 'target = "knid"')
    text = text.replace("max_depth = 4", "max_dpeth = 4").replace("test = 0.3", 'test = "many"')
    text = text.replace('estimator = "prior"', 'estimator = "priro"')
    config.write_text(text)
    done = logitline("train", config, cwd=tmp_path)
    assert done.returncode == 2
    assert "4 mistakes" in done.stderr
    for words in (
        "source.target",
        "kind",
        "max_dpeth",
        "max_depth",
        "split.test",
        "priro",
        "prior",
    ):
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "empty"),
        ("height,petals,colour,kind\n", "no rows"),
        ("height,petals,colour,kind\n1,2,red\n", "line 2"),
        ("height,height,colour,kind\n1,2,red,rose\n", "height"),
    ],
)
def test_a_bad_table_is_refused_with_status_2(tmp_path: Path, table: str, words: str) -> None:
    config = workspace(tmp_path)
    config.with_name("flowers.csv").write_text(table)
    done = logitline("train", config, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_breach_of_the_contract_is_told_with_line_and_column(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path)
    table = config.with_name("flowers.csv")
    lines = table.read_text().splitlines()
    lines[7] = "12,-3,red,rose"
    lines[9] = "12,3,blue,rose"
    table.write_text("\n".join(lines) + "\n")
    done = logitline("train", config, cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(r"petals.*line 8", done.stderr)
    assert re.search(r"colour.*line 10", done.stderr)
    assert "Traceback" not in done.stderr


def test_init_writes_a_config_that_trains_and_keeps_one_that_is_there(
    tmp_path: Path, prefect_api: str
) -> None:
    table = tmp_path / "flowers.csv"
    table.write_text(flowers(120))
    done = logitline("init", table, "--target", "kind", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config = Path(json.loads(done.stdout)["config"])
    again = logitline("init", table, "--target", "kind", cwd=tmp_path)
    assert again.returncode == 2
    assert "there already" in again.stderr
    result = train_json(config, tmp_path)
    assert all(each["status"] == "fitted" for each in result["candidates"])


def test_init_names_the_nearest_column_to_a_misspelt_target(tmp_path: Path) -> None:
    table = tmp_path / "flowers.csv"
    table.write_text(flowers(60))
    done = logitline("init", table, "--target", "kin", cwd=tmp_path)
    assert done.returncode == 2
    assert "kind" in done.stderr
    assert not list(tmp_path.glob("*.toml"))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_score_adds_label_and_probabilities_to_every_row(
    trained: tuple[Path, Path], tmp_path: Path, kind: str
) -> None:
    folder, config = trained
    new = tmp_path / "new.csv"
    # Other order, an extra column, a category never seen, a gap; no label.
    new.write_text("note,colour,petals,height\n=1+1,red,6,31.5\nb,purple,20,\n")
    output = tmp_path / f"answers.{kind}"
    done = logitline("score", config, new, output, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    scored = json.loads(done.stdout)
    assert (scored["rows"], scored["version"]) == (2, "1")
    assert scored["odd"] == {"colour": 1}
    if kind == "parquet":
        rows = pq.read_table(output).to_pylist()
        assert rows[0]["note"] == "=1+1"
    else:
        with output.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows[0]["note"] == "'=1+1"
    for row in rows:
        assert row["label"] in ("daisy", "rose", "tulip")
        total = sum(float(row[f"probability_{k}"]) for k in ("daisy", "rose", "tulip"))
        assert total == pytest.approx(1, abs=1e-5)


def test_score_refuses_a_missing_or_mistyped_column_and_leaves_no_file(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, config = trained
    new = tmp_path / "new.csv"
    new.write_text("colour,height\nred,1\n")
    output = tmp_path / "answers.csv"
    done = logitline("score", config, new, output, cwd=folder)
    assert (done.returncode, "'petals'" in done.stderr) == (2, True)
    new.write_text("colour,petals,height\nred,1,tall\n")
    done = logitline("score", config, new, output, cwd=folder)
    assert done.returncode == 2
    assert re.search(r"height.*line 2", done.stderr)
    assert not output.exists()


def test_score_names_the_line_whose_number_is_too_large_for_a_probability(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, config = trained
    new = tmp_path / "new.csv"
    new.write_text("colour,petals,height\nred,1,2\nred,1,1e308\n")
    done = logitline("score", config, new, tmp_path / "answers.csv", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{new}: line 3 has no probability" in done.stderr
    assert "1e+308 in column 'height'" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]


def test_score_refuses_what_breaks_the_contract_unless_it_is_lenient(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, config = trained
    new = tmp_path / "new.csv"
    new.write_text("colour,petals,height\nred,,1\nred,-3,2\nred,4,-1\n")
    output = tmp_path / "answers.csv"
    done = logitline("score", config, new, output, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{new}: 3 problems, nothing was written." in done.stderr
    assert "'petals': 1 value is missing: line 2" in done.stderr
    assert "'petals': 1 value is below min = 0: line 3 '-3'" in done.stderr
    assert "'height': 1 value is below min = 0.0: line 4 '-1'" in done.stderr
    assert "--lenient" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]
    done = logitline("score", config, new, output, "--lenient", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    scored = json.loads(done.stdout)
    assert (scored["rows"], scored["odd"]) == (3, {"petals": 2, "height": 1})
    assert len(output.read_text().splitlines()) == 4


def test_score_without_a_champion_says_what_to_do(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path)
    done = logitline("score", config, config.with_name("flowers.csv"), "out.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "models:/flowers@champion" in done.stderr
    assert "Traceback" not in done.stderr


def test_compare_shows_candidates_and_versions(trained: tuple[Path, Path]) -> None:
    folder, config = trained
    facts = json.loads(logitline("compare", config, "--json", cwd=folder).stdout)
    assert {each["name"] for each in facts["candidates"]} == {"logistic", "tree", "prior"}
    assert [(v["version"], v["aliases"]) for v in facts["versions"]] == [("1", ["champion"])]
    first = facts["versions"][0]
    assert (first["difference"], first["difference_note"]) == (None, "it is the champion")
    shown = logitline("compare", config, cwd=folder)
    assert "winner" in shown.stdout


def test_compare_before_any_training_says_what_to_do(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    done = logitline("compare", config, cwd=tmp_path)
    assert done.returncode == 2
    assert "logitline train" in done.stderr


def test_a_moved_workspace_is_noticed_and_mended(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, config = trained
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved)
    found = logitline("doctor", "--json", cwd=moved)
    assert found.returncode == 1
    bad = [f["what"] for f in json.loads(found.stdout)["findings"] if not f["well"]]
    assert bad == ["mlflow artifacts"]
    assert logitline("doctor", "--fix", cwd=moved).returncode == 0
    assert logitline("doctor", cwd=moved).returncode == 0
    shutil.move(folder / "mlruns", folder / "gone")
    try:
        scored = logitline(
            "score",
            moved / "data" / config.name,
            moved / "data" / "flowers.csv",
            "out.csv",
            cwd=moved,
        )
        assert scored.returncode == 0, scored.stderr
    finally:
        shutil.move(folder / "gone", folder / "mlruns")


def test_workspace_option_puts_everything_there(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path / "project")
    other, here = tmp_path / "other place", tmp_path / "here"
    other.mkdir()
    here.mkdir()
    done = logitline("train", config, "--workspace", other, "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    assert (other / "mlruns" / "mlflow.db").exists()
    assert not list(here.iterdir())
    assert json.loads(done.stdout)["onnx"].startswith(str(other))


def test_schedule_without_a_schedule_says_what_to_add(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    done = logitline("schedule", config, cwd=tmp_path)
    assert done.returncode == 2
    assert "[schedule]" in done.stderr


def await_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON object on the first line that the process prints."""
    assert process.stdout is not None
    facts: dict[str, Any] = json.loads(process.stdout.readline())
    return facts


def fetch(url: str, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def started(*arguments: str | Path, cwd: Path, stderr: int | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]
    environment = {
        k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "PREFECT_HOME")
    }
    return subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_ui_serves_both_uis_and_ends_with_sigterm(trained: tuple[Path, Path]) -> None:
    folder, _ = trained
    process = started("ui", "--json", "--mlflow-port", "0", "--prefect-port", "0", cwd=folder)
    try:
        facts = await_line(process)
        found = fetch(f"{facts['mlflow']}/api/2.0/mlflow/registered-models/search", None)
        assert "flowers" in found
        assert "<html" in fetch(facts["prefect"]).lower()
        assert list(facts["candidates"]) == ["flowers"]
        assert facts["candidates"]["flowers"].startswith(f"{facts['mlflow']}/#/experiments/")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_schedule_runs_the_training_on_its_cron(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    config.write_text(config.read_text() + '\n[schedule]\ncron = "* * * * *"\n')
    process = started("schedule", config, "--json", "--port", "0", cwd=tmp_path)
    try:
        facts = await_line(process)
        assert facts["deployment"] == "training/flowers"
        deadline = time.monotonic() + 240
        done: list[Any] = []
        while not done and time.monotonic() < deadline:
            time.sleep(2)
            runs = json.loads(fetch(f"{facts['api']}/flow_runs/filter", {}))
            done = [run for run in runs if run["state_type"] == "COMPLETED"]
            assert not [run for run in runs if run["state_type"] in ("FAILED", "CRASHED")]
        assert done
        assert (tmp_path / "data" / "derived" / "exports" / "flowers" / "1" / "model.onnx").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.mark.parametrize("variable", ["MLFLOW_TRACKING_URI", "PREFECT_API_URL"])
def test_a_named_server_that_does_not_answer_is_told_with_status_2(
    tmp_path: Path, prefect_api: str, variable: str
) -> None:
    config = workspace(tmp_path)
    dead = {variable: "http://127.0.0.1:9/api"}
    done = logitline("train", config, cwd=tmp_path, **dead)
    assert done.returncode == 2
    assert f"{variable} names http://127.0.0.1:9/api" in done.stderr
    assert "Traceback" not in done.stderr


def test_score_never_overwrites_the_config_or_the_training_table(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, config = trained
    new = tmp_path / "new.csv"
    new.write_text("colour,petals,height\nred,6,31.5\n")
    for kept in (new, config, config.with_name("flowers.csv")):
        before = kept.read_bytes()
        done = logitline("score", config, new, kept, cwd=folder)
        assert (done.returncode, "Name another output" in done.stderr) == (2, True)
        assert kept.read_bytes() == before
    done = logitline("score", config, new, tmp_path / "answers.xlsx", cwd=folder)
    assert done.returncode == 2
    assert ".csv or .parquet" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("init", ".", "--target", "y"),
        ("ui", "--mlflow-port", "99999999"),
        ("train", "data/flowers.toml", "--workspace", "typo"),
        ("doctor", "--workspace", "data/flowers.toml"),
    ],
)
def test_a_wrong_argument_ends_in_its_message_with_status_2(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    workspace(tmp_path)
    done = logitline(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "typo").exists()


def test_a_tracking_address_that_is_none_is_told_by_every_command(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    for arguments in (("compare", config), ("train", config, "--explain")):
        done = logitline(*arguments, cwd=tmp_path, MLFLOW_TRACKING_URI="nonsense://x")
        assert done.returncode == 2
        assert "MLFLOW_TRACKING_URI names nonsense://x" in done.stderr


def test_ctrl_c_stops_a_training_with_a_sentence_and_no_process_left(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path)
    process = started("train", config, cwd=tmp_path, stderr=subprocess.PIPE)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the same command goes on from there" in said
    assert "Traceback" not in said
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True)
    assert not left.stdout
