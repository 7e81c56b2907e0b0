"""What a version costs, as the budgets of `[promotion]` count it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cost"]


@dataclass(frozen=True)
class Cost:
    """Times through the session that serves, and the size of the file it serves.

    Attributes
    ----------
    latency_ms, latency_p99_ms : float
        Median and 99th percentile of the time of one row, a dict in and probabilities out.
    batch_latency_ms : float
        Median time of a table of `batch_rows` rows.
    batch_rows : int
    size_mb : float
        Size of model.onnx, in 10⁶ bytes.
    """

    latency_ms: float
    latency_p99_ms: float
    batch_latency_ms: float
    batch_rows: int
    size_mb: float

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        return (
            f"One row takes {self.latency_ms:.3f} ms (99th percentile {self.latency_p99_ms:.3f} "
            f"ms), {self.batch_rows:,} rows {self.batch_latency_ms:.2f} ms; model.onnx has "
            f"{self.size_mb:.3f} MB."
        )
