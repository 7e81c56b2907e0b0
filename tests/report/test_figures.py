"""What the figures show, and that they repeat and touch nothing global."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn import metrics as reference

from pipelines.metrics import Interval
from pipelines.report import figures
from tests.report.predictions import answers, labels, predictions

CURVE = tuple(2.0 * 0.9**step for step in range(40))


def texts(figure: Figure) -> str:
    """Every text of the figure as its SVG holds it."""
    root = ElementTree.fromstring(figures.svg(figure))
    return "\n".join(
        "".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")
    )


def line(figure: Figure, at: int) -> np.ndarray:
    return np.column_stack(figure.axes[0].lines[at].get_data())


def test_the_drawn_roc_curve_is_scikit_learns() -> None:
    codes, P = predictions(2, 120)
    fpr, tpr, _ = reference.roc_curve(codes, P[:, 1], drop_intermediate=False)
    np.testing.assert_allclose(
        line(figures.roc((0, 1), codes, P, labels(P)), 1), np.column_stack([fpr, tpr])
    )


def test_each_class_of_several_has_its_drawn_precision_recall_curve() -> None:
    codes, P = predictions(3, 120)
    figure = figures.precision_recall("abc", codes, P, labels(P))
    for k in range(3):
        precision, recall, _ = reference.precision_recall_curve(codes == k, P[:, k])
        np.testing.assert_allclose(line(figure, k), np.column_stack([recall, precision])[::-1])


def test_diamonds_stand_where_the_labels_do() -> None:
    codes, P = predictions(2, 120)
    given = (P[:, 1] >= 0.3).astype(np.int32)
    ((tn, fp), (fn, tp)) = reference.confusion_matrix(codes, given)
    roc = line(figures.roc((0, 1), codes, P, given), 2)
    np.testing.assert_allclose(roc, [[fp / (fp + tn), tp / (tp + fn)]])
    drawn = figures.precision_recall((0, 1), codes, P, given)
    np.testing.assert_allclose(line(drawn, 1), [[tp / (tp + fn), tp / (tp + fp)]])
    assert "working threshold" in texts(drawn)


def test_the_matrix_is_of_the_labels_and_not_of_the_most_probable_classes() -> None:
    codes, _ = predictions(2, 60)
    shown = texts(figures.confusion(("no", "yes"), codes, np.ones_like(codes)))
    assert f"Confusion: {100 * codes.mean():.1f} % right" in shown


def test_titles_say_the_area_and_the_class() -> None:
    codes, P = predictions(2, 120)
    auc = reference.roc_auc_score(codes, P[:, 1])
    assert f"ROC AUC {auc:.4f} for yes" in texts(figures.roc(("no", "yes"), codes, P, labels(P)))
    average = reference.average_precision_score(codes, P[:, 1])
    drawn = texts(figures.precision_recall(("no", "yes"), codes, P, labels(P)))
    assert f"Average precision {average:.4f} for yes" in drawn


def test_precision_holds_from_a_recall_down_to_the_one_before() -> None:
    figure = figures.precision_recall((0, 1), *answers(2, 30))
    assert figure.axes[0].lines[0].get_drawstyle() == "steps-pre"


def test_of_thirty_classes_the_ten_weakest_are_named() -> None:
    codes, P = predictions(30, 900)
    areas = [reference.roc_auc_score(codes == k, P[:, k]) for k in range(30)]
    shown = texts(figures.roc([f"class-{k}-" for k in range(30)], codes, P, labels(P)))
    named = {int(it) for it in re.findall(r"class-(\d+)-", shown)}
    assert named == set(np.argsort(areas)[:10].tolist())
    assert "20 others" in shown


@pytest.mark.parametrize("classes", [2, 3, 10, 30])
def test_png_and_svg_repeat_byte_for_byte(classes: int) -> None:
    codes, P = predictions(classes, 150)
    first, second = (
        figures.candidate_figures(range(classes), codes, P, labels(P), CURVE) for _ in range(2)
    )
    assert list(first) == ["roc", "precision_recall", "calibration", "confusion", "loss_curve"]
    for key, figure in first.items():
        assert figures.png(figure) == figures.png(second[key])
        assert figures.svg(figure, key) == figures.svg(second[key], key)


def test_png_and_svg_hold_no_date_and_no_version() -> None:
    figure = figures.loss_curve(CURVE)
    assert b"matplotlib" not in figures.png(figure).lower()
    assert "<metadata" not in figures.svg(figure)


def test_settings_are_untouched_and_pyplot_is_not_imported() -> None:
    before = dict(mpl.rcParams)
    figures.svg(figures.roc((0, 1), *answers(2, 20)))
    assert dict(mpl.rcParams) == before
    code = "import sys, pipelines.report.html; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "label", ["_hidden", "$x_1$ or y", "<b>&amp;", "企鵝", "=1+1", "a\x00b\ud800"]
)
def test_class_names_are_shown_as_they_stand(label: str) -> None:
    codes, P = predictions(3, 60)
    shown = label.replace("\x00", " ").replace("\ud800", "").strip()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in figures.candidate_figures((label, "b", "c"), codes, P, labels(P)).values():
            figures.png(figure)
        assert shown in texts(figures.roc((label, "b", "c"), codes, P, labels(P)))
        assert shown in texts(figures.confusion((label, "b", "c"), codes, labels(P)))


def test_long_class_names_are_cut() -> None:
    codes, P = predictions(2, 60)
    shown = texts(figures.confusion(("n" * 300, "y" * 300), codes, labels(P)))
    assert "…" in shown
    assert "n" * 30 not in shown


def test_confusion_counts_are_written_in_their_cells() -> None:
    codes, P = predictions(3, 90)
    cells = reference.confusion_matrix(codes, labels(P))
    axes = figures.confusion("abc", codes, labels(P)).axes[0]
    written = {each.get_position(): each.get_text() for each in axes.texts}
    assert written == {
        (column, row): str(cells[row, column])
        for row, column in np.ndindex(3, 3)
        if cells[row, column]
    }


def test_calibration_shows_the_rows_of_each_bin() -> None:
    codes, P = predictions(2, 90)
    below = figures.calibration(("no", "yes"), codes, P).axes[1]
    counts, _ = np.histogram(P[:, 1], np.linspace(0, 1, 16))
    assert [each.get_text() for each in below.texts] == [str(count) for count in counts]


def test_a_class_without_test_rows_leaves_the_area_open() -> None:
    codes, P = predictions(3, 60)
    shown = texts(figures.roc("abc", np.minimum(codes, 1), P, labels(P)))
    assert "ROC AUC –" in shown
    assert "c  –" in shown


def test_long_loss_curves_are_thinned_to_their_ends() -> None:
    drawn = line(figures.loss_curve(np.linspace(5, 4, 20_000)), 0)
    assert len(drawn) <= 500
    np.testing.assert_allclose(drawn[[0, -1]], [[1, 5], [20_000, 4]])


def test_without_a_loss_curve_there_is_no_figure_of_it() -> None:
    assert "loss_curve" not in figures.candidate_figures((0, 1), *answers(2, 20))


def test_candidates_stand_in_the_order_of_their_log_loss_with_the_winner_in_bold() -> None:
    scores = {
        name: {"log_loss": Interval(value, value * 0.9, value * 1.1)}
        for name, value in (("prior", 0.9), ("net", 0.3), ("tree", float("nan")), ("line", 0.02))
    }
    axes = figures.candidates(scores, "net").axes[0]
    ticks = axes.get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["line", "net", "prior", "tree"]
    assert [tick.get_fontweight() == "bold" for tick in ticks] == [False, True, False, False]
    assert axes.get_xscale() == "log"
    np.testing.assert_allclose(axes.lines[2].get_xdata(), [0.27, 0.33])


def test_close_candidates_stand_on_a_linear_axis() -> None:
    scores = {name: {"log_loss": Interval(v, v, v)} for name, v in (("a", 0.3), ("b", 0.5))}
    assert figures.candidates(scores, "a").axes[0].get_xscale() == "linear"
