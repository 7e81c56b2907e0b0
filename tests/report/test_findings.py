"""The sentences that stand for the figures, against scikit-learn's numbers."""

from __future__ import annotations

import numpy as np
from sklearn import metrics as reference

from pipelines.metrics import Interval
from pipelines.report.findings import findings, of_candidates
from tests.report.predictions import answers, labels, predictions


def test_areas_of_two_classes_are_said() -> None:
    codes, P = predictions(2, 120)
    said = findings(("no", "yes"), codes, P, labels(P))
    auc = reference.roc_auc_score(codes, P[:, 1])
    average = reference.average_precision_score(codes, P[:, 1])
    ((tn, fp), (fn, tp)) = reference.confusion_matrix(codes, labels(P))
    recall = f"at a recall of {tp / (tp + fn):.4f}."
    assert said["roc"] == (
        f"ROC curve of yes: area under the curve {auc:.4f}. The working threshold gives a false "
        f"positive rate of {fp / (fp + tn):.4f} {recall}"
    )
    assert said["precision_recall"] == (
        f"Precision-recall curve of yes: average precision {average:.4f}. The working threshold "
        f"gives a precision of {tp / (tp + fp):.4f} {recall}"
    )


def test_the_weakest_and_the_strongest_of_several_classes_are_said() -> None:
    codes, P = predictions(4, 200)
    areas = [reference.roc_auc_score(codes == k, P[:, k]) for k in range(4)]
    low, high = int(np.argmin(areas)), int(np.argmax(areas))
    assert findings("abcd", codes, P, labels(P))["roc"].endswith(
        f"mean area under the curve {np.mean(areas):.4f}, from {areas[low]:.4f} for "
        f"{'abcd'[low]} to {areas[high]:.4f} for {'abcd'[high]}."
    )


def test_an_area_that_the_rows_do_not_define_is_said() -> None:
    codes, P = predictions(2, 30)
    assert "undefined" in findings((0, 1), np.zeros_like(codes), P, labels(P))["roc"]


def test_the_most_frequent_error_is_said() -> None:
    codes = np.array([0, 0, 0, 1, 1, 2, 2], dtype=np.int32)
    P = np.eye(3)[[0, 1, 1, 1, 1, 2, 0]] * 0.7 + 0.1
    assert findings("abc", codes, P, labels(P))["confusion"] == (
        "Confusion matrix: 57.1 % of 7 test rows get their true class; the most frequent error "
        "is a taken for b, in 2 rows."
    )


def test_the_widest_gap_of_calibration_is_said() -> None:
    codes = np.array([0, 0, 1, 0], dtype=np.int32)
    P = np.column_stack([1 - np.array([0.1, 0.1, 0.9, 0.9]), [0.1, 0.1, 0.9, 0.9]])
    said = findings((0, 1), codes, P, labels(P))["calibration"]
    assert "differ by 0.2500 on average" in said
    assert "most where 0.9000 was predicted and 0.5000 observed (2 rows)" in said


def test_the_fall_of_the_training_loss_is_said() -> None:
    said = findings((0, 1), *answers(2, 20), curve=(0.7, 0.4, 0.25))["loss_curve"]
    assert said == "Training loss: 0.7000 after the first step, 0.2500 after 3."


def test_candidates_are_said_from_the_best_on() -> None:
    scores = {
        name: {"log_loss": Interval(value, value - 0.1, value + 0.1)}
        for name, value in (("prior", 0.6), ("net", 0.25))
    }
    assert of_candidates(scores) == (
        "Log loss on the test rows, the best first: net 0.2500 (0.1500 to 0.3500), "
        "prior 0.6000 (0.5000 to 0.7000)."
    )
