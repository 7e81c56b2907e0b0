"""A whole page: one file, its style within it, scripts and requests forbidden by its policy."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.report.style import CSS

__all__ = ["document"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def document(title: str, kind: str, sections: Iterable[str]) -> str:
    """The file's text; title, kind and sections are HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{CSS}\n</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title} <small>{kind}</small></h1>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )
