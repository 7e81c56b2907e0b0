"""Where rows come from: one file a kind of origin, found through one table.

A kind's module is imported when an origin of it is opened, so that a CSV file on disk waits for
neither fsspec nor SQLAlchemy.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from pipelines.adapters.sources.environment import expanded
from pipelines.adapters.sources.folder import is_several
from pipelines.adapters.sources.origin import Files, Origin
from pipelines.config import Address, is_database
from pipelines.records import DataError

__all__ = ["LOCAL", "Files", "Origin", "module_of", "open_files", "open_source"]

# How an address of this machine's own files begins.
LOCAL = re.compile(r"(?i)\A(file|local)://")

# The module that opens an address, and whether the address is one for it; the first that fits.
OPENERS: dict[str, Callable[[Address, Path], bool]] = {
    f"{__name__}.database": lambda address, _: address.url is not None,
    f"{__name__}.function": lambda address, _: address.callable is not None,
    f"{__name__}.remote": lambda address, _: "://" in (address.path or ""),
    f"{__name__}.folder": lambda address, base: is_several(base, address.path or ""),
    f"{__name__}.file": lambda address, _: address.path is not None,
}


def open_source(address: Address, base: Path) -> Origin:
    """The origin at an address; relative paths are seen from the folder `base`."""
    module = importlib.import_module(module_of(address, base))
    found = _as_found(address)
    # Elsewhere the address may hold a secret, so ${NAME} stays in it until it is opened.
    elsewhere = "://" in (found.path or "")
    return cast(Origin, module.open_source(address if elsewhere else found, base))


def open_files(
    place: str,
    table: str | None = None,
    query: str | None = None,
    parameters: Mapping[str, bool | int | float | str] | None = None,
) -> Files:
    """The file, folder, pattern, fsspec address or database, as seen from the working folder.

    Raises
    ------
    DataError
        When a password stands in the address, or the arguments do not go together.
    """
    key = "url" if is_database(place) or table or query else "path"
    given = {key: place, "table": table, "query": query, "parameters": dict(parameters or {})}
    try:
        address = Address.model_validate({k: value for k, value in given.items() if value})
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise DataError(f"The input cannot be used: {said}.") from None
    return cast(Files, open_source(address, Path()))


def module_of(address: Address, base: Path) -> str:
    """The module that opens the address."""
    address = _as_found(address)
    return next(module for module, fits in OPENERS.items() if fits(address, base))


def _as_found(address: Address) -> Address:
    """The address with what the environment says of its path, which alone tells where that is."""
    if address.path is None:
        return address
    path = LOCAL.sub("", expanded(address.path, address.path))
    return address.model_copy(update={"path": path})
