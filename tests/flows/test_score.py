"""Scoring tables of every kind, stopped and gone on with: the command in processes of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from flows.mistakes import status
from flows.running import run_scoring
from pipelines.adapters import tables
from tests.flows.workspaces import flowers, workspace

# Batches of 200 rows, parts of two, so that small tables have several.
SMALL = "import flows.scoring as s; s.ROWS, s.FEWEST, s.PART = 200, 1, 2"
RUNS = [("in.parquet", "out.parquet"), ("in.parquet", "out.csv"), ("in", "out")]
COMMAND = "from flows.cli import main; main()"


def command(champion: Path, *arguments: str | Path, code: str = "", fault: str = "") -> Any:
    """`logitline score` in a process of its own, after the code."""
    words = ["score", champion, *arguments, "--workspace", champion.parents[1], "--json"]
    return subprocess.run(
        [sys.executable, "-c", f"{code}; {COMMAND}", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "LOGITLINE_FAULT": fault},
    )


def killed(champion: Path, *arguments: str | Path, at: str) -> None:
    """A scoring in small batches that is killed at a point."""
    done = command(champion, *arguments, code=SMALL, fault=f"{at}:kill")
    assert done.returncode == -signal.SIGKILL, done.stderr


def score(champion: Path, source: Path, output: Path, **options: Any) -> Any:
    """What a scoring in small batches tells."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ROWS", 200), ("FEWEST", 1), ("PART", 2)):
            patch.setattr(f"flows.scoring.{name}", value)
        return run_scoring(champion, str(source), output, champion.parents[1], **options)


def refusal(champion: Path, source: Path, output: Path, **options: Any) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        score(champion, source, output, **options)
    assert status(refused.value) == 2
    return str(refused.value)


def write(path: Path, rows: int, seed: int = 1) -> Path:
    """A table of flowers with wrong rows here and there: -1 petals, and heights unreadable."""
    lines = flowers(rows, seed).splitlines()
    for row in range(7, rows, 100):
        lines[row + 1] = "1.5,-1,red,rose"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        lines[13] = "tall,3,red,rose"
        path.write_text("\n".join(lines) + "\n")
    else:
        table = pcsv.read_csv(pa.BufferReader("\n".join(lines).encode()))
        pq.write_table(table, path)
    return path


@pytest.fixture(scope="module")
def undisturbed(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, and what scoring it gives that nobody stops."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for name in ("in.parquet", "in/a=1/x.parquet", "in/a=2/y.parquet"):
        write(folder / name, 1_000 if "/" not in name else 500, len(name))
    for source, output in RUNS:
        score(champion, folder / source, folder / output, quarantine=folder / "aside.csv")
    return folder


def content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {str(each.relative_to(path)): each.read_bytes() for each in files}


@pytest.mark.parametrize(
    ("source", "output", "at"),
    [
        *((*run, "after_part") for run in RUNS),
        (*RUNS[0], "before_in_place"),
        (*RUNS[0], "after_in_place"),
    ],
)
def test_a_killed_scoring_goes_on_and_gives_the_same_bytes(
    champion: Path, undisturbed: Path, tmp_path: Path, source: str, output: str, at: str
) -> None:
    quarantine = tmp_path / "aside.csv"
    words = [undisturbed / source, tmp_path / output, "--quarantine", quarantine]
    killed(champion, *words, at=at)
    assert (tmp_path / output).exists() == (at == "after_in_place")
    done = score(champion, undisturbed / source, tmp_path / output, quarantine=quarantine)
    assert done.resumed >= 400
    assert (done.rows, done.scored, done.quarantined) == (1_000, 990, 10)
    assert content(tmp_path / output) == content(undisturbed / output)
    assert len(quarantine.read_text().splitlines()) == 11
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["aside.csv", output])
    assert list((champion.parents[1] / "data" / "derived" / "scoring").iterdir()) == []


def test_a_workspace_without_a_registry_is_told_so_and_gets_none(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path)
    source = write(tmp_path / "in.csv", 20)
    with pytest.raises(LookupError, match=r"has no mlruns/mlflow\.db. Work in the folder where"):
        score(config, source, tmp_path / "out.csv")
    assert not (tmp_path / "mlruns").exists()


def test_nothing_is_gone_on_with_once_the_input_or_the_draft_is_another(
    champion: Path, tmp_path: Path
) -> None:
    source, output = write(tmp_path / "in.parquet", 1_000), tmp_path / "out.parquet"
    killed(champion, source, output, "--lenient", at="after_part")
    write(source, 1_200, seed=5)
    killed(champion, source, output, "--lenient", at="after_part")
    (draft,) = tmp_path.glob(".*")  # that of the first is gone
    draft.unlink()
    done = score(champion, source, output, lenient=True)
    assert (done.rows, done.resumed) == (1_200, 0)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


def test_a_pipe_is_neither_read_nor_replaced_and_a_file_that_is_not_there_is_told_where(
    champion: Path, tmp_path: Path
) -> None:
    source, pipe = write(tmp_path / "in.csv", 20), tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    assert "pipe.csv is a pipe or a device" in refusal(champion, source, pipe)
    assert "pipe.csv is a pipe" in refusal(champion, source, tmp_path / "o.csv", quarantine=pipe)
    assert "pipe.csv: is a pipe or a device" in refusal(champion, pipe, tmp_path / "out.csv")
    assert pipe.is_fifo()
    said = refusal(champion, Path("none.csv"), tmp_path / "out.csv")
    assert f"that is '{Path.cwd() / 'none.csv'}'" in said


@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
def test_an_older_output_is_not_taken_for_the_draft_that_is_gone(
    champion: Path, tmp_path: Path, output: str
) -> None:
    source = tmp_path / "in.parquet"
    score(champion, write(source, 1_000), tmp_path / output, lenient=True)
    write(source, 1_000, seed=5)
    killed(champion, source, tmp_path / output, "--lenient", at="after_part")
    (draft,) = tmp_path.glob(".*")
    draft.unlink()
    done = score(champion, source, tmp_path / output, lenient=True)
    assert (done.rows, done.resumed) == (1_000, 0)
    score(champion, source, tmp_path / f"right_{output}", lenient=True)
    assert content(tmp_path / output) == content(tmp_path / f"right_{output}")


def test_rows_that_break_the_contract_are_set_aside_as_they_came_with_place_and_reason(
    champion: Path, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", 300)
    done = score(champion, source, tmp_path / "out.csv", quarantine=tmp_path / "aside.csv")
    assert (done.rows, done.scored, done.quarantined) == (300, 296, 4)
    assert done.quarantine == str(tmp_path / "aside.csv")
    apart = tables.read(tmp_path / "aside.csv").table.to_pylist()
    assert [row["row"] for row in apart] == ["8", "13", "108", "208"]
    assert apart[0]["reason"] == "line 9: column 'petals' is below min = 0: '-1'"
    assert apart[1]["reason"] == "line 14: column 'height' is not readable as a number: 'tall'"
    assert (apart[1]["height"], apart[1]["kind"]) == ("tall", "rose")
    assert tables.read(tmp_path / "out.csv").table.num_rows == 296


def test_without_a_row_to_set_aside_the_side_file_has_columns_alone(
    champion: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text(flowers(5))
    quarantine = tmp_path / "aside.csv"
    done = score(champion, tmp_path / "in.csv", tmp_path / "out.csv", quarantine=quarantine)
    assert done.quarantined == 0
    names = '"height","petals","colour","kind","row","reason"\n'
    assert (tmp_path / "aside.csv").read_text() == names


def test_rows_that_are_all_set_aside_leave_the_columns_of_the_answers(
    champion: Path, tmp_path: Path
) -> None:
    # Half of them too large to compute with, which only the model can tell.
    (tmp_path / "in.csv").write_text("height,petals,colour\n1e308,1,red\n1,-1,red\n")
    quarantine = tmp_path / "aside.csv"
    done = score(champion, tmp_path / "in.csv", tmp_path / "out.parquet", quarantine=quarantine)
    assert (done.scored, done.quarantined) == (0, 2)
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert [str(schema.field(n).type) for n in ("label", "probability_rose")] == ["string", "float"]
    assert "no probability" in (tmp_path / "aside.csv").read_text().splitlines()[1]


def test_the_model_s_version_stands_beside_each_row_and_in_the_schema(
    champion: Path, undisturbed: Path
) -> None:
    table = pq.read_table(undisturbed / "out.parquet")
    assert set(table.column("model_version").to_pylist()) == {"1"}
    facts = {key: value for key, value in table.schema.metadata.items() if b"logitline" in key}
    assert facts[b"logitline.model"] == b"flowers"
    assert facts[b"logitline.version"] == b"1"
    assert len(facts[b"logitline.sha256"]) == 64


def test_a_folder_is_scored_to_a_folder_with_the_same_files_and_partitions(
    champion: Path, undisturbed: Path
) -> None:
    assert sorted(content(undisturbed / "out")) == ["a=1/x.parquet", "a=2/y.parquet"]
    table = pq.read_table(undisturbed / "out")
    assert table.num_rows == 990
    assert sorted(set(table.column("a").to_pylist())) == [1, 2]
    again = undisturbed / "again.csv"
    assert score(champion, undisturbed / "out", again, lenient=True).rows == 990
    assert "predicted_model_version" in again.read_text().splitlines()[0]


def test_a_folder_that_has_files_is_never_written_to(champion: Path, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", 14)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    said = refusal(champion, tmp_path / "in", tmp_path / "out")
    assert "is a folder with files in it" in said
    assert content(tmp_path / "out") == {"mine.txt": b"kept"}


def test_files_that_would_have_one_name_are_refused(champion: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "a.tsv"):
        write(tmp_path / "in.csv", 14).rename(tmp_path / name)
    said = refusal(champion, tmp_path / "a.*", tmp_path / "out")
    assert "would both become a.csv" in said
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "a.tsv"]


def test_a_provider_that_is_not_at_hand_is_refused_by_name(champion: Path, tmp_path: Path) -> None:
    source, output = write(tmp_path / "in.parquet", 10), tmp_path / "out.csv"
    said = refusal(champion, source, output, provider="NoSuchProvider")
    assert "ONNX Runtime knows no provider NoSuchProvider" in said
    done = score(champion, source, output, lenient=True, provider="CPUExecutionProvider")
    assert done.providers == ["CPUExecutionProvider"]


def test_the_side_file_is_neither_the_output_nor_the_input(champion: Path, tmp_path: Path) -> None:
    source, output = write(tmp_path / "in.csv", 14), tmp_path / "out.csv"
    for path, words in ((output, "the output itself"), (source, "part of the input")):
        assert words in refusal(champion, source, output, quarantine=path)
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv"]


def test_a_scoring_in_progress_is_not_begun_a_second_time(champion: Path, tmp_path: Path) -> None:
    source, output = write(tmp_path / "in.parquet", 1_000), tmp_path / "out.parquet"
    held = f"{SMALL}; import os, signal, flows.scoring as s; s.failpoint = lambda _: print(0) or "
    held += "sys.stdout.flush() or os.kill(os.getpid(), signal.SIGSTOP)"
    words = ["score", champion, source, output, "--lenient", "--workspace", champion.parents[1]]
    other = subprocess.Popen(
        [sys.executable, "-c", f"import sys; {held}; {COMMAND}", *map(str, words)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"0\n"
        said = refusal(champion, source, output, lenient=True)
        assert "is being written by another logitline score" in said
    finally:
        other.kill()
        other.wait()


def test_a_scoring_keeps_below_its_memory_however_large_the_file(
    champion: Path, tmp_path: Path
) -> None:
    """A file of 700 MB in memory, in a process that may hold no more than 500 MB."""
    rows = 1_000_000
    rng = np.random.default_rng(0)
    columns = {f"x{i}": pa.array(rng.normal(size=rows)) for i in range(8)}
    columns |= {"height": pa.array(rng.random(rows)), "petals": pa.array(rng.integers(1, 9, rows))}
    columns |= {"colour": pa.array(["red", "white"]).take(pa.array(rng.integers(0, 2, rows)))}
    with pq.ParquetWriter(tmp_path / "in.parquet", pa.table(columns).schema) as writer:
        for _ in range(7):
            writer.write_table(pa.table(columns), row_group_size=500_000)
    peak = "open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]"
    code = f"import atexit, sys; atexit.register(lambda: print({peak}, file=sys.stderr))"
    done = command(champion, tmp_path / "in.parquet", tmp_path / "out.parquet", code=code)
    assert done.returncode == 0, done.stderr
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows == 7 * rows
    assert int(done.stderr.split()[-1]) / 1024 < 500
