"""Reading a configuration file: every mistake with place and remedy, and never a traceback."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.adapters.sources import open_source
from pipelines.config import Address, Config
from pipelines.contracts import toml
from pipelines.estimators.registry import check
from pipelines.loading import ConfigError, load_config

RIGHT = """\
[source]
path = "t.csv"
target = "y"
classes = [0, 1]

[columns]
a = { type = "number", min = 0 }
"b, mm" = { type = "category", values = ["x", "z"] }

[split]
test = 0.3

[[candidates]]
name = "linear"
estimator = "logistic"
C = 1.0

[[candidates]]
name = "tree"
estimator = "decision_tree"

[registry]
model = "m"
"""


def names(address: Address, folder: Path) -> list[str] | None:
    return open_source(address, folder).names()


def load(folder: Path, text: str | bytes) -> Config:
    (folder / "t.csv").write_text('a,"b, mm",y\n')
    path = folder / "c.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(path, names, check)


def problems(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(folder, text)
    return [str(problem) for problem in refused.value.problems]


def test_a_right_configuration_is_read_whole(tmp_path: Path) -> None:
    config = load(tmp_path, RIGHT)
    assert config.split.test == 0.3
    assert list(config.columns) == ["a", "b, mm"]
    assert [each.name for each in config.candidates] == ["linear", "tree"]
    assert config.candidates[0].parameters == {"C": 1.0}


def test_a_byte_order_mark_before_the_text_is_overlooked(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + RIGHT) == load(tmp_path, RIGHT)


# What is replaced in RIGHT, by what, and the one problem: its place, and words of its remedy.
MISTAKES = [
    (
        "[registry]",
        '[evaluation]\nslices = ["c"]\n[registry]',
        "evaluation.slices[0]",
        "[columns] has no",
    ),
    (
        "[registry]",
        '[evaluation]\nslices = ["a", { column = "a" }]\n[registry]',
        "evaluation.slices[1]",
        "listed twice",
    ),
    (
        "[registry]",
        '[evaluation]\nslices = [{ column = "b, mm", quantiles = 4 }]\n[registry]',
        "evaluation.slices[0].quantiles",
        "Take quantiles out.",
    ),
    (
        "[registry]",
        '[evaluation]\nslices = [{ column = "a", quantiles = 1 }]\n[registry]',
        "evaluation.slices[0].quantiles",
        "greater than or equal to 2",
    ),
    (
        "[registry]",
        '[evaluation]\nslices = [{ column = "a", quantile = 4 }]\n[registry]',
        "evaluation.slices[0].quantile",
        "Did you mean 'quantiles'?",
    ),
    ("[registry]", "[evaluation]\nslices = [5]\n[registry]", "evaluation.slices[0]", "is no table"),
    (
        "[registry]",
        '[evaluation]\nslices = "a"\n[registry]',
        "evaluation.slices",
        "Write it as a list",
    ),
    ("[source]", "[sourc]", "sourc", "Did you mean 'source'?"),
    ('target = "y"', 'taget = "y"', "source.taget", "Did you mean 'target'?"),
    ('target = "y"', "", "source.target", "Add it"),
    ('target = "y"', "target = 3", "source.target", "in quotes"),
    ('target = "y"', 'target = "yy"', "source.target", "Did you mean 'y'?"),
    ('"t.csv"', '"u.csv"', "source.path", "Check the path"),
    ('"t.csv"', '"."', "source.path", "by a pattern such as"),
    ('"t.csv"', '"a\\u0000b"', "source.path", "Check the path"),
    ('"t.csv"', f'"{"a" * 5_000}"', "source.path", "Check the path"),
    ("[0, 1]", "[0.5, 1]", "source.classes[0]", "whole numbers, text in quotes"),
    ("[0, 1]", '[0, "1"]', "source.classes", "all as numbers or all as text"),
    ("[0, 1]", "3", "source.classes", "as a list"),
    ("[0, 1]", "[0]", "source.classes", "Add what is missing"),
    ('"number", min', '"numbr", min', "columns.a.type", "Did you mean 'number'?"),
    ('"number", min', "[1], min", "columns.a.type", "Known: 'number', 'integer'"),
    ('type = "number", ', "", "columns.a.type", "Known: 'number', 'integer'"),
    ('{ type = "number", min = 0 }', "3", "columns.a", "as a table"),
    ("min = 0", "mini = 0", "columns.a.mini", "Did you mean 'min'?"),
    ("min = 0", 'min = "0"', "columns.a.min", "without quotes"),
    ("min = 0", "min = nan", "columns.a.min", "Leave the key out"),
    ("min = 0", "min = 2, max = 1", "columns.a", "min (2) is above max (1)"),
    ("a = {", "aa = {", "columns.aa", "Did you mean 'a'?"),
    ("a = {", "y = {", "columns.y", "take it out of [columns]"),
    ('["x", "z"]', "[]", 'columns."b, mm".values', "Add what is missing"),
    ('["x", "z"]', '["x", 1]', 'columns."b, mm".values[1]', "in quotes"),
    ("test = 0.3", "test = 1.5", "split.test", "less than 1"),
    ("test = 0.3", "test = true", "split.test", "without quotes"),
    ("test = 0.3", 'key = "why"', "split.key", "Known: 'a', 'b, mm', 'y'"),
    ("test = 0.3", 'key = "y"', "split.key", "leave key out"),
    ("test = 0.3", "validation = 0.2", "split.validation", 'by = "validation"'),
    ('name = "linear"', "", "candidates[0].name", "Add it"),
    ('name = "tree"', 'name = "linear"', "candidates[1].name", "Rename one"),
    ('name = "tree"', 'name = "-"', "candidates[1].name", "begins with a letter"),
    ('"decision_tree"', '"decision_trees"', "candidates[1]", "Did you mean 'decision_tree'"),
    ('"decision_tree"', "3", "candidates[1].estimator", "in quotes"),
    ("C = 1.0", "Cee = 1.0", "candidates[0]", "It is one of: C"),
    ("C = 1.0", "C = -1.0", "candidates[0]", "in the range"),
    ("C = 1.0", "C = inf", "candidates[0].C", "finite number"),
    ("C = 1.0", "C = 2024-01-01", "candidates[0]", "must be a number, a text"),
    ('model = "m"', 'model = "../m"', "registry.model", "letters, digits, spaces"),
    ("[registry]", '[selection]\nby = "validation"\n[registry]', "selection.by", "a share"),
    ("[registry]", '[selection]\nmetric = "f1"\n[registry]', "selection.metric", "'log_loss'"),
    ("[registry]", "[selection]\nfolds = 1\n[registry]", "selection.folds", "equal to 2"),
    (
        "[registry]",
        '[calibration]\nmethod = "platt"\n[registry]',
        "calibration.method",
        "'sigmoid'",
    ),
    *(
        ("[registry]", f"[threshold]\n{lines}\n[registry]", place, remedy)
        for lines, place, remedy in (
            ('kind = "f1"', "threshold.kind", "'best_f1'"),
            ('kind = "recall"', "threshold", "needs at_least"),
            ('kind = "recall"\nat_least = 1.01', "threshold.at_least", "or equal to 1"),
            ('kind = "recall"\nat_least = 0', "threshold.at_least", "greater than 0"),
            ("at_least = 0.9", "threshold", 'belongs to kind = "recall" or "precision"'),
            ('kind = "costs"', "threshold", "needs costs"),
            ("costs = [[0, 1], [5, 0]]", "threshold", 'belongs to kind = "costs"'),
            *(
                (f'kind = "costs"\ncosts = {costs}', place, remedy)
                for costs, place, remedy in (
                    ("[[0, 1], [5]]", "threshold.costs", "as many columns as rows"),
                    ("[[0, 1], [-5, 0]]", "threshold.costs[1][0]", "or equal to 0"),
                    ("[[0, 1], [inf, 0]]", "threshold.costs[1][0]", "Leave the key out"),
                    ("[[0, 0], [0, 0]]", "threshold.costs", "all costs are zero"),
                    ("[[1, 0], [0, 1]]", "threshold.costs", "row 1 a wrong label costs less"),
                    ("[[0, 0], [5, 0]]", "threshold.costs", "column 1 is nowhere below column 2"),
                    (
                        "[[0, 1, 1], [1, 0, 1], [1, 1, 0]]",
                        "threshold.costs",
                        "in the sorted order of the classes",
                    ),
                )
            ),
        )
    ),
    ("[registry]", '[schedule]\ncron = "0 3"\n[registry]', "schedule.cron", "0 3 * * *"),
    (
        "[registry]",
        '[schedule]\ncron = "0 3 * * *"\ntimezone = "Nowhere"\n[registry]',
        "schedule.timezone",
        "Europe/Paris",
    ),
    (
        "[registry]",
        "[promotion]\nconfidence = 1.0\n[registry]",
        "promotion.confidence",
        "equal to 0.999",
    ),
    ("[registry]", "[compute]\ncores = 0\n[registry]", "compute.cores", "equal to 1"),
    ("[registry]", "compute = 3\n[registry]", "candidates[1]", "no parameter 'compute'"),
]


@pytest.mark.parametrize(
    ("before", "after", "place", "remedy"), MISTAKES, ids=[m[1][:40] for m in MISTAKES]
)
def test_a_mistake_is_named_by_its_place_with_the_remedy(
    tmp_path: Path, before: str, after: str, place: str, remedy: str
) -> None:
    assert RIGHT.count(before) == 1
    found = problems(tmp_path, RIGHT.replace(before, after))
    (mine,) = [each for each in found if each.startswith(f"{place}: ")]
    assert remedy in mine
    # The right key is missing where the wrong one stands.
    assert [each for each in found if not each.endswith(": is missing. Add it.")] in ([mine], [])


def test_all_mistakes_are_reported_together_and_counted(tmp_path: Path) -> None:
    text = RIGHT.replace("[0, 1]", "[0]").replace("test = 0.3", "test = 2").replace("1.0", "-1")
    text = text.replace('"t.csv"', '"u.csv"').replace('name = "tree"', 'name = "linear"')
    text = text.replace("a = {", "y = {").replace('"m"', '"/"')
    found = problems(tmp_path, text)
    places = [each.split(": ")[0] for each in found]
    assert sorted(places) == [
        "candidates[0]",
        "candidates[1].name",
        "columns.y",
        "registry.model",
        "source.classes",
        "source.path",
        "split.test",
    ]
    with pytest.raises(ConfigError, match="7 mistakes; nothing was run"):
        load(tmp_path, text)


def test_an_empty_file_names_the_four_sections_it_lacks(tmp_path: Path) -> None:
    places = {each.split(": ")[0] for each in problems(tmp_path, "")}
    assert places == {"source", "columns", "candidates", "registry"}


def test_a_nameless_candidate_does_not_clash_with_one_named_none(tmp_path: Path) -> None:
    text = RIGHT.replace('name = "linear"', "").replace('name = "tree"', 'name = "None"')
    assert problems(tmp_path, text) == ["candidates[0].name: is missing. Add it."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"x = \xff", "is not UTF-8 text. Save it as UTF-8"),
        (RIGHT.encode("utf-16"), "is not UTF-8 text"),
        (b"x = \x00", "TOML syntax"),
        ("a = b", "Text stands in quotes"),
        ("a = 1\na = 2", "each key stands once"),
        ("x = " + "1" * 5_000, "TOML syntax"),
        ("x = " + "[" * 100_000, "too many brackets"),
        ("x = " + "[" * 30 + "]" * 30, "too many brackets"),
        ("x = " + "{a=" * 30 + "1" + "}" * 30, "too many brackets"),
        (".".join(["a"] * 5_000) + " = 1", "too many brackets or dots"),
    ],
    ids=["latin", "utf-16", "nul", "syntax", "twice", "digits", "open", "lists", "tables", "dots"],
)
def test_a_file_that_is_no_toml_is_one_mistake(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    (problem,) = problems(tmp_path, text)
    assert words in problem


def test_a_folder_and_a_missing_file_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder.*Give the \.toml file"):
        load_config(tmp_path, names, check)
    with pytest.raises(ConfigError, match=r"no such file.*logitline init"):
        load_config(tmp_path / "none.toml", names, check)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be read: Not a directory"):
        load_config(tmp_path / "file" / "c.toml", names, check)


def test_what_the_table_reader_says_stands_at_source_path(tmp_path: Path) -> None:
    def unreadable(_: Address, __: Path) -> Sequence[str]:
        raise ValueError("the table is empty. Give one with rows.")

    (tmp_path / "t.csv").write_text("")
    path = tmp_path / "c.toml"
    path.write_text(RIGHT)
    with pytest.raises(ConfigError) as refused:
        load_config(path, unreadable, check)
    assert [str(each) for each in refused.value.problems] == [
        "source.path: the table is empty. Give one with rows."
    ]


def test_the_table_is_asked_for_by_its_address_and_the_config_s_folder(tmp_path: Path) -> None:
    asked = []

    def ask(address: Address, folder: Path) -> list[str]:
        asked.append((address, folder))
        return ["a", "b, mm", "y"]

    path = tmp_path / "c.toml"
    given = {"url": "postgresql://host/db", "query": "SELECT :n", "parameters": {"n": 3}}
    lines = "\n".join(f"{key} = {written(value)}" for key, value in given.items())
    path.write_text(RIGHT.replace('path = "t.csv"', lines))
    load_config(path, ask, check)
    assert asked == [(Address(**given), tmp_path)]


def test_every_column_that_the_file_names_must_be_in_the_table(tmp_path: Path) -> None:
    text = RIGHT.replace('target = "y"', 'target = "Y"\nunique = ["a", "id"]\noutcome_time = "t"')
    text = text.replace("test = 0.3", 'kind = "time"\ncolumn = "day"').replace("a = {", "A = {")
    found = problems(tmp_path, text)
    assert [each.split(".")[:2] for each in found if "has no column" in each] == [
        ["source", "target: the table has no column 'Y'"],
        ["source", "outcome_time: the table has no column 't'"],
        ["source", "unique: the table has no column 'id'"],
        ["split", "column: the table has no column 'day'"],
        ["columns", "A: the table has no column 'A'"],
    ]


def test_where_only_reading_tells_the_names_they_are_left_to_ingest(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(RIGHT.replace('path = "t.csv"', 'callable = "loans:recent"'))
    assert load_config(path, lambda _, __: None, check).source.callable == "loans:recent"


@pytest.mark.parametrize(
    "line",
    [
        'url = "postgresql://me:hunter2@host/db"\ntable = "t"',
        'url = "postgresql://me:hunter/2@host/db"\ntable = "t"',
        'url = "postgresql://host/db?user=me&password=hunter2"\ntable = "t"',
        'path = "s3://key:hunter2@bucket/t.csv"',
        'path = "https://host/t.csv?X-Amz-Signature=hunter2"',
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    (problem,) = problems(tmp_path, RIGHT.replace('path = "t.csv"', line))
    assert "a password stands in the address" in problem
    assert "hunter" not in problem
    named = re.sub(r"hunter/?2", "${DB_PASSWORD}", line)
    assert not problems_of(tmp_path, RIGHT.replace('path = "t.csv"', named))


def problems_of(folder: Path, text: str) -> list[str]:
    """The mistakes in a text whose table need not be there."""
    path = folder / "c.toml"
    path.write_text(text)
    try:
        load_config(path, lambda _, __: None, check)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


WORDS = [
    *("source", "columns", "split", "candidates", "selection", "promotion", "registry", "schedule"),
    *("compute", "path", "target", "classes", "missing", "type", "values", "min", "max", "number"),
    *("category", "date", "unit", "name", "estimator", "mlp", "logistic", "hidden_layer_sizes"),
    *("alpha", "key", "salt", "test", "validation", "by", "folds", "cron", "timezone", "model"),
    *("t.csv", "y", "a", "", "é", 'a"b', "None"),
]
SCALARS = (
    st.sampled_from(WORDS)
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=8,
)
COLUMN = st.dictionaries(st.sampled_from(["type", "min", "max", "values", "unit"]), VALUES)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.dictionaries(st.sampled_from(["path", "target", "classes"]), VALUES) | VALUES,
        "columns": st.dictionaries(st.sampled_from(WORDS), COLUMN | VALUES, max_size=3) | VALUES,
        "split": st.dictionaries(st.sampled_from(["test", "validation", "key"]), VALUES) | VALUES,
        "candidates": st.lists(
            st.fixed_dictionaries(
                {"estimator": st.sampled_from(["mlp", "prior", "hist_gradient_boosting", "é"])},
                optional={"name": VALUES, "alpha": VALUES, "hidden_layer_sizes": VALUES},
            ),
            max_size=2,
        )
        | VALUES,
        "selection": st.dictionaries(st.sampled_from(["by", "folds"]), VALUES) | VALUES,
        "registry": st.dictionaries(st.sampled_from(["model"]), VALUES) | VALUES,
        "schedule": st.dictionaries(st.sampled_from(["cron", "timezone"]), VALUES) | VALUES,
        "": VALUES,
    },
)


def written(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml.string(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml.string(value)
    return repr(value)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_a_configuration_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"documents-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    text = "".join(f"{toml.string(k)} = {written(v)}\n" for k, v in document.items())
    with suppress(ConfigError):
        load(folder, text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"bytes-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    with pytest.raises(ConfigError):
        load(folder, content)
