"""Boundaries, spans and reliability diagrams: what is drawn, and the sentences in their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.metrics import Bin, Calibration, Interval
from pipelines.records.explanation import Plane, Surface
from pipelines.report import planes, reliability
from pipelines.report.spans import spans

STEPS = np.linspace(0.0, 1.0, 21)


def plane(labels: np.ndarray, probability: np.ndarray) -> Plane:
    surface = Surface("net", "mlp", tuple(labels.ravel().tolist()), tuple(probability.ravel()))
    across = tuple(STEPS.tolist())
    return Plane("x", "y", across, across, (surface,), (0.2, 0.8), (0.3, 0.6), (0, 1))


def test_the_line_of_two_classes_stands_at_the_threshold_and_not_at_one_half() -> None:
    P = np.tile(STEPS, (21, 1))
    drawn = plane((P >= 0.25).astype(int), P)
    axes = planes.boundary(drawn, drawn.surfaces[0], ("no", "yes")).axes[0]
    line = axes.collections[-1].get_paths()[0].vertices
    assert line[:, 0] == pytest.approx(np.full(len(line), 0.225))


def test_each_region_of_three_classes_has_its_colour_and_its_rows_their_mark() -> None:
    labels = np.tile(np.repeat([0, 1, 2], 7), (21, 1))
    drawn = plane(labels, np.full((21, 21), 0.9))
    axes = planes.boundary(drawn, drawn.surfaces[0], ("a", "b", "c")).axes[0]
    assert {line.get_marker() for line in axes.lines} == {"o", "^", "s"}


def test_a_plane_of_one_label_is_drawn_without_a_line() -> None:
    drawn = plane(np.ones((21, 21), dtype=int), np.full((21, 21), 0.8))
    figure = planes.boundary(drawn, drawn.surfaces[0], ("no", "yes"))
    assert len(figure.axes[0].collections) == 1
    assert "does not change with x" in planes.said(drawn, drawn.surfaces[0], ("no", "yes"))


def test_the_label_of_a_tick_at_the_right_end_is_not_cut() -> None:
    drawn = plane(np.ones((21, 21), dtype=int), np.full((21, 21), 0.8))
    wide = replace(drawn, across=tuple(100_000 * STEPS))
    figure = planes.boundary(wide, wide.surfaces[0], ("no", "yes"))
    figure.draw_without_rendering()
    last = figure.axes[0].get_xticklabels()[-1]
    assert last.get_text() == "100000"
    assert last.get_window_extent().x1 < figure.bbox.x1


def test_the_sentence_tells_shares_and_where_the_label_changes() -> None:
    labels = np.tile((STEPS > 0.52).astype(int), (21, 1))
    drawn = plane(labels, labels.astype(float))
    assert planes.said(drawn, drawn.surfaces[0], ("no", "yes")) == (
        "Regions of net over x from 0 to 1 and y from 0 to 1: no on 52.4 %, yes on 47.6 % of the "
        "plane. Halfway up the label changes at x = 0.5."
    )


def test_spans_are_drawn_from_above_down_without_bounds_as_points() -> None:
    nan = float("nan")
    figure = spans("t", "x", [("first", Interval(2, 1, 3)), ("second", Interval(-1, nan, nan))])
    axes = figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["first", "second"]
    assert [list(line.get_xdata()) for line in axes.lines[1:]] == [[1, 3], [2], [-1]]


def test_a_reliability_diagram_tells_its_error_and_its_widest_gap() -> None:
    bins = (Bin(40, 0.1, Interval(0.1, 0.03, 0.2)), Bin(60, 0.8, Interval(0.5, 0.4, 0.6)))
    found = Calibration(1, bins, Interval(0.18, 0.1, 0.25), 0.2, 0.05, 0.1, 0.24, 0.01)
    axes = reliability.reliability_diagram(found, "yes").axes[0]
    assert list(axes.lines[1].get_xdata()) == [0.1, 0.8]
    assert list(axes.lines[1].get_ydata()) == [0.1, 0.5]
    said = reliability.said(found, "yes")
    assert "expected calibration error 0.1800 (0.1000 to 0.2500) in 2 bins; 1 of them" in said
    assert "1 of them has a mean probability outside" in said
    assert "0.8000 predicted, 0.5000 observed (60 rows)" in said
    assert "in 1 bin; 0 of them have" in reliability.said(replace(found, bins=bins[:1]), "yes")
