"""Which distributions a library is installed from here, and in which version."""

from __future__ import annotations

import importlib.metadata

__all__ = ["builds", "version"]

# The distributions of a library, where they are not one of its own name. ONNX Runtime's build
# for GPUs stands in place of the other one.
DISTRIBUTIONS = {
    "sklearn": ("scikit-learn",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
}


def builds(library: str) -> dict[str, str]:
    """The installed distributions of a library, each with its version; as a rule one."""
    found = {}
    for name in DISTRIBUTIONS.get(library, (library,)):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def version(library: str) -> str:
    """The version of a library, whichever of its distributions is installed.

    Raises importlib.metadata.PackageNotFoundError where none is.
    """
    found = builds(library)
    if not found:
        raise importlib.metadata.PackageNotFoundError(library)
    return next(iter(found.values()))
