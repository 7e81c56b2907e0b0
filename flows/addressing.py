"""What `init` is pointed at (a file, a folder, a database, a function) as the config names it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from pipelines.config import Address, is_database
from pipelines.records import DataError

__all__ = ["address_of", "beside", "given_parameters", "seen_from", "stem"]

FUNCTION = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*")
MAGIC = re.compile(r"[*?\[\]]+")

# The key of [source] that the text belongs to, and whether it does; the first that fits.
KEYS: dict[str, Callable[[str, bool], bool]] = {
    "url": lambda text, asked: asked or is_database(text),
    "callable": lambda text, _: bool(FUNCTION.fullmatch(text)) and not Path(text).exists(),
    "path": lambda _, __: True,
}


def address_of(
    text: str, table: str | None, query: str | None, parameters: Sequence[str] = ()
) -> Address:
    """The address that TABLE, --table, --query and --parameter give together.

    Raises
    ------
    DataError
        When they do not go together, or a password stands in the address.
    """
    key = next(key for key, fits in KEYS.items() if fits(text, bool(table or query)))
    given = {"table": table, "query": query, "parameters": given_parameters(parameters)}
    try:
        named = {name: value for name, value in given.items() if value}
        return Address.model_validate({key: text, **named})
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise DataError(f"TABLE cannot be read so: {said}. See logitline init --help.") from None


def given_parameters(parameters: Sequence[str]) -> dict[str, Any]:
    """The values that several --parameter NAME=VALUE give."""
    return dict(map(_parameter, parameters))


def stem(address: Address) -> str:
    """A name for the table: that of its file, folder, table or function."""
    text = address.path or address.callable or address.table or address.url or ""
    if address.callable or address.table:
        text = re.sub(r"[.:]", "/", text)
    # No name is made of a partition, `year=2024`.
    parts = [part for part in text.partition("?")[0].split("/") if "=" not in part]
    stems = [MAGIC.sub("", PurePosixPath(part).stem) for part in parts]
    names = [re.sub(r"[^\w.-]+", "-", each).strip("-.") for each in stems]
    return next((name for name in reversed(names) if name), "table")


def beside(address: Address) -> Path:
    """Where the config goes by default: beside the file or folder, else into this folder."""
    path = address.path or ""
    if not _is_plain(path):
        return Path(f"{stem(address)}.toml")
    whole = Path(path)
    if whole.is_dir():
        return whole.resolve().with_name(f"{whole.resolve().name}.toml")
    if MAGIC.search(path) is None or whole.exists():
        return whole.with_suffix(".toml")
    parts = whole.parts
    start = next(i for i, part in enumerate(parts) if MAGIC.search(part))
    return Path(*parts[:start]) / f"{stem(address)}.toml"


def seen_from(folder: Path, address: Address) -> Address:
    """The address as a config in the folder names it: a path is relative to that folder."""
    path = address.path or ""
    if not _is_plain(path):
        return address
    relative = os.path.relpath(Path(path).resolve(), folder.resolve()).replace(os.sep, "/")
    return address.model_copy(update={"path": relative})


def _is_plain(path: str) -> bool:
    """Whether it is a path on this machine and nothing else."""
    return bool(path) and "://" not in path and "${" not in path


def _parameter(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value as TOML reads it, or else as text."""
    name, equals, value = text.partition("=")
    if not (name.isidentifier() and equals):
        raise DataError(f"--parameter {text!r} is not NAME=VALUE, as in --parameter days=30.")
    try:
        (read,) = tomllib.loads(f"value = {value}").values()
    except ValueError:
        return name, value
    return name, read if isinstance(read, bool | int | float | str) else value
