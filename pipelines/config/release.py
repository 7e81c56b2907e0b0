"""What a version must prove, its name in the registry, and when the line runs again."""

from __future__ import annotations

import re
import zoneinfo
from typing import Literal

from pydantic import Field, field_validator

from pipelines.config.section import Section
from pipelines.cron import cron_mistake

__all__ = ["Promotion", "Registry", "Schedule"]


Metric = Literal[
    "log_loss",
    "brier",
    "roc_auc",
    "average_precision",
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "mcc",
    "expected_calibration_error",
]


class Promotion(Section):
    """What a challenger must prove and keep within."""

    metric: Metric = "log_loss"
    # More is not to be shown by 5,000 resamples.
    confidence: float = Field(default=0.95, ge=0.5, le=0.999)
    min_effect: float = Field(default=0.0, ge=0)
    max_latency_ms: float | None = Field(default=None, gt=0)
    max_latency_p99_ms: float | None = Field(default=None, gt=0)
    max_batch_latency_ms: float | None = Field(default=None, gt=0)
    latency_batch_rows: int = Field(default=1000, ge=1, le=1_000_000)
    max_size_mb: float | None = Field(default=None, gt=0)


class Registry(Section):
    """The registered model in MLflow."""

    model: str

    @field_validator("model")
    @classmethod
    def _names_a_folder_too(cls, model: str) -> str:
        if not re.fullmatch(r"\w[\w .-]*", model) or len(model.encode()) > 200:
            raise ValueError(
                "a model's name begins with a letter or a digit, has letters, digits, spaces, "
                "dots, dashes and underscores only, and is at most 200 bytes long"
            )
        return model


class Schedule(Section):
    """When retraining runs."""

    cron: str
    timezone: str = "UTC"

    @field_validator("cron")
    @classmethod
    def _has_five_fields(cls, cron: str) -> str:
        mistake = cron_mistake(cron)
        if mistake:
            raise ValueError(mistake)
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        try:
            zoneinfo.ZoneInfo(timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('is no time zone; write "UTC" or "Europe/Paris"') from None
        return timezone
