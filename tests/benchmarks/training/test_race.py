from __future__ import annotations

from collections.abc import Iterator

from benchmarks.training.race import Contender, Entry, Pace, prepared, race

PACE = Pace(rounds=3, budget=1.0, patience=1.0, pause=0.0, short=True)


def entry(
    calls: list[tuple[str, int]], name: str, first: float, times: float | None = 1.0
) -> Entry:
    def run(number: int) -> int:
        calls.append((name, number))
        return number

    return Entry(Contender(name, "numpy", run, times), run, first, -1)


def test_contenders_take_turns_and_every_other_round_goes_backwards() -> None:
    calls: list[tuple[str, int]] = []
    race([entry(calls, "a", 0.1), entry(calls, "b", 0.1)], PACE)
    assert calls == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]


def test_a_slow_contender_runs_as_often_as_its_budget_holds() -> None:
    calls: list[tuple[str, int]] = []
    slow = entry(calls, "slow", 0.6)
    race([entry(calls, "quick", 0.1), slow], PACE)
    assert [name for name, _ in calls].count("slow") == len(slow.seconds) == 1


def test_the_set_up_s_run_is_the_measure_where_the_budget_holds_none() -> None:
    calls: list[tuple[str, int]] = []
    slow = entry(calls, "slow", 5.0)
    race([slow], PACE)
    assert (calls, slow.seconds, slow.results) == ([], [5.0], [-1])


def test_ours_runs_in_every_round_however_slow() -> None:
    calls: list[tuple[str, int]] = []
    race([entry(calls, "ours", 5.0, times=None)], PACE)
    assert len(calls) == PACE.rounds


def maker(name: str, error: str = "", long_only: bool = False) -> Iterator[Contender]:
    if error:
        raise ImportError(error)
    yield Contender(name, "numpy", print, long_only=long_only)


def test_a_library_that_fails_costs_no_other_and_is_named() -> None:
    def prepare(index: int, contender: Contender) -> tuple[int, str]:
        if contender.name == "b":
            raise ValueError("no")
        return index, contender.name

    made = [maker("", "gone"), maker("a"), maker("b"), iter(()), maker("c")]
    ready, failed = prepared(made, prepare, PACE)
    assert ready == [(1, "a"), (4, "c")]
    assert failed == ["contender 0: ImportError: gone", "b: ValueError: no"]


def test_the_short_form_leaves_out_what_is_for_the_long_one() -> None:
    made = [maker("a"), maker("b", long_only=True)]
    assert prepared(made, lambda _, each: each.name, PACE) == (["a"], [])
