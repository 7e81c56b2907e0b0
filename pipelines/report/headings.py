"""The metrics' names as a reader sees them."""

from __future__ import annotations

__all__ = ["HEADINGS", "inline"]

HEADINGS = {
    "log_loss": "Log loss",
    "brier": "Brier score",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "mcc": "MCC",
    "expected_calibration_error": "Calibration error",
}


def inline(heading: str) -> str:
    """The heading within a sentence: acronyms and Brier's name stay."""
    stays = heading[:2].isupper() or heading[1:2].isdigit() or heading.startswith("Brier")
    return heading if stays else heading[0].lower() + heading[1:]
