"""Worker processes: real ones, with real limits and real kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.adapters.workers import GIGABYTE, Limits, Task, run
from tests.adapters.jobs_for_workers import double, misbehave, note_and_sleep, threads

LIMITS = Limits(processes=2, memory=2 * GIGABYTE, seconds=60)


def test_every_task_ends_with_its_result() -> None:
    outcomes = list(run(double, [Task(str(i), (i,)) for i in range(5)], LIMITS))
    assert {o.task.group: o.result for o in outcomes} == {str(i): 2 * i for i in range(5)}
    assert not any(o.reason for o in outcomes)


@pytest.mark.parametrize(
    ("how", "words", "transient"),
    [
        ("raise", "ValueError: the matrix is singular", False),
        ("memory", "ran out of memory (its cap is 2 GB", True),
        ("die", "its process died (SIGKILL)", True),
    ],
)
def test_a_failing_task_has_its_reason_and_the_other_goes_on(
    how: str, words: str, transient: bool
) -> None:
    outcomes = run(misbehave, [Task("bad", (how,)), Task("good", ("fine",))], LIMITS)
    by_group = {o.task.group: o for o in outcomes}
    assert words in by_group["bad"].reason
    assert by_group["bad"].transient is transient
    assert by_group["good"].result == "fine"


def test_a_task_past_its_time_is_ended_and_says_so() -> None:
    limits = Limits(processes=1, memory=2 * GIGABYTE, seconds=1.0)
    (outcome,) = run(misbehave, [Task("slow", ("hang",))], limits)
    assert "took longer than" in outcome.reason
    assert outcome.transient


def test_after_a_failure_the_groups_other_tasks_are_dropped() -> None:
    tasks = [Task("bad", ("raise",)), Task("bad", ("fine",)), Task("good", ("fine",))]
    outcomes = list(run(misbehave, tasks, Limits(1, 2 * GIGABYTE, 60)))
    assert [(o.task.group, bool(o.reason)) for o in outcomes] == [("bad", True), ("good", False)]


def test_a_process_computes_on_one_thread() -> None:
    (outcome,) = run(threads, [Task("one", ())], LIMITS)
    assert outcome.result == 1


def test_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = tmp_path / "parent.py"
    script.write_text(
        "from pipelines.adapters.workers import Limits, Task, run\n"
        "from tests.adapters.jobs_for_workers import note_and_sleep\n"
        "if __name__ == '__main__':\n"
        f"    tasks = [Task('a', ({str(note)!r}, 300.0))]\n"
        "    list(run(note_and_sleep, tasks, Limits(1, 2**31, 300)))\n"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(root)}
    )
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(note.read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_abandoning_the_outcomes_ends_the_processes(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    tasks = [Task("quick", (str(tmp_path / "quick"), 0.0)), Task("slow", (str(note), 300.0))]
    outcomes = run(note_and_sleep, tasks, LIMITS)
    next(outcomes)
    deadline = time.monotonic() + 30
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    outcomes.close()
    assert not Path(f"/proc/{note.read_text()}").exists()


INTERRUPTED = """
import os, signal
from multiprocessing import forkserver
from pipelines.adapters.workers import GIGABYTE, Limits, Task, run, warm_up
from tests.adapters.jobs_for_workers import double

start = forkserver.ensure_running

def struck():
    start()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGINT)

forkserver.ensure_running = struck
try:
    warm_up(["numpy"])
except KeyboardInterrupt:
    print("heard")
forkserver.ensure_running = start
print([each.result for each in run(double, [Task("a", (2,))], Limits(1, 2 * GIGABYTE, 60))])
"""


def test_ctrl_c_while_the_processes_server_starts_is_heard_and_spares_the_server() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("heard\n[4]\n", "")
