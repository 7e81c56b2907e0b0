"""What is tried next: by the seed alone, and nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.searching.proposals import Proposer
from pipelines.searching.space import Choices, Dimension, Range

SPACE: dict[str, Dimension] = {
    "C": Range(1e-3, 1e3, log=True),
    "depth": Range(2, 12),
    "layers": Choices(([8], [8, 4], [])),
}


def proposals(seed: int, count: int) -> list[dict[str, Any]]:
    """As many, each answered with a loss that is least at C = 1."""
    proposer = Proposer(SPACE, seed)
    out = []
    for _ in range(count):
        proposal = proposer.propose()
        assert proposal is not None
        proposer.learn(proposal, [abs(proposal.parameters["C"] - 1)], complete=True)
        out.append(proposal.parameters)
    return out


def test_the_seed_decides_what_is_proposed() -> None:
    assert proposals(3, 20) == proposals(3, 20)
    assert proposals(3, 20) != proposals(4, 20)


def test_proposals_lie_in_the_space_and_whole_numbers_stay_whole() -> None:
    for each in proposals(0, 30):
        assert 1e-3 <= each["C"] <= 1e3
        assert type(each["depth"]) is int
        assert 2 <= each["depth"] <= 12
        assert each["layers"] in ([8], [8, 4], [])


def test_what_is_learned_draws_the_proposals_to_the_least_loss() -> None:
    far = [abs(each["C"] - 1) for each in proposals(0, 60)]
    assert sorted(far[40:])[10] < sorted(far[:10])[5] / 2


def test_every_combination_of_a_small_space_is_proposed_once_and_then_none() -> None:
    proposer = Proposer({"a": Choices((1, 1.0, True)), "b": Range(1, 4)}, seed=0)
    seen = []
    while (proposal := proposer.propose()) is not None:
        seen.append(json.dumps(proposal.parameters, sort_keys=True))
        proposer.learn(proposal, [0.5], complete=True)
    assert len(seen) == len(set(seen)) == 12


@pytest.mark.parametrize("means", [[], [9.0, 9.0]], ids=["failed", "pruned"])
def test_trials_that_failed_or_were_pruned_are_kept_away_from(means: list[float]) -> None:
    proposer = Proposer({"rate": Range(0.0, 1.0)}, seed=0)
    tried = []
    for _ in range(40):
        proposal = proposer.propose()
        assert proposal is not None
        rate = proposal.parameters["rate"]
        tried.append(rate)
        if rate > 0.3:
            proposer.learn(proposal, means, complete=False)
        else:
            proposer.learn(proposal, [rate + 1.0], complete=True)
    assert sum(rate <= 0.3 for rate in tried[20:]) > 15


def test_a_search_says_nothing_and_calls_nobody() -> None:
    code = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        "from pipelines.searching.proposals import Proposer\n"
        "from pipelines.searching.space import Range\n"
        "proposer = Proposer({'C': Range(0.1, 1.0)}, 0)\n"
        "for _ in range(15): proposer.learn(proposer.propose(), [1.0], True)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=root, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
