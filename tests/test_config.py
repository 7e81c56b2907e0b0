"""What the frozen models of a configuration accept, refuse and give back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.client.schemas.schedules import CronSchedule
from pydantic import ValidationError

from pipelines.config import Candidate, Config, contract
from pipelines.cron import cron_mistake


def raw(**sections: Any) -> dict[str, Any]:
    """A right configuration as TOML gives it, with whole sections replaced."""
    whole: dict[str, Any] = {
        "source": {"path": "t.csv", "target": "y", "classes": ["no", "yes"]},
        "columns": {"a": {"type": "number"}},
        "candidates": [{"name": "logistic", "estimator": "logistic", "C": 1.0}],
        "registry": {"model": "m"},
    }
    return {**whole, **sections}


def source(**keys: Any) -> dict[str, Any]:
    return {"path": "t.csv", "target": "y", "classes": ["no", "yes"], **keys}


def refusal(**sections: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Config.model_validate(raw(**sections))
    return str(refused.value)


def test_a_minimal_configuration_has_the_documented_defaults() -> None:
    config = Config.model_validate(raw())
    assert (config.split.kind, config.split.test, config.split.salt) == ("hash", 0.2, 0)
    assert (config.selection.by, config.selection.folds) == ("cross_validation", 5)
    assert config.promotion.confidence == 0.95
    assert config.schedule is None


def test_a_configuration_cannot_be_changed() -> None:
    config = Config.model_validate(raw())
    with pytest.raises(ValidationError, match="frozen"):
        config.split.test = 0.5  # type: ignore[misc]


@pytest.mark.parametrize(
    "sections",
    [
        {"sorce": {}},
        {"source": source(pth="x")},
        {"split": {"tset": 0.2}},
        {"columns": {"a": {"type": "number", "minimum": 0}}},
    ],
)
def test_unknown_keys_are_refused_in_every_section(sections: dict[str, Any]) -> None:
    assert "Extra inputs are not permitted" in refusal(**sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"split": {"test": "0.2"}},
        {"split": {"test": True}},
        {"split": {"salt": 1.0}},
        {"columns": {"a": {"type": "number", "missing": 1}}},
        {"source": source(missing="NA")},
    ],
)
def test_a_value_of_another_type_is_refused_and_not_converted(sections: dict[str, Any]) -> None:
    assert "valid" in refusal(**sections)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_are_no_bounds(value: float) -> None:
    assert "finite" in refusal(columns={"a": {"type": "number", "min": value}})


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_bounds_in_the_wrong_order_are_refused(kind: str) -> None:
    assert "min (5) is above max (1)" in refusal(columns={"a": {"type": kind, "min": 5, "max": 1}})
    Config.model_validate(raw(columns={"a": {"type": kind, "min": 1, "max": 1}}))


def test_an_integers_bounds_lie_where_a_float64_holds_every_whole_number() -> None:
    Config.model_validate(raw(columns={"a": {"type": "integer", "max": 2**53}}))
    assert "less than or equal" in refusal(columns={"a": {"type": "integer", "max": 2**53 + 1}})


@pytest.mark.parametrize(
    ("values", "words"),
    [(["a", "a"], "listed twice"), (["a", ""], "empty text"), ([], "at least 1")],
)
def test_a_category_lists_distinct_texts_none_of_them_empty(values: list[str], words: str) -> None:
    assert words in refusal(columns={"a": {"type": "category", "values": values}})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"classes": ["a"]}, "at least 2"),
        ({"classes": ["a", "a"]}, "listed twice"),
        ({"classes": ["a", 1]}, "several types"),
        ({"classes": [True, 1]}, "several types"),
        ({"classes": ["", "a"]}, "empty text"),
        ({"classes": [0, 2**53 + 1]}, "beyond 2**53"),
        ({"classes": ["NA", "a"], "missing": ["NA"]}, "'NA' stands under missing too"),
    ],
)
def test_classes_are_two_or_more_distinct_labels_of_one_type(
    keys: dict[str, Any], words: str
) -> None:
    assert words in refusal(source=source(**keys))


def test_a_promotion_asks_for_no_more_confidence_than_its_resamples_can_show() -> None:
    assert Config.model_validate(raw(promotion={"confidence": 0.999})).promotion.confidence == 0.999
    assert "less than or equal to 0.999" in refusal(promotion={"confidence": 0.9999})


def test_test_and_validation_leave_rows_to_train_on() -> None:
    assert "more than 0.9" in refusal(split={"test": 0.5, "validation": 0.45})
    Config.model_validate(raw(split={"test": 0.5, "validation": 0.4}))


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "a" * 65, "é", "a\n"])
def test_a_candidates_name_is_short_and_plain(name: str) -> None:
    assert "a candidate's name" in refusal(candidates=[{"name": name, "estimator": "prior"}])


@pytest.mark.parametrize(
    "model", ["", "..", ".", " a", "a/b", "a:b", "a@b", "a\nb", "a'b", "é" * 101]
)
def test_a_models_name_can_be_a_folder_and_an_address(model: str) -> None:
    assert "a model's name" in refusal(registry={"model": model})


@pytest.mark.parametrize("model", ["penguins", "Kunden 2024", "größe_v1.2-b", "日本語"])
def test_a_models_name_may_have_spaces_and_any_letters(model: str) -> None:
    assert Config.model_validate(raw(registry={"model": model})).registry.model == model


def test_what_stands_beside_name_and_estimator_are_the_candidates_parameters() -> None:
    candidate = Candidate.model_validate(
        {"name": "net", "estimator": "mlp", "hidden_layer_sizes": [32], "alpha": 0.1}
    )
    assert candidate.parameters == {"hidden_layer_sizes": [32], "alpha": 0.1}


def test_the_contract_has_sorted_classes_and_every_column_in_order() -> None:
    config = Config.model_validate(
        raw(
            source=source(classes=["yes", "no"], missing=["?"]),
            columns={"b": {"type": "number", "min": 0}, "a": {"type": "date"}},
        )
    )
    assert contract(config) == {
        "target": "y",
        "classes": ["no", "yes"],
        "missing": ["?"],
        "columns": {
            "b": {"type": "number", "min": 0.0, "missing": False, "infinite": "refuse"},
            "a": {"type": "date", "unit": "day", "missing": False},
        },
    }
    assert list(contract(config)["columns"]) == ["b", "a"]


@pytest.mark.parametrize(
    "cron",
    ["0 3 * * *", "*/5 * * * *", "0 0 1-5/2 jan-mar MON", "0,30 22-2 * * 7", "5/10 * * * fri-mon"],
)
def test_a_cron_expression_of_five_right_fields_has_no_mistake(cron: str) -> None:
    assert cron_mistake(cron) == ""


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 3 * *", "has five fields, this one 4"),
        ("@daily", "has five fields, this one 1"),
        ("60 3 * * *", "minute field '60'"),
        ("0 24 * * *", "hour field '24'"),
        ("0 3 0 * *", "day field '0'"),
        ("0 3 * 13 *", "month field '13'"),
        ("0 3 * * 8", "weekday field '8'"),
        ("0 3 * mon *", "month field 'mon'"),
        ("*/0 3 * * *", "minute field '*/0'"),
        ("0, 3 * * *", "minute field '0,'"),
        ("٣ 3 * * *", "minute field '٣'"),
    ],
)
def test_a_wrong_cron_expression_is_refused_with_its_field(cron: str, words: str) -> None:
    assert words in cron_mistake(cron)


NUMBERS = st.sampled_from(["*", "0", "1", "7", "12", "31", "59", "60", "x", "jan", "MON", ""])
ITEMS = st.builds(
    "".join, st.tuples(NUMBERS, st.sampled_from(["", "-5", "-fri", "/2", "/0", "-3/2"]))
)
FIELD = st.lists(ITEMS, min_size=1, max_size=2).map(",".join)


@settings(deadline=None)
@given(st.lists(FIELD, min_size=4, max_size=6).map(" ".join))
def test_what_passes_as_cron_is_what_prefect_takes(cron: str) -> None:
    if not cron_mistake(cron):
        CronSchedule(cron=cron)


def test_a_time_zone_is_one_that_the_system_knows() -> None:
    assert "no time zone" in refusal(schedule={"cron": "0 3 * * *", "timezone": "Europe/Atlantis"})
    assert "no time zone" in refusal(schedule={"cron": "0 3 * * *", "timezone": "../../etc/passwd"})
    Config.model_validate(raw(schedule={"cron": "0 3 * * *", "timezone": "Europe/Paris"}))
