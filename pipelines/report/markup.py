"""Pieces of HTML. Texts from data pass `escaped`; what else is handed in is HTML already."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from matplotlib.figure import Figure

from pipelines.report.canvas import svg
from pipelines.report.wording import plain

__all__ = [
    "bullets",
    "escaped",
    "figure",
    "figures",
    "numeric",
    "pairs",
    "row",
    "section",
    "table",
]


def escaped(value: object) -> str:
    """The value's text, inert in an element and in a quoted attribute."""
    return html.escape(plain(value), quote=True)


def section(heading: str, *parts: str, kind: str = "") -> str:
    """A part of the page under a heading."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<section{attribute}>\n<h2>{heading}</h2>\n" + "\n".join(parts) + "\n</section>"


def table(caption: str, heads: Sequence[str], rows: Iterable[str], numbers: int = 0) -> str:
    """A table whose last `numbers` columns hold numbers; captions, heads and rows are HTML."""
    first = len(heads) - numbers
    cells = "".join(
        f'<th scope="col"{" class=n" * (at >= first)}>{head}</th>' for at, head in enumerate(heads)
    )
    body = "\n".join(rows)
    return (
        f'<div class="wide"><table><caption><span>{caption}</span></caption>\n'
        f"<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def row(head: str, *cells: str, kind: str = "") -> str:
    """A row of a table: its head, then cells as HTML."""
    attribute = f' class="{kind}"' if kind else ""
    return f'<tr{attribute}><th scope="row">{head}</th>{"".join(cells)}</tr>'


def numeric(text: str, below: str = "", kind: str = "n") -> str:
    """A cell of a number, with a small line below it."""
    return f'<td class="{kind}">{text}{f"<small>{below}</small>" if below else ""}</td>'


def pairs(caption: str, first: str, second: str, texts: Mapping[str, str]) -> str:
    """A table of names and texts."""
    rows = (row(escaped(a), f'<td class="long">{escaped(b)}</td>') for a, b in texts.items())
    return table(caption, (first, second), rows)


def bullets(items: Iterable[object]) -> str:
    """A list of texts."""
    return "<ul>" + "".join(f"<li>{escaped(each)}</li>" for each in items) + "</ul>"


def figure(key: str, drawing: Figure, finding: str, caption: str) -> str:
    """A drawing with the text that stands for it and a visible caption."""
    wide = ' class="big"' if drawing.get_size_inches()[0] > 5.5 else ""
    image = svg(drawing, key).replace("<svg", f'<svg role="img" aria-label="{escaped(finding)}"', 1)
    return f"<figure{wide}>{image}<figcaption>{caption}</figcaption></figure>"


def figures(drawn: Iterable[str], kind: str = "figures") -> str:
    """Figures beside each other where there is room: two, or with the kind "figures three"."""
    return f'<div class="{kind}">\n' + "\n".join(drawn) + "\n</div>"
