"""The examples of docs/: each runs alone, and its page says what it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
FIGURES = ROOT / "docs" / "figures"
PAGES = {
    "losses": "losses.md",
    "imbalance": "imbalance.md",
    "boundaries": "which_model.md",
    "choosing": "which_model.md",
}
BALANCED = "log loss, balanced"
LARGEST = 300_000
# Other processors round otherwise, and a network's fit carries that on.
RELATIVE, ABSOLUTE = 0.05, 0.015
NUMBER = re.compile(r"[−-]?\d[\d,]*\.?\d*")

Table = list[dict[str, str]]


class Run(NamedTuple):
    """What an example printed, and the figure that it wrote."""

    printed: str
    figure: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    @cache
    def once(name: str) -> Run:
        folder = tmp_path_factory.mktemp(name)
        done = subprocess.run(
            [sys.executable, EXAMPLES / f"{name}.py", folder],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert [path.name for path in folder.iterdir()] == [f"{name}.svg"]
        return Run(done.stdout, (folder / f"{name}.svg").read_text(encoding="utf-8"))

    return once


def tables(text: str) -> list[Table]:
    """Every Markdown table; a head that is there twice counts as «head 2»."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [[cell.strip() for cell in row[1:-1].split("|")] for row in block.splitlines()]
        heads: list[str] = []
        for head in lines[0]:
            heads.append(f"{head} 2" if head in heads else head)
        found.append([dict(zip(heads, row, strict=True)) for row in lines[2:]])
    return found


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter() if
            each.tag.endswith("}text")]  # fmt: skip


def numbers(text: str) -> list[float]:
    return [float(each.replace(",", "").replace("−", "-")) for each in NUMBER.findall(text)]


def same(told: str, seen: str) -> bool:
    """Whether two texts differ in their numbers only, and in these by little."""
    return NUMBER.sub("#", told) == NUMBER.sub("#", seen) and numbers(told) == pytest.approx(
        numbers(seen), rel=RELATIVE, abs=ABSOLUTE
    )


@pytest.fixture(scope="module")
def row(run):
    """The numbers of the printed row whose first cells are these."""

    def found(name: str, number: int, *first: str) -> dict[str, float]:
        (cells,) = [each for each in tables(run(name).printed)[number] if
                    tuple(each.values())[: len(first)] == first]  # fmt: skip
        return {head: numbers(cell)[0] for head, cell in cells.items() if numbers(cell)}

    return found


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_the_tables_that_the_example_prints(run, name):
    told = tables((ROOT / "docs" / PAGES[name]).read_text(encoding="utf-8"))
    printed = tables(run(name).printed)
    assert printed
    for table in printed:
        (twin,) = [each for each in told if [*each[0]] == [*table[0]] and len(each) == len(table)]
        cells = [(a, b) for x, y in zip(twin, table, strict=True)
                 for a, b in zip(x.values(), y.values(), strict=True)]  # fmt: skip
        assert [pair for pair in cells if not same(*pair)] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_figure_in_docs_is_the_one_that_the_example_draws(run, name):
    kept, drawn = (FIGURES / f"{name}.svg").read_text(encoding="utf-8"), run(name).figure
    pairs = list(zip(texts(kept), texts(drawn), strict=True))
    assert len(pairs) > 10
    assert [pair for pair in pairs if not same(*pair)] == []
    axes = re.compile(r'id="(axes_\d+)"')
    assert axes.findall(kept) == axes.findall(drawn) != []
    assert len(drawn) == pytest.approx(len(kept), rel=0.1)


@pytest.mark.parametrize("name", PAGES)
def test_a_figure_is_small_and_holds_no_date_version_or_address_to_fetch(name):
    svg = (FIGURES / f"{name}.svg").read_text(encoding="utf-8")
    assert len(svg) < LARGEST
    assert not re.findall(r"<dc:date>|<!--|matplotlib v|matplotlib\.org", svg, re.IGNORECASE)
    assert all(each.startswith(("#", "data:")) for each in re.findall(r'href="([^"]*)"', svg))


def test_the_same_figure_gives_the_same_characters():
    code = (
        "from drawing import figure, heading, points, shade, svg; import numpy as np\n"
        "for _ in range(2):\n"
        "    drawn, axes = figure(1, 1, 3, 3)\n"
        "    shade(axes[0, 0], lambda X: 1 / (1 + np.exp(-X[:, 0])), (-1, 1, -1, 1))\n"
        "    points(axes[0, 0], np.eye(2), np.array([0, 1])); heading(axes[0, 0], 'a', 'b', 'c')\n"
        "    print(repr(svg(drawn, 'salt')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=EXAMPLES, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert len(first) > 1000


def test_every_figure_and_every_example_is_linked_from_a_page():
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    for path in FIGURES.iterdir():
        assert f"](figures/{path.name})" in pages, path.name
    for path in set(EXAMPLES.glob("*.py")) - {EXAMPLES / "drawing.py"}:
        assert f"](examples/{path.name})" in pages, path.name
        assert path.stem in PAGES


def test_sure_and_wrong_the_log_loss_pulls_and_the_squared_error_does_not(row):
    for raw in ("-6", "6"):
        assert row("losses", 0, raw)["squared error, slope"] < 0.01
    assert row("losses", 0, "-6")["log loss, slope"] > 0.99
    assert row("losses", 0, "6")["log loss, slope"] < 0.01


@pytest.mark.parametrize("network", ["no hidden layer", "16 units"])
def test_from_a_bad_start_the_squared_error_takes_more_than_twice_as_long(row, network):
    log, squared = (row("losses", 1, network, loss) for loss in ("log loss", "squared error"))
    assert squared["epochs to 0.80"] > 2 * log["epochs to 0.80"]
    assert log["accuracy at the start"] == squared["accuracy at the start"] < 0.2


def test_both_losses_give_true_probabilities_and_the_linear_threshold_does_not(row):
    log, squared, line = (
        row("losses", 2, name) for name in ("log loss", "squared error", "linear threshold")
    )
    assert log["off the truth by"] < squared["off the truth by"] < 0.03
    assert line["off the truth by"] > 3 * squared["off the truth by"]
    assert line["accuracy"] == pytest.approx(log["accuracy"], abs=0.01)


def test_far_wrong_labels_leave_the_squared_error_where_it_was(row):
    log, squared, line = (
        row("losses", 2, name) for name in ("log loss", "squared error", "linear threshold")
    )
    assert squared["accuracy, wrong labels"] == pytest.approx(squared["accuracy"], abs=0.01)
    for each in (log, line):
        assert each["accuracy, wrong labels"] < each["accuracy"] - 0.05


def test_on_a_rare_class_the_linear_threshold_raises_no_alarm_and_ranks_worse(row):
    line, log = (
        row("imbalance", 0, "linear threshold", "0.5"),
        row("imbalance", 0, "log loss", "0.5"),
    )
    assert line["recall"] == 0
    assert line["average precision"] < log["average precision"] - 0.1


def test_balanced_weights_raise_recall_and_leave_average_precision_and_spoil_the_mean(row):
    plain, balanced = row("imbalance", 0, "log loss", "0.5"), row("imbalance", 0, BALANCED)
    assert balanced["recall"] > plain["recall"] + 0.4
    assert balanced["average precision"] == pytest.approx(plain["average precision"], abs=0.02)
    assert plain["mean probability"] == pytest.approx(0.0155, abs=0.0015)
    assert balanced["mean probability"] > 8 * plain["mean probability"]


def test_the_log_loss_cut_by_the_costs_costs_least(run, row):
    costs = [numbers(each["cost of 1000 rows"])[0] for each in tables(run("imbalance").printed)[0]]
    assert row("imbalance", 0, "log loss", "1/21")["cost of 1000 rows"] == min(costs)


def test_seeds_move_the_perceptron_and_the_squared_error_and_not_the_log_loss(row):
    for name in ("perceptron", "squared error"):
        it = row("imbalance", 1, name)
        assert it["least recall"] < 0.05 < 0.3 < it["greatest"]
    log = row("imbalance", 1, "log loss")
    assert log["least recall"] == log["greatest"]
    assert log["least average precision"] == log["greatest 2"]


def test_each_model_wins_where_the_page_says_so(row):
    def score(problem: str, model: str, what: str = "accuracy") -> float:
        return row("boundaries", 0, problem, model)[what]

    line, tree, network = "logistic regression", "decision tree", "MLP (32, 32)"
    for problem in ("moons", "circles"):
        assert score(problem, line) < score(problem, tree) < score(problem, network)
    assert score("circles", line) == pytest.approx(0.5, abs=0.03)
    assert score("linear", tree) < score("linear", line) - 0.01
    assert score("linear", network) == pytest.approx(score("linear", line), abs=0.015)
    for problem in ("moons", "linear", "rare and noisy"):
        assert score(problem, tree, "log loss") > 2 * score(problem, line, "log loss")
    for model in (line, tree, network):
        assert score("rare and noisy", model) == pytest.approx(0.9, abs=0.02)


def test_other_rows_change_the_tree_most_and_its_probabilities_are_far_off(row):
    line, tree, network = "logistic regression", "decision tree", "MLP (32,)"
    for truth in ("linear", "bent"):
        changed, off = ({name: row("choosing", 1, truth, name)[what] for name in
                         (line, tree, network)} for what in
                        ("labels changed by other rows", "off the truth by"))  # fmt: skip
        assert changed[line] <= changed[network] < changed[tree]
        assert off[network] < off[tree]
    assert (
        row("choosing", 1, "linear", line)["log loss"]
        < row("choosing", 1, "linear", network)["log loss"]
    )
    assert (
        row("choosing", 1, "bent", network)["log loss"]
        < row("choosing", 1, "bent", line)["log loss"] - 0.1
    )


def test_few_rows_favour_logistic_regression_and_many_the_network_where_the_truth_is_bent(row):
    line, tree, network = (
        row("choosing", 0, "bent", name)
        for name in ("logistic regression", "decision tree", "MLP (32,)")
    )
    assert line["100 rows"] < min(tree["100 rows"], network["100 rows"]) - 0.01
    assert network["1,000 rows"] < min(tree["1,000 rows"], line["1,000 rows"]) - 0.05
    assert line["1,000 rows"] - line["10,000 rows"] < 0.02
    assert network["1,000 rows"] - network["10,000 rows"] > 0.03


def test_no_number_of_rows_brings_another_model_past_the_line_where_the_truth_is_linear(row):
    line, *others = (
        row("choosing", 0, "linear", name)
        for name in ("logistic regression", "decision tree", "MLP (32,)")
    )
    assert len(line) == 5
    assert all(line[rows] < other[rows] for other in others for rows in line)
