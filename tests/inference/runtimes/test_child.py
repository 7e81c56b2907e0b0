from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipelines.inference.runtimes import NoAnswerError, child
from tests.inference.runtimes import graphs

X = graphs.rows(4)
WRITE = """
import sys
import numpy as np
model, features, rows, columns, classes, labels, probabilities = sys.argv[1:]
X = np.fromfile(features, dtype="<f4").reshape(int(rows), int(columns))
"""
HONEST = (
    WRITE
    + """
P = np.ones((int(rows), int(classes)), dtype="<f4") * X[:, 1:]
P.tofile(probabilities)
np.arange(int(rows)).tofile(labels)
"""
)


def asked(tmp_path: Path, program: str, seconds: float = 30) -> child.Answer:
    path = tmp_path / "program.py"
    path.write_text(program)
    return child.ask([sys.executable, str(path)], graphs.portable(), X, seconds=seconds)


def test_a_program_gets_the_rows_and_answers_in_files(tmp_path: Path) -> None:
    labels, probabilities = asked(tmp_path, HONEST)
    assert labels.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(probabilities, np.repeat(X[:, 1:], 3, axis=1))


def test_a_crash_is_a_reason_that_names_the_signal(tmp_path: Path) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    with pytest.raises(NoAnswerError, match=r"^It crashed: SIGSEGV\.$"):
        asked(tmp_path, crash)


def test_an_error_is_a_reason_with_the_last_line_that_was_said(tmp_path: Path) -> None:
    with pytest.raises(NoAnswerError, match=r"^It gave no answer: ValueError: no such operator$"):
        asked(tmp_path, "raise ValueError('no such operator')")
    with pytest.raises(NoAnswerError, match=r"exit status 3$"):
        asked(tmp_path, "import sys; sys.exit(3)")


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    hang = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
time.sleep(60)
"""
    with pytest.raises(NoAnswerError, match=r"^It had no answer after 2 s and was ended\.$"):
        asked(tmp_path, hang, seconds=2)
    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Whether the process ends within some seconds."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("", r"ended well and wrote no answer"),
        (HONEST.replace("(int(rows), int(classes))", "(2, int(classes))").replace("X[:, 1:]", "1"),
         r"answered 4 labels and 6 probabilities for 4 rows of 3 classes"),
    ],
)  # fmt: skip
def test_half_an_answer_is_none(tmp_path: Path, program: str, said: str) -> None:
    with pytest.raises(NoAnswerError, match=said):
        asked(tmp_path, program)


def test_a_program_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match=r"no-such-program cannot be started"):
        child.ask(["no-such-program"], graphs.portable(), X)


def test_a_long_complaint_is_cut(tmp_path: Path) -> None:
    with pytest.raises(NoAnswerError) as refused:
        asked(tmp_path, "raise ValueError('x' * 100_000)")
    assert len(str(refused.value)) < 400


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for program in (HONEST, "raise ValueError"):
        try:
            asked(tmp_path, program)
        except NoAnswerError:
            continue
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]
