"""What a caller of a model must know of it: its target, its classes and its columns' types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["schema_changes"]


def schema_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """How the new contract differs, a phrase each; none where the same rows and labels fit both.

    Ranges, known values and words for gaps may differ: they decide on no row's form.
    """
    changes = [
        f"its {name} {verb} {new[name]!r} and not {old[name]!r}"
        for name, verb in (("target", "is"), ("classes", "are"))
        if new[name] != old[name]
    ]
    before, after = (_types(contract) for contract in (old, new))
    more = [repr(name) for name in after if name not in before]
    fewer = [repr(name) for name in before if name not in after]
    changes += [f"it asks for {', '.join(more)}"] if more else []
    changes += [f"it no longer takes {', '.join(fewer)}"] if fewer else []
    return changes + [
        f"column {name!r} is {after[name]} and not {kind}"
        for name, kind in before.items()
        if name in after and after[name] != kind
    ]


def _types(contract: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: " of unit ".join([spec["type"], *([spec["unit"]] if "unit" in spec else [])])
        for name, spec in contract["columns"].items()
    }
