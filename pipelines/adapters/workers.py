"""Runs jobs side by side, each in a process of its own with its own limits.

A job that raises, runs out of memory or time, or kills its process ends as an outcome with
its reason; the others go on. Each process computes on one thread, so that as many processes
as cores use the cores once, and results do not depend on how many there are.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

__all__ = ["Limits", "Outcome", "Task", "Waiting", "run", "warm_up"]

GIGABYTE = 1024**3
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Limits:
    """Processes at a time; memory of each in bytes; seconds for all jobs of one group."""

    processes: int
    memory: int
    seconds: float


@dataclass(frozen=True)
class Task:
    """One call; tasks of a group share its time, and stop at the group's first failure."""

    group: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """A task's result, or the reason why there is none.

    `transient` tells a fault of the moment (memory, time, a kill) from one that would come
    again with the same input.
    """

    task: Task
    result: Any
    reason: str
    transient: bool
    seconds: float


class Waiting(Protocol):
    """Tasks in an order of their own; more may come whenever an outcome has been given out."""

    def __len__(self) -> int: ...

    def popleft(self) -> Task:
        """The task to start next, which then waits no longer."""
        ...


@dataclass
class _Running:
    task: Task
    process: Any
    receiver: Connection
    started: float


def context() -> Any:
    """How processes start: from a clean server where there is one, else from nothing."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


def warm_up(modules: Sequence[str]) -> None:
    """Start the server that processes are forked from, with these modules imported."""
    if multiprocessing.get_all_start_methods().count("forkserver"):
        context().set_forkserver_preload(list(modules))
        from multiprocessing import forkserver, resource_tracker

        # The server would start it too, and unblock Ctrl-C before it starts itself.
        resource_tracker.ensure_running()
        with _single_threaded(), _interrupts_held_back():
            forkserver.ensure_running()


def run(
    function: Callable[..., Any], tasks: Sequence[Task] | Waiting, limits: Limits
) -> Iterator[Outcome]:
    """The outcome of each task as it ends; at most `limits.processes` run at a time.

    Tasks start in the given order. After a group's first failure its waiting tasks are
    dropped without an outcome, and its running ones are ended.
    """
    waiting: Waiting = deque(tasks) if isinstance(tasks, Sequence) else tasks
    running: list[_Running] = []
    used: dict[str, float] = {}
    failed: set[str] = set()
    try:
        while waiting or running:
            while waiting and len(running) < limits.processes:
                task = waiting.popleft()
                if task.group not in failed:
                    running.append(_start(function, task, limits.memory))
            for each, outcome in _ended(running, used, limits.seconds):
                running.remove(each)
                used[each.task.group] = used.get(each.task.group, 0.0) + outcome.seconds
                if each.task.group in failed:
                    continue
                if outcome.reason:
                    failed.add(each.task.group)
                    for sibling in running:
                        if sibling.task.group == each.task.group:
                            sibling.process.kill()
                yield outcome
    finally:
        for each in running:
            each.process.kill()
            each.process.join()


def _start(function: Callable[..., Any], task: Task, memory: int) -> _Running:
    receiver, sender = context().Pipe(duplex=False)
    process = context().Process(
        target=_child, args=(sender, memory, function, task.arguments), daemon=True
    )
    with _single_threaded():
        process.start()
    sender.close()
    return _Running(task, process, receiver, time.monotonic())


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    """The environment in which a new process's BLAS and OpenMP start with one thread."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let a process started here know nothing of Ctrl-C, which is for the command alone.

    The command gets one that comes meanwhile afterwards; ignored, it would be lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended(
    running: Sequence[_Running], used: dict[str, float], seconds: float
) -> list[tuple[_Running, Outcome]]:
    """The tasks that ended by themselves or by their time, after waiting for the first."""
    now = time.monotonic()
    left = {id(r): seconds - used.get(r.task.group, 0.0) - (now - r.started) for r in running}
    handles = {r.receiver: r for r in running}
    ready = wait(list(handles), timeout=max(0.0, min(left.values(), default=0.0)))
    out = []
    for each in running:
        took = time.monotonic() - each.started
        if each.receiver in ready:
            out.append((each, _outcome(each, took)))
        elif seconds - used.get(each.task.group, 0.0) - took <= 0:
            each.process.kill()
            each.process.join()
            reason = f"took longer than the {seconds / 60:g} minutes that [compute] minutes allows"
            out.append((each, Outcome(each.task, None, reason, True, took)))
    return out


def _outcome(each: _Running, took: float) -> Outcome:
    try:
        kind, value = each.receiver.recv()
    except (EOFError, OSError):
        kind, value = "killed", None
    each.process.join()
    each.receiver.close()
    if kind == "done":
        return Outcome(each.task, value, "", False, took)
    if kind == "killed":
        code = each.process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return Outcome(each.task, None, f"its process died ({name})", True, took)
    return Outcome(each.task, None, value, kind == "memory", took)


def _child(
    sender: Connection, memory: int, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its processes itself
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _cap_memory(memory)
    try:
        with threadpool_limits(1):
            message = ("done", function(*arguments))
    except MemoryError:
        cap = f"{memory / GIGABYTE:.3g} GB"
        message = ("memory", f"ran out of memory (its cap is {cap}, see [compute] memory_gb)")
    except Exception as error:  # the reason is the result: whatever it was, the others go on
        message = ("raised", f"{type(error).__name__}: {error}")
    sender.send(message)
    sender.close()


def _end_with_parent() -> None:
    """End this process when its parent is gone: nobody waits for its result any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _cap_memory(memory: int) -> None:
    """Let allocations beyond the cap raise MemoryError, where the system can."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
