"""RESULTS.md as parts with sections, so that a run of one of them leaves the others as they are.

A part is a heading of the second level, a section one of the third; what stands below a
part's heading before its first section is the section "".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["HEADER", "PARTS", "parsed", "pruned", "replaced", "written"]

HEADER = """\
# What it costs

Written by `python -m benchmarks`, each table with its machine and versions. Medians; absolute
times drift from run to run, the ratios inside one table are what counts.
"""
# Their order on the page.
PARTS = (
    "Data",
    "Drift",
    "Inference",
    "The line",
    "Metrics",
    "Parity",
    "Promotion",
    "Scoring",
    "Training",
)

Page = dict[str, dict[str, str]]


def parsed(text: str) -> Page:
    """Part → section → body of a page; what stands above the first part is left out."""
    return {part: dict(_split(body, "###")) for part, body in _split(text, "##") if part}


def _split(text: str, mark: str) -> list[tuple[str, str]]:
    """Headings of one level with what stands below each; the text above the first has ""."""
    above, *rest = re.split(rf"^{mark} (.*)\n", text, flags=re.MULTILINE)
    pairs = [("", above), *zip(rest[::2], rest[1::2], strict=True)]
    return [(heading, body.strip()) for heading, body in pairs if heading or body.strip()]


def written(page: Page) -> str:
    """The page as text, known parts in their order, then any other."""
    order = sorted(page, key=lambda part: PARTS.index(part) if part in PARTS else len(PARTS))
    blocks = [HEADER]
    for part in order:
        blocks.append(f"## {part}\n")
        for section, body in page[part].items():
            blocks.append((f"### {section}\n\n" if section else "") + f"{body.strip()}\n")
    return "\n".join(blocks)


def replaced(text: str, part: str, section: str, body: str) -> str:
    """The page with one section new, in its old place or last in its part."""
    page = parsed(text)
    page.setdefault(part, {})[section] = body
    return written(page)


def pruned(text: str, part: str, sections: Sequence[str]) -> str:
    """The page with the part's named sections, in the order given, and no other of that part."""
    page = parsed(text)
    page[part] = {name: page[part][name] for name in sections if name in page.get(part, {})}
    return written(page)
