"""Places beyond this machine's files, found through one table: a kind of address, its module."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from pipelines.adapters.sinks.delivered import Delivery
from pipelines.adapters.sources import LOCAL
from pipelines.config import Address, is_database
from pipelines.records import DataError

__all__ = ["local_path", "open_delivery"]

PACKAGE = __name__.rpartition(".")[0]
# The module that delivers to an address, and whether it does; the first that fits.
OPENERS: dict[str, Callable[[Address], bool]] = {
    f"{PACKAGE}.database": lambda address: address.url is not None,
    f"{PACKAGE}.remote": lambda address: address.path is not None,
}


def local_path(output: str, table: str | None = None) -> Path | None:
    """The path on this machine that the output is, or None where it is none."""
    path = LOCAL.sub("", output)
    return None if table or "://" in path else Path(path)


def open_delivery(output: str, table: str | None = None) -> Delivery | None:
    """What delivers to the output, or None where it is a path on this machine.

    Raises
    ------
    DataError
        When a password stands in the address, or it names no table.
    """
    if local_path(output, table) is not None:
        return None
    if is_database(output) and not table:
        raise DataError(
            "is a database. Name the table for the answers: --to-table NAME.",
            path=_without_password(output, "url"),
        )
    given = {"url": output, "table": table} if table else {"path": output}
    try:
        address = Address.model_validate(given)
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise DataError(f"The output cannot be used: {said}.") from None
    module = importlib.import_module(next(name for name, fits in OPENERS.items() if fits(address)))
    return cast(Delivery, module.open_delivery(address))


def _without_password(output: str, key: str) -> str | None:
    """The address if it may be told."""
    try:
        Address.model_validate({key: output, "table": "answers"})
    except ValidationError:
        return None
    return output
