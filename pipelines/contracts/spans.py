"""Where each key and value of a TOML text stands, so that one can be changed and no other."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

__all__ = ["Entry", "Spans", "spans"]

Path = tuple[str, ...]

PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
KEY = re.compile(rf"{PART}(?:[ \t]*\.[ \t]*{PART})*")
SPACE = re.compile(r"[ \t]*")
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
PLAIN = re.compile(r"[^,\]}#\r\n]+")
REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")


@dataclass(frozen=True)
class Entry:
    """A key and its value: offsets in the text.

    `last` is behind the last item of a list or an inline table, and `comma` tells whether a
    comma is the character before it.
    """

    start: int
    value: int
    end: int
    last: int
    comma: bool


@dataclass(frozen=True)
class Spans:
    """Every entry by its path, and for each table where a further line would go.

    `comments` are the lines of comment that have a line to themselves, outside of any value,
    each with the table that it stands in.
    """

    entries: dict[Path, Entry]
    tables: dict[Path, int]
    comments: tuple[tuple[Path, str], ...]


def spans(text: str) -> Spans:
    """The spans of a sound TOML text; lists of tables are passed over.

    Raises
    ------
    ValueError
        Where the text is written in a way that is not followed here.
    """
    scanner = _Scanner(text)
    scanner.document()
    return Spans(scanner.entries, scanner.tables, tuple(scanner.comments))


class _Scanner:
    """Walks through the text once; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.entries: dict[Path, Entry] = {}
        self.tables: dict[Path, int] = {}
        self.comments: list[tuple[Path, str]] = []

    def document(self) -> None:
        """Note every entry of the text."""
        table: Path | None = ()
        self._between(table)
        while self.at < len(self.text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._entry(table)
            end = self._skip(REST)
            if table is not None:
                self.tables[table] = end
            self._between(table)

    def _between(self, table: Path | None) -> None:
        """Pass over empty lines and comments, and keep the comments."""
        start = self.at
        lines = self.text[start : self._skip(BLANK)].splitlines()
        if table is not None:
            self.comments += [(table, line.strip()) for line in lines if line.strip()]

    def _header(self) -> Path | None:
        brackets = "[[" if self.text.startswith("[[", self.at) else "["
        self._take(brackets)
        self._skip(SPACE)
        path = self._key()
        self._skip(SPACE)
        self._take("]" * len(brackets))
        return path if brackets == "[" else None

    def _entry(self, table: Path | None) -> Entry:
        start = self.at
        path = self._key()
        self._skip(SPACE)
        self._take("=")
        self._skip(SPACE)
        whole = None if table is None else table + path
        entry = self._value(start, whole)
        if whole is not None:
            self.entries[whole] = entry
        return entry

    def _value(self, start: int, path: Path | None) -> Entry:
        value = self.at
        bracket = self._peek()
        if bracket in ("[", "{"):
            last, comma = self._items(bracket, path)
            return Entry(start, value, self.at, last, comma)
        found = STRING.match(self.text, value) or PLAIN.match(self.text, value)
        if found is None:
            raise ValueError(f"no value at {value}")
        self.at = value + len(found.group().rstrip())
        return Entry(start, value, self.at, self.at, False)

    def _items(self, bracket: str, path: Path | None) -> tuple[int, bool]:
        closing = {"[": "]", "{": "}"}[bracket]
        self._take(bracket)
        last, comma = self.at, False
        while True:
            self._skip(BLANK)
            if self._peek() == closing:
                self._take(closing)
                return last, comma
            if bracket == "{":
                self._entry(path)
            else:
                self._value(self.at, None)
            last, comma = self.at, False
            self._skip(BLANK)
            if self._peek() == ",":
                self._take(",")
                last, comma = self.at, True

    def _key(self) -> Path:
        found = KEY.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no key at {self.at}")
        self.at = found.end()
        names: list[str] = []
        value = tomllib.loads(f"{found.group()} = 1")
        while isinstance(value, dict):
            (name, value) = next(iter(value.items()))
            names.append(name)
        return tuple(names)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self, expected: str) -> None:
        if not self.text.startswith(expected, self.at):
            raise ValueError(f"no {expected} at {self.at}")
        self.at += len(expected)

    def _skip(self, what: re.Pattern[str]) -> int:
        found = what.match(self.text, self.at)
        if found is None:
            raise ValueError(f"something else at {self.at}")
        self.at = found.end()
        return self.at
