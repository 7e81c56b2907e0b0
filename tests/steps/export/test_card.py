"""The model card: what it says, and that it stays one table a table."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from markdown_it import MarkdownIt

from pipelines.metrics import Interval, SliceScores
from pipelines.steps.export.card import card
from pipelines.steps.export.later import with_decision
from pipelines.steps.export.readme import readme
from tests.steps.export.releases import release

SECTIONS = [
    "Data",
    "Intended use and limits",
    "How good it is",
    "In groups of rows",
    "Calibration",
    "How labels are made",
    "What it costs",
    "Where it is proven",
    "Decision",
]


def section(text: str, name: str) -> str:
    return text.split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_the_card_has_its_sections_in_order() -> None:
    text = card(release())
    assert text.startswith("# pen guins, version 3\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS


def test_metrics_stand_with_their_intervals_and_what_is_not_defined_in_words() -> None:
    told = section(card(release()), "How good it is")
    assert "| log loss | 0.2500 | 0.2000 to 0.3000 |" in told
    assert "| ROC AUC | not defined on these rows |  |" in told
    assert "nan" not in card(release()).lower().replace("nanosecond", "")


def test_groups_are_told_with_their_remark() -> None:
    told = section(card(release()), "In groups of rows")
    assert "| island = Biscoe | 12 | 0.4000 (0.3000 to 0.5000) |  | worse than all other" in told
    assert "| island = missing | 3 |  |  | too small |" in told
    none = replace(release(), trained=replace(release().trained, slices=()))
    assert "No groups were asked for" in section(card(none), "In groups of rows")


def test_threshold_calibration_cost_and_proofs_are_told() -> None:
    text = card(release(threshold=0.37))
    assert "the second from 0.37 on" in section(text, "How labels are made")
    assert "| Gentoo | 0.0300 | 0.0100 to 0.0500 | 0.1000 |" in section(text, "Calibration")
    assert "99th percentile 0.090 ms), 1,000 rows 1.25 ms" in section(text, "What it costs")
    proven = section(text, "Where it is proven")
    assert "| model | ONNX Runtime CPU 1.0 | 120 | the same labels" in proven
    assert "| portable | tract |  | not proven: tract is not installed. |" in proven


def test_names_with_marks_of_markdown_break_no_line() -> None:
    trained = replace(release().trained, source="a`b\n## Decision\n|.csv")
    text = card(replace(release(), trained=trained))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS


def test_a_reader_sees_the_names_as_they_are() -> None:
    names = ("<!--a-->", "<b>c</b>", "__d__", "*e*", "[f](g)", "h|i")
    sums = {"log_loss": Interval(0.4, 0.3, 0.5)}
    slices = tuple(SliceScores(name, name, 40, sums) for name in names)
    given = release()
    told = replace(
        given,
        contract={**given.contract, "classes": ["<!--j-->", "<i>k</i>"]},
        trained=replace(given.trained, slices=slices, notes=[f"Missing: {names}."]),
        refused="Column '<!--l-->' is not exact.",
    )
    text = with_decision(card(told), "Not promoted: '<!--m-->' leaks.")
    seen = html.unescape(MarkdownIt("commonmark").enable("table").render(text))
    for name in names:
        assert f"<td>{name} = {name}</td>" in seen
    assert f"<li>Missing: {names}.</li>" in seen
    assert "<td><i>k</i></td>" in seen
    assert "Column '<!--l-->' is not exact." in seen
    assert "<p>Not promoted: '<!--m-->' leaks.</p>" in seen


def test_the_class_that_a_threshold_is_of_is_named() -> None:
    told = section(card(release(threshold=0.37)), "How labels are made")
    assert "The second class is `Gentoo`." in told
    assert "second class" not in section(card(release()), "How labels are made")


def test_every_row_of_a_table_has_the_headings_cells() -> None:
    for text in (card(release()), readme(release()), readme(release(refused="It is too large."))):
        cells = 0
        for line in text.splitlines():
            if not line.startswith("|"):
                cells = 0
                continue
            here = len(re.findall(r"(?<!\\)\|", line))
            assert cells in (0, here), line
            cells = here
