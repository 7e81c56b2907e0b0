"""What a training's result tells, in a terminal and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.line import Receipt
from flows.outcome import Outcome
from flows.showing import show_outcome
from flows.steps import STEPS

FEW = "Only 12 test rows: too few to trust an interval."


def outcome(*notes: str) -> Outcome:
    facts = {name: "" for name in ("winner", "version", "sha256", "parity", "run_id")}
    facts |= {"promoted": False, "sentence": "Not promoted: by chance.", "decisions": 1}
    facts |= {"notes": list(notes), "cost": {}}
    receipts = tuple(Receipt(step, "", True, 0.0, "", facts) for step in STEPS)
    here = Path("here")
    return Outcome(receipts, (), "flowers", here, here, here, "uri")


def test_what_limits_a_decision_stands_right_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_outcome(outcome(FEW), as_json=False)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[lines.index("Not promoted: by chance.") + 1] == f"Note: {FEW}"
    show_outcome(outcome(), as_json=False)
    assert "Note" not in capsys.readouterr().out


def test_what_limits_a_decision_is_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_outcome(outcome(FEW), as_json=True)
    assert json.loads(capsys.readouterr().out)["notes"] == [FEW]
