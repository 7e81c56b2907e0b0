"""Numbers and names as a reader sees them."""

from __future__ import annotations

import math
import unicodedata

from pipelines.metrics import Interval

__all__ = [
    "compact",
    "confidence",
    "interval",
    "name",
    "number",
    "percent",
    "plain",
    "seconds",
    "sentence",
    "share",
    "signed",
]

NAME_LENGTH = 20
MOST_SURE = 0.9999
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(value: object) -> str:
    """The value's text, a space in place of what would break a line, a file or its order.

    Control characters and lone surrogates cannot be written as XML or UTF-8; marks that
    override the direction of writing would turn the text around them.
    """
    return "".join(
        " " if character in DIRECTION or unicodedata.category(character) in CONTROLS else character
        for character in str(value)
    )


def name(value: object, limit: int = NAME_LENGTH) -> str:
    """The value's text on one line, cut after `limit` characters."""
    text = " ".join(plain(value).split()) or "(blank)"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def number(value: float) -> str:
    """Four decimals, one for large values, two digits for small ones; "–" where there is none."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if 1e-6 <= size < 0.001:
        text = f"{value:.1e}"
    elif size < 100:
        text = f"{round(value, 4) + 0.0:.4f}"
    else:
        text = f"{value:,.1f}"
    return text.replace("-", "−")


def interval(value: Interval) -> str:
    """The bounds, as "low to high"; empty where there are none."""
    if not (math.isfinite(value.low) and math.isfinite(value.high)):
        return ""
    return f"{number(value.low)} to {number(value.high)}"


def share(value: float) -> str:
    """A share in percent; "–" where there is none."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"


def confidence(value: float) -> str:
    """A confidence in percent, as a reader takes it: no number of resamples makes one certain."""
    return "over 99.99 %" if value > MOST_SURE else f"{100 * value:.2f} %"


def percent(value: float) -> str:
    """A share that was asked for, in as many digits as it was given: 95 %, 99.5 %."""
    return f"{100 * value:g} %"


def signed(value: float) -> str:
    """A difference: as `number`, with its sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def seconds(value: float) -> str:
    """A time with its unit."""
    if not math.isfinite(value):
        return "–"
    if value < 0.0995:
        return f"{1000 * value:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


def compact(count: int) -> str:
    """A count in at most four characters or so: 950, 1.2k, 35k, 2.1M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            scaled = count / size
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{scaled:.0f}{unit}"
    return str(count)
