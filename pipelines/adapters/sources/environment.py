"""`${NAME}` in an address: put in when it is opened, taken out of whatever is said of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from pipelines.records import DataError

__all__ = ["expanded", "one_line", "unsaid"]

NAME = re.compile(r"\$\{(\w+)\}")
# The part before the host, where a password would cut the address apart unless it is quoted.
USER = re.compile(r"\A[\w.+-]+://[^/@?]*@")
# Variables whose values are nobody's business, whether or not the address names them.
SECRET = re.compile(r"(?i)pass(w|phrase)|pwd|secret|token|credential|api_?key|access_?key")
SHORTEST = 4
LONGEST = 300


def expanded(address: str, place: str, variables: Mapping[str, str] | None = None) -> str:
    """The address with the values of its `${NAME}`s.

    Raises
    ------
    DataError
        With the names that the environment does not have.
    """
    variables = os.environ if variables is None else variables
    names = dict.fromkeys(NAME.findall(address))
    absent = [name for name in names if not variables.get(name)]
    if absent:
        raise DataError(
            f"the environment has no {' and no '.join(absent)}, which the address names. "
            f"Set it before the command: export {absent[0]}=…",
            path=place,
        )
    user = USER.match(address)
    end = user.end() if user else 0
    before = NAME.sub(lambda found: quote(variables[found[1]], safe=""), address[:end])
    return before + NAME.sub(lambda found: variables[found[1]], address[end:])


def unsaid(text: str, address: str, variables: Mapping[str, str] | None = None) -> str:
    """The text with `${NAME}` where the value of a variable stands that is a secret, or may be."""
    variables = os.environ if variables is None else variables
    named = set(NAME.findall(address))
    secrets = {
        name: value
        for name, value in variables.items()
        if value and (name in named or (SECRET.search(name) and len(value) >= SHORTEST))
    }
    # The longest first: one may hold another.
    for name in sorted(secrets, key=lambda each: -len(secrets[each])):
        for written in (secrets[name], quote(secrets[name], safe=""), quote(secrets[name])):
            text = text.replace(written, f"${{{name}}}")
    return text


def one_line(error: BaseException, address: str) -> str:
    """The first line of what a library said, without any secret and of bearable length."""
    lines = str(error).strip().splitlines()
    text = " ".join(unsaid(lines[0] if lines else type(error).__name__, address).split())
    return (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…").rstrip(".")
