from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from pipelines.adapters.overlapping import ahead, behind


def numbers(count: int, closed: list[str], fails: bool = False) -> Generator[int]:
    try:
        yield from range(count)
        if fails:
            raise ValueError("at the end")
    finally:
        closed.append(threading.current_thread().name.partition("_")[0])


def test_pieces_made_ahead_come_in_their_order_and_from_one_thread() -> None:
    closed: list[str] = []
    assert list(ahead(numbers(50, closed), depth=3)) == list(range(50))
    assert closed == ["ahead"]


def test_what_making_a_piece_raises_comes_after_the_pieces_before_it() -> None:
    taken: list[int] = []
    with pytest.raises(ValueError, match="at the end"):
        taken.extend(ahead(numbers(5, [], fails=True)))
    with closing(ahead(numbers(5, [], fails=True))) as pieces:
        assert [next(pieces) for _ in range(5)] == list(range(5))


def test_who_leaves_half_way_closes_the_pieces() -> None:
    closed: list[str] = []
    with closing(ahead(numbers(10**9, closed))) as pieces:
        next(pieces)
    assert closed == ["ahead"]


def test_work_behind_is_done_in_order_before_the_block_ends() -> None:
    done: list[int] = []
    with behind() as work:
        for i in range(20):
            work.do(done.append, i)
    assert done == list(range(20))


def test_nothing_is_done_after_work_that_failed() -> None:
    done: list[int] = []

    def fail() -> None:
        raise OSError("full")

    def do_both() -> None:
        with behind(depth=5) as work:
            work.do(fail)
            work.do(done.append, 1)

    with pytest.raises(OSError, match="full"):
        do_both()
    assert done == []
