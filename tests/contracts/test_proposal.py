from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.adapters import tables
from pipelines.config import Address, Boolean, Category, Config, Integer
from pipelines.contracts.proposal import propose
from pipelines.records import DataError, Table
from pipelines.steps.ingest import ingest
from pipelines.steps.split import choose_salt

ROWS = 60

T_CSV = Address(path="t.csv")
ADDRESS = Address(path="folder/my table.csv")


def labels(rows: int = ROWS) -> list[str]:
    return ["yes", "no", "maybe"] * (rows // 3) + ["yes"] * (rows % 3)


def numbers(rows: int = ROWS) -> list[float]:
    return np.random.default_rng(0).normal(size=rows).round(3).tolist()


def proposed(raw: pa.Table, target: str = "y") -> tuple[Config, Table]:
    """The proposal, and the table that ingest makes of the same rows with it."""
    config = Config.model_validate(
        tomllib.loads(propose(raw, "CSV file", target, ADDRESS, "my table", 3))
    )
    return config, ingest(raw, config)


def in_both_formats(frame: pd.DataFrame, folder: Path) -> list[pa.Table]:
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet")
    return [tables.read(folder / name).table for name in ("t.csv", "t.parquet")]


def column(cells: Any, name: str = "x", text: bool = True) -> tuple[Config, str]:
    """The proposal for a table with the column, and its text."""
    values = ["" if cell is None else str(cell) for cell in cells] if text else cells
    raw = pa.table({name: values, "z": numbers(len(values)), "y": labels(len(values))})
    written = propose(raw, "CSV file", "y", T_CSV, "m")
    config, _ = proposed(raw)
    return config, written


def remark(written: str, name: str = "x") -> str:
    return next(line for line in written.splitlines() if line.startswith(f'# "{name}"'))


def test_the_same_table_gives_the_same_text_with_the_salt_in_it() -> None:
    raw = pa.table({"x": numbers(), "y": labels()})
    assert propose(raw, "CSV file", "y", T_CSV, "m", 7) == propose(
        raw, "CSV file", "y", T_CSV, "m", 7
    )
    assert proposed(raw)[0].split.salt == 3


@pytest.mark.parametrize(
    "name", ["id", "passenger_id", "PassengerId", "Unnamed: 0", "customer key"]
)
def test_an_identifier_is_left_out(name: str) -> None:
    values = np.random.default_rng(0).permutation(10_000)[:ROWS]
    config, written = column(values, name)
    assert list(config.columns) == ["z"]
    assert "identifier" in remark(written, name)


@pytest.mark.parametrize("start", [0, 1])
def test_a_count_of_the_rows_is_left_out(start: int) -> None:
    config, written = column(range(start, start + ROWS))
    assert "x" not in config.columns
    assert "counts the rows" in remark(written)


def test_different_texts_in_every_row_are_an_identifier() -> None:
    config, written = column([f"person {i}" for i in range(ROWS)])
    assert "x" not in config.columns
    assert "identifier" in remark(written)


def test_unique_whole_numbers_under_a_plain_name_are_kept() -> None:
    config, _ = column([i * 7 + 3 for i in range(ROWS)], "weight")
    assert config.columns["weight"].type == "integer"


def test_an_identifiers_name_on_few_values_keeps_the_column() -> None:
    assert column([i % 5 for i in range(ROWS)], "zone_id")[0].columns["zone_id"].type == "integer"


@pytest.mark.parametrize(
    "cells", [["c"] * ROWS, [""] * ROWS, ["3.5"] * ROWS, ["2024-01-01"] * ROWS]
)
def test_constant_and_empty_columns_are_left_out(cells: list[str]) -> None:
    config, written = column(cells)
    assert list(config.columns) == ["z"]
    assert "is empty" in remark(written) or "same value" in remark(written)


def test_one_value_beside_gaps_is_kept() -> None:
    config, _ = column(["seen", ""] * (ROWS // 2))
    assert config.columns["x"] == Category(type="category", values=["seen"], missing=True)


def test_days_and_moments_become_dates_in_their_unit(tmp_path: Path) -> None:
    start = datetime(2024, 1, 1)
    frame = pd.DataFrame(
        {
            "day": [start.date() + timedelta(days=i) for i in range(ROWS)],
            "moment": [start + timedelta(hours=i) for i in range(ROWS)],
            "midnight": [start + timedelta(days=i) for i in range(ROWS)],
            "zoned": pd.date_range("2024-01-01", periods=ROWS, freq="h", tz="Europe/Paris"),
            "gap": [None if i % 7 == 0 else date(2024, 1, 1 + i % 28) for i in range(ROWS)],
            "y": labels(),
        }
    )
    for raw in in_both_formats(frame, tmp_path):
        columns = proposed(raw)[0].columns
        kinds = {name: (c.type, getattr(c, "unit", None), c.missing) for name, c in columns.items()}
        assert kinds == {
            "day": ("date", "day", False),
            "moment": ("date", "second", False),
            "midnight": ("date", "day", False),
            "zoned": ("date", "second", False),
            "gap": ("date", "day", True),
        }


def test_dates_beyond_the_year_9999_are_left_out_with_the_reason() -> None:
    cells = pa.array([2**62, *range(ROWS - 1)]).cast(pa.timestamp("ms"))
    assert "beyond the years 1 to 9999" in remark(column(cells, text=False)[1])


def test_dates_written_another_way_are_left_out_with_the_right_way() -> None:
    config, written = column([f"{1 + i % 28}/{1 + i % 12}/2024" for i in range(ROWS)])
    assert "x" not in config.columns
    assert "2024-12-31" in remark(written)


def test_text_with_thousands_of_values_is_left_out_with_a_sentence() -> None:
    config, written = column([f"note {i % 2000}" for i in range(6000)])
    assert "x" not in config.columns
    assert "text with 2,000 different values, too many for a category" in remark(written)


def test_up_to_100_values_are_a_category_listed_sorted() -> None:
    cells = [f"v{i % 100:03d}" for i in range(300)][::-1]
    config, written = column(cells)
    assert config.columns["x"].model_dump()["values"] == sorted(set(cells))
    assert max(map(len, written.splitlines())) <= 100
    assert "x" not in column([f"v{i % 101}" for i in range(303)])[0].columns


@pytest.mark.parametrize(
    "words", [("true", "false"), ("Yes", "no"), ("T", "F"), ("y", "n"), ("True", "False")]
)
def test_two_words_of_truth_are_a_boolean(words: tuple[str, str]) -> None:
    config, _ = column([*words, ""] * (ROWS // 3))
    assert config.columns["x"] == Boolean(type="boolean", missing=True)


def test_booleans_are_booleans_in_both_formats(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [True, False] * (ROWS // 2), "y": labels()})
    for raw in in_both_formats(frame, tmp_path):
        assert proposed(raw)[0].columns["x"].type == "boolean"


def test_whole_numbers_with_gaps_are_integers_in_both_formats(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [None, *[i % 9 for i in range(1, ROWS)]], "y": labels()})
    for raw in in_both_formats(frame, tmp_path):
        assert proposed(raw)[0].columns["x"] == Integer(type="integer", min=0, missing=True)


def test_a_minimum_of_zero_is_written_only_without_negative_values() -> None:
    assert column([0, 5, 9] * 20)[0].columns["x"].model_dump()["min"] == 0
    assert column([-1, 5, 9] * 20)[0].columns["x"].model_dump()["min"] is None


def test_codes_with_leading_zeros_stay_text() -> None:
    assert column(["007", "012", "7"] * 20)[0].columns["x"].type == "category"


def test_infinite_numbers_are_taken_as_gaps_and_said_so() -> None:
    config, written = column(["inf", "1.5", "2.5"] * 20)
    assert config.columns["x"].model_dump()["infinite"] == "missing"
    assert "infinite" in remark(written)


def test_whole_numbers_beyond_2_to_the_53_are_left_out() -> None:
    config, written = column([2**60 + i % 30 for i in range(ROWS)])
    assert "x" not in config.columns
    assert "2**53" in remark(written)


@pytest.mark.parametrize(
    "cells", [["1,5", "-2,25", "3"], ["1.234,5", "2,5", "NA"], ["1,234", "5", "6,789.5"]]
)
def test_numbers_with_a_comma_are_refused_with_the_column_and_the_way_out(cells: list[str]) -> None:
    raw = pa.table({"price": cells * 20, "z": numbers(), "y": labels()})
    with pytest.raises(DataError, match=r"'price' holds numbers written with .*decimal point"):
        propose(raw, "CSV file", "y", T_CSV, "m")


def test_a_word_between_numbers_is_a_gap_in_every_column() -> None:
    raw = pa.table(
        {
            "n": ["1", "NA", "3"] * 20,
            "c": ["u", "NA", "v"] * 20,
            "d": ["NA", "?", "x"] * 20,
            "y": labels(),
        }
    )
    config, table = proposed(raw)
    assert config.source.missing == ["NA"]
    assert config.columns["c"].model_dump()["values"] == ["u", "v"]
    assert table.features.column("d").to_pylist()[:3] == ["", "?", "x"]
    assert '"?" is plain text here' in propose(raw, "CSV file", "y", T_CSV, "m")


def test_a_word_between_dates_is_a_gap() -> None:
    assert column(["2024-01-01", "null", "2024-01-03"] * 20)[0].source.missing == ["null"]


def test_words_among_words_are_plain_text() -> None:
    config, _ = column(["NA", "EU", "SA"] * 20)
    assert config.source.missing == []
    assert config.columns["x"].model_dump()["values"] == ["EU", "NA", "SA"]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["0", "1"], [0, 1]),
        (["1.0", "2.0"], [1, 2]),
        (["-1", "1"], [-1, 1]),
        (["True", "False"], [False, True]),
        (["yes", "no"], ["no", "yes"]),
        (["ναι", "όχι", "ίσως"], ["ίσως", "ναι", "όχι"]),
        (["01", "02"], ["01", "02"]),
        ([1.0, 0.0], [0, 1]),
        ([True, False], [False, True]),
    ],
)
def test_classes_are_whole_numbers_booleans_or_text(names: list[Any], classes: list[Any]) -> None:
    raw = pa.table({"x": numbers(), "y": names * (ROWS // len(names))})
    config, table = proposed(raw)
    assert config.source.classes == classes
    assert list(map(type, config.source.classes)) == list(map(type, classes))
    assert table.classes == tuple(classes)


@pytest.mark.parametrize("count", [2, 3, 30])
def test_2_to_30_classes_are_taken(count: int) -> None:
    rows = 20 * count
    raw = pa.table({"x": numbers(rows), "y": [f"class {i % count}" for i in range(rows)]})
    config, table = proposed(raw)
    assert len(config.source.classes) == count
    choose_salt(table, config.split)


def test_one_percent_positives_are_taken() -> None:
    raw = pa.table({"x": numbers(1000), "y": ["1" if i % 100 == 0 else "0" for i in range(1000)]})
    config, table = proposed(raw)
    assert table.codes.sum() == 10
    choose_salt(table, config.split)


def test_50_rows_are_taken() -> None:
    config, table = proposed(pa.table({"x": numbers(50), "y": labels(50)}))
    assert config.selection.by == "cross_validation"
    choose_salt(table, config.split)


def test_500_columns_are_taken_with_a_wider_network() -> None:
    values = np.random.default_rng(0).normal(size=(ROWS, 500))
    raw = pa.table({**{f"x{i}": values[:, i] for i in range(500)}, "y": labels()})
    config, table = proposed(raw)
    assert table.features.num_columns == 500
    mlp = next(candidate for candidate in config.candidates if candidate.name == "mlp")
    assert mlp.parameters == {"hidden_layer_sizes": [128]}


@pytest.mark.parametrize(("rows", "stops"), [(4_999, False), (5_000, True)])
def test_the_network_stops_early_where_there_are_rows_to_hold_out(rows: int, stops: bool) -> None:
    config, _ = proposed(pa.table({"x": numbers(rows), "y": labels(rows)}))
    mlp = next(candidate for candidate in config.candidates if candidate.name == "mlp")
    assert mlp.parameters.get("early_stopping", False) is stops


NAMES = ["a b", 'say "hi"', "a,b", "it's", "a.b", "größe", "line\nbreak", "#", "\\", "=1+1", "[x]"]


def test_names_with_spaces_quotes_and_commas_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({name: np.roll(numbers(), i) for i, name in enumerate(NAMES)})
    frame['the "target", please'] = labels()
    for raw in in_both_formats(frame, tmp_path):
        config, table = proposed(raw, 'the "target", please')
        assert list(config.columns) == table.features.column_names == NAMES


def test_many_rows_are_judged_by_a_validation_part() -> None:
    raw = pa.table({"x": numbers(20_000), "y": labels(20_000)})
    config, _ = proposed(raw)
    assert (config.selection.by, config.split.validation) == ("validation", 0.15)
    config, _ = proposed(raw.slice(1))
    assert (config.selection.by, config.split.validation) == ("cross_validation", 0)


def test_boosting_is_left_out_where_it_would_take_minutes() -> None:
    def boosted(columns: int, rows: int) -> bool:
        raw = pa.table({**{f"x{i}": numbers(rows) for i in range(columns)}, "y": labels(rows)})
        names = [candidate.name for candidate in proposed(raw)[0].candidates]
        assert names[:3] == ["logistic", "mlp", "decision_tree"]
        assert names[-1] == "prior"
        return "hist_gradient_boosting" in names

    assert boosted(2, 1000)
    assert not boosted(700, 24_000)


def test_rows_without_a_label_are_dropped_and_counted_in_a_comment() -> None:
    raw = pa.table({"x": numbers(), "y": ["", *labels()[1:]]})
    config, table = proposed(raw)
    assert config.source.missing_target == "drop"
    assert len(table.codes) == ROWS - 1
    assert "# 1 row has no label" in propose(raw, "CSV file", "y", T_CSV, "m")


@pytest.mark.parametrize(
    ("target", "cells", "message"),
    [
        ("yy", labels(), "no column 'yy'. The nearest are 'y'"),
        ("y", ["a"] * ROWS, "only the label 'a'"),
        ("y", [""] * ROWS, "no label"),
        ("y", [str(x) for x in numbers()], "numbers with decimals"),
        ("y", numbers(), "numbers with decimals"),
        ("y", [f"t{i % 101}" for i in range(303)], "101 different labels"),
        ("y", list(range(200)), "regression"),
        ("y", [2**53 + i % 2 for i in range(ROWS)], r"beyond 2\*\*53"),
        ("y", [[1]] * ROWS, "not labels"),
    ],
)
def test_targets_that_are_no_classes_are_refused(target: str, cells: Any, message: str) -> None:
    raw = pa.table({"x": numbers(len(cells)), "y": cells})
    with pytest.raises(DataError, match=message) as caught:
        propose(raw, "CSV file", target, T_CSV, "m")
    assert caught.value.path == "t.csv"


def test_a_class_with_fewer_than_three_distinct_rows_is_refused_by_name() -> None:
    raw = pa.table({"x": [*numbers(), 9, 9, 9, 8], "y": [*labels(), *["rare"] * 4]})
    config, table = proposed(raw)
    with pytest.raises(DataError, match=r"'rare' \(2\)"):
        choose_salt(table, config.split)


def test_a_table_without_features_is_refused_with_the_reasons() -> None:
    raw = pa.table({"id": list(range(ROWS)), "c": [1] * ROWS, "y": labels()})
    with pytest.raises(DataError, match=r"'id' is an identifier.*'c' has the same value"):
        propose(raw, "CSV file", "y", T_CSV, "m")


def test_parquets_other_types_are_left_out_by_name() -> None:
    raw = pa.table(
        {
            "deep": [[1]] * ROWS,
            "bytes": [b"\xff"] * ROWS,
            "nulls": pa.nulls(ROWS),
            "span": pa.array(range(ROWS), pa.duration("s")),
            "x": numbers(),
            "y": labels(),
        }
    )
    assert list(proposed(raw)[0].columns) == ["x"]


@pytest.mark.parametrize(
    ("name", "model"), [("a/b: c", "a-b-c"), ("é_1.2", "é_1.2"), ("//", "model")]
)
def test_the_models_name_is_one_that_a_registry_holds(name: str, model: str) -> None:
    raw = pa.table({"x": numbers(), "y": labels()})
    text = propose(raw, "CSV file", "y", T_CSV, name)
    assert Config.model_validate(tomllib.loads(text)).registry.model == model


ODD = st.sampled_from(
    ["1", "2", "-3.5", "1e3", "", "NA", "?", "nan", "inf", "007", "yes", "no", "true", "é", "1,5"]
) | st.sampled_from(
    ["2024-01-01", "2024-01-01T10:00+02:00", " 1", "a b", 'q"', "9007199254740993", "0x1F", " "]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.lists(st.lists(ODD, min_size=3, max_size=3), min_size=1, max_size=25),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
        lambda name: name not in ("y", "z")
    ),
)
def test_any_table_that_is_not_refused_trains_with_its_proposal(
    data: list[list[str]], name: str
) -> None:
    raw = pa.table({n: [row[i] for row in data] for i, n in enumerate([name, "z", "y"])})
    try:
        text = propose(raw, "CSV file", "y", T_CSV, "m")
    except DataError:
        return
    config = Config.model_validate(tomllib.loads(text))
    assert ingest(raw, config).features.column_names == list(config.columns)
