"""What is shown of a search while it runs."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from flows.showing_progress import LiveProgress, PlainProgress


def picture(live: LiveProgress) -> str:
    file = StringIO()
    console = Console(width=80, file=file)
    console.print(live)
    return file.getvalue()


def test_a_terminal_shows_how_far_each_search_is_and_its_least_loss() -> None:
    live = LiveProgress()
    live.begin("train")
    live.trials("mlp", 0, 40, None)
    assert "mlp                      " + "░" * 10 + " 0 of 40 trials" in picture(live)
    live.trials("mlp", 20, 40, 0.34567)
    expected = "█" * 5 + "░" * 5 + " 20 of 40 trials, log loss 0.3457"
    assert expected in picture(live)
    live.trials("mlp", 20, None, 0.34567)  # the time alone will end it
    assert "mlp                       20 trials, log loss 0.3457" in picture(live)
    live.fits("mlp", 1, 6, "")  # the best parameters are fitted
    assert "█░░░░░" in picture(live)


def test_without_a_terminal_a_search_has_ten_lines_at_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = PlainProgress()
    for done in range(65):
        plain.trials("mlp", done, 64, None if done < 2 else 0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "  mlp: 7 of 64 trials, log loss 0.5000"
    assert lines[-1] == "  mlp: 64 of 64 trials, log loss 0.5000"


def test_without_a_terminal_a_search_ended_by_the_time_is_told_every_ten_trials_and_at_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = PlainProgress()
    for done in range(13):
        plain.trials("mlp", done, None, 0.5)
    plain.trials("mlp", 12, 12, 0.5)
    assert capsys.readouterr().err == (
        "  mlp: 10 trials, log loss 0.5000\n  mlp: 12 of 12 trials, log loss 0.5000\n"
    )
