"""A summary as a table: in plain text, as statisticians know it, and in HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.estimators.statistics.summary import Summary

__all__ = ["html_table", "text_table"]

WIDTH, LONGEST_NAME = 86, 28


def number(value: float) -> str:
    """Four decimals, or four significant digits where those would say little."""
    size = abs(value)
    plain = not isfinite(value) or size == 0 or 1e-3 <= size < 1e5
    return f"{value:.4f}" if plain else f"{value:.3e}"


def headings(summary: Summary) -> list[str]:
    share = (1 - summary.level) / 2
    return [
        *("coef", "std err", "z", "P>|z|"),
        *(f"[{share:.4g}", f"{1 - share:.4g}]", "odds ratio"),
    ]


def cells(summary: Summary, term: int) -> list[str]:
    return [
        number(summary.coefficient[term]),
        number(summary.standard_error[term]),
        f"{summary.z[term]:.3f}",
        f"{summary.p_value[term]:.3f}",
        number(summary.lower[term]),
        number(summary.upper[term]),
        number(summary.odds_ratio[term]),
    ]


def title(summary: Summary) -> str:
    if len(summary.classes) == 2:
        return (
            f"Logistic regression: log odds of {summary.classes[1]!r} against "
            f"{summary.classes[0]!r}"
        )
    return f"Multinomial logistic regression: log odds against {summary.classes[0]!r}"


def facts(summary: Summary) -> list[tuple[str, str]]:
    """What stands above the table, left and right in turn."""
    penalty = f"C={summary.C:g}, l1_ratio={summary.l1_ratio:g}" if isfinite(summary.C) else "none"
    return [
        ("Rows", str(summary.n_rows)),
        ("Log likelihood", number(summary.log_likelihood)),
        ("Sum of weights", f"{summary.total_weight:g}"),
        ("Null log likelihood", number(summary.null_log_likelihood)),
        ("Degrees of freedom", f"{summary.degrees:.6g}"),
        ("Pseudo R2 (McFadden)", number(summary.pseudo_r2)),
        ("Penalty", penalty),
        ("Likelihood ratio p", f"{summary.llr_p_value:.4g}"),
        ("Solver", summary.solver or "-"),
        ("AIC", number(summary.aic)),
        ("Converged", "yes" if summary.converged else "no"),
        ("BIC", number(summary.bic)),
    ]


def blocks(summary: Summary) -> list[tuple[str, list[int]]]:
    """The terms of each class with the class's heading, which two classes do without."""
    n_terms = len(summary.name) // max(len(summary.classes) - 1, 1)
    groups = groupby(range(len(summary.name)), key=lambda term: term // max(n_terms, 1))
    return [
        ("" if len(summary.classes) == 2 else repr(summary.classes[1 + k]), list(terms))
        for k, terms in groups
    ]


def text_table(summary: Summary) -> str:
    """The summary in plain text."""
    rows = [cells(summary, term) for term in range(len(summary.name))]
    names = [shortened(name) for name in summary.name]
    first = max(map(len, [*names, *(heading for heading, _ in blocks(summary))]), default=0) + 1
    widths = [max(map(len, column)) + 2 for column in zip(headings(summary), *rows, strict=True)]
    width = max(WIDTH, first + sum(widths))

    def line(name: str, row: Sequence[str]) -> str:
        return name.ljust(first) + "".join(
            cell.rjust(size) for cell, size in zip(row, widths, strict=True)
        )

    lines = [title(summary).center(width).rstrip(), "=" * width]
    pairs = facts(summary)
    half = width // 2 - 1
    for (a, b), (c, d) in zip(pairs[::2], pairs[1::2], strict=True):
        right = width - half - 2
        lines.append(f"{a}:{b.rjust(half - len(a) - 1)}  {c}:{d.rjust(right - len(c) - 1)}")
    lines += ["=" * width, line("", headings(summary)), "-" * width]
    for heading, terms in blocks(summary):
        lines += [heading] * bool(heading)
        lines += [line(names[term], rows[term]) for term in terms]
    lines.append("=" * width)
    for note in summary.notes:
        lines += wrap(note, width, initial_indent="* ", subsequent_indent="  ")
    return "\n".join(lines)


def shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def html_table(summary: Summary) -> str:
    """The summary in HTML, as a notebook shows it."""
    pairs = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in facts(summary))
    head = "".join(f"<th>{escape(each)}</th>" for each in ["", *headings(summary)])
    body = ""
    for heading, terms in blocks(summary):
        if heading:
            body += f'<tr><th colspan="8">{escape(heading)}</th></tr>'
        for term in terms:
            row = "".join(f"<td>{escape(cell)}</td>" for cell in cells(summary, term))
            body += f"<tr><th>{escape(summary.name[term])}</th>{row}</tr>"
    notes = "".join(f"<li>{escape(note)}</li>" for note in summary.notes)
    return (
        f"<p><b>{escape(title(summary))}</b></p><table>{pairs}</table>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        + (f"<ul>{notes}</ul>" if notes else "")
    )
