from __future__ import annotations

from benchmarks.training.tables import Held, verdict

OURS = Held("ours", 1.0, 1.0, None, True)


def test_a_peer_s_ratio_is_its_seconds_by_ours() -> None:
    assert Held("peer", 3.0, 1.5, 1.5, True).cells(1, "s") == [
        "peer",
        "3 s",
        "2.00 ×",
        "1.5 ×",
        "met",
    ]


def test_what_a_target_is_missed_by_is_the_share_of_our_time_that_must_go() -> None:
    assert Held("peer", 3.0, 2.0, 2.0, True).cells(1, "s")[-1] == "missed by 25%"


def test_a_peer_that_stops_short_of_the_quality_has_a_least_ratio() -> None:
    assert Held("peer", 3.0, 1.0, 2.0, False).cells(1, "s")[2] == "> 3.00 ×"


def test_without_our_time_there_is_neither_ratio_nor_verdict() -> None:
    peer = Held("peer", 3.0, None, 2.0, True)
    assert peer.met is None
    assert "Not judged" in verdict([peer], "2 ×")


def test_the_verdict_is_met_only_if_every_peer_s_target_is() -> None:
    near, far = Held("near", 3.0, 1.0, 2.0, True), Held("far", 3.0, 1.0, 6.0, True)
    assert "**Met.**" in verdict([OURS, near], "both")
    assert "Missed against 1 of 2" in verdict([OURS, near, far], "both")
    assert "far: 3.00 of 6 ×" in verdict([OURS, near, far], "both")
