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
    """The heading within a sentence: acronyms stay."""
    acronym = heading[:2].isupper() or heading[1:2].isdigit()
    return heading if acronym else heading[0].lower() + heading[1:]
