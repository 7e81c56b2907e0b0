"""`${NAME}` in an address: put in when it is opened, taken out of whatever is said of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, unquote

from pipelines.records import DataError

__all__ = ["expanded", "one_line", "unsaid", "zones_counted"]

NAME = re.compile(r"\$\{(\w+)\}")
# The part before the host, where a password would cut the address apart unless it is quoted.
USER = re.compile(r"\A[\w.+-]+://[^/@?]*@")
# Variables whose values are nobody's business, whether or not the address names them.
SECRET = re.compile(r"(?i)pass(w|phrase)|pwd|secret|token|credential|api_?key|access_?key")
IGNORED = "PYARROW_IGNORE_TIMEZONE"
SHORTEST = 4
# Where a library may cut an address into parts.
MARKS = re.compile(r"[\s:/@?&=;#,]+")
SCHEME = re.compile(r"\A[\w.+-]+://")
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
    for name in sorted(named & secrets.keys()):
        text = _without_parts(text, name, secrets[name])
    return text


def _without_parts(text: str, name: str, value: str) -> str:
    """The text without the parts of a value that is, or holds part of, an address.

    A password that is not quoted cuts an address where nobody meant it to: of `u:p@ss@host` a
    driver complains of the host `ss@host`. So no part is known to be harmless.
    """
    rest = SCHEME.sub("", value)
    found = {part for whole in (rest, unquote(rest)) for part in MARKS.split(whole)}
    parts = sorted({*found, *map(quote, found), *map(unquote, found)} - {""}, key=len)[::-1]
    if len(parts) < 2:
        return text
    long = [re.escape(part) for part in parts if len(part) >= SHORTEST]
    short = [rf"(?<!\w){re.escape(part)}(?!\w)" for part in parts if len(part) < SHORTEST]
    pattern = "|".join([r"\$\{\w+\}", *long, *short])
    return re.sub(
        pattern,
        lambda each: each[0] if NAME.fullmatch(each[0]) else f"${{{name}}}",
        text,
        flags=re.IGNORECASE,
    )


@contextmanager
def zones_counted() -> Iterator[None]:
    """Arrow converts moments with their zones, whatever PYARROW_IGNORE_TIMEZONE says.

    Libraries set it for the whole process when they are imported: pandera, pyspark.pandas.
    """
    before = os.environ.pop(IGNORED, None)
    try:
        yield
    finally:
        if before is not None:
            os.environ[IGNORED] = before


def one_line(error: BaseException, address: str) -> str:
    """The first line of what a library said, without any secret and of bearable length."""
    try:
        said = str(error)
    except Exception:  # an error of the user's own code may fail to say what it is
        said = ""
    # Before the lines are cut apart: a secret may go over several.
    lines = unsaid(said, address).strip().splitlines()
    text = " ".join((lines[0] if lines else type(error).__name__).split())
    return (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…").rstrip(".")
