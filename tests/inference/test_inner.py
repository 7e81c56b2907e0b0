from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.inference import InputError, Predictor, runtimes
from pipelines.inference import inner as module
from pipelines.inference.convert import to_onnx
from pipelines.inference.inner import InnerModel, run_bound
from pipelines.inference.placement import elsewhere, placements
from pipelines.inference.serving import Model, session_options
from tests.inference import cases
from tests.inference.runtimes import at_hand
from tests.inference.test_predictor import sent

CUDA = "CUDAExecutionProvider"
CLASSES = ["a", "b", "c"]


@pytest.fixture(scope="module")
def content() -> bytes:
    return to_onnx(cases.fitted("logistic", CLASSES), cases.contract(CLASSES), {})


@pytest.fixture(scope="module")
def model(content: bytes) -> Model:
    return Model(content)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch, content: bytes) -> Predictor:
    monkeypatch.setattr(module, "ROWS", (16, 16))
    return Predictor.from_bytes(content)


FORMS: dict[str, Any] = {
    "DataFrame": lambda table: table,
    "Arrow table": pa.Table.from_pandas,
    "chunked Arrow table": lambda table: pa.concat_tables(
        [pa.Table.from_pandas(table).slice(0, 7), pa.Table.from_pandas(table).slice(7)]
    ),
    "dict of lists": lambda table: {name: list(table[name]) for name in table},
    "dict of arrays": lambda table: {name: table[name].to_numpy() for name in table},
    "list of dicts": lambda table: table.astype(object).to_dict(orient="records"),
    "categories": lambda table: table.astype({"ins el": "category", "X": "category"}),
    "dictionary texts": lambda table: pa.Table.from_pandas(
        table.astype({"ins el": "category", "X": "category"})
    ),
    "objects": lambda table: table.astype(object),
}


ARROW = ("Arrow table", "chunked Arrow table", "dictionary texts")


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("rows", [1, 2, 16, 17, 100])
def test_rows_of_every_form_get_the_bits_of_the_file_s_graph_in_chunks_too(
    small_chunks: Predictor, model: Model, form: str, rows: int
) -> None:
    table = sent(rows)
    labels, probabilities = model.answer(model.bind(table))
    found = small_chunks.run(FORMS[form](table))
    assert found[0].tolist() == labels.tolist()
    assert np.array_equal(found[1], probabilities)


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("ins el", b"x", "Column 'ins el' holds b'x' .bytes. in row 40"),
        ("label", 1.5, "Column 'label' holds .*1.5.* in row 40"),
        ("plain", 1e300, r"Row 40, counted from 0, has no probability.* 1e\+300 in column 'plain'"),
    ],
)
def test_a_bad_value_is_named_with_its_row_in_the_whole_table(
    small_chunks: Predictor, form: str, column: str, value: Any, message: str
) -> None:
    table = sent(60)
    if not isinstance(value, float) or column == "label":
        table[column] = table[column].astype(object if isinstance(value, bytes) else float)
    table.loc[40, column] = value
    if isinstance(value, bytes) and form in ARROW:  # there, all texts of the column are bytes
        table[column] = [b"x" if row == 40 else None for row in range(60)]
    with pytest.raises(InputError, match=message):
        small_chunks.run(FORMS[form](table))


def test_one_row_is_refused_in_the_words_of_many(content: bytes) -> None:
    predictor = Predictor.from_bytes(content)
    row = sent(1).astype(object).to_dict(orient="records")[0]
    for changed, message in (
        ({**row, "label": 1.5}, "Column 'label' holds 1.5 .float. in row 0"),
        ({**row, "plain": "12"}, "Column 'plain' holds '12' .str. in row 0"),
        ({**row, "plain": 1e300}, "Row 0, .* in column 'plain'"),
        ({name: row[name] for name in row if name != "X"}, "no column 'X'"),
        ({**row, "plain": [1.0]}, "mixes single values"),
        ({**row, "X": "\ud83d"}, "Column 'X' holds '.ud83d' .str. in row 0"),
    ):
        with pytest.raises(InputError, match=message):
            predictor.run(changed)
    assert len(predictor.predict({**row, "further": [1, 2]})) == 1


@pytest.mark.parametrize("value", [None, "", "NA", np.nan, pd.NA, pd.NaT])
def test_a_gap_in_one_row_is_a_gap_in_many(value: Any) -> None:
    told = {**cases.contract(CLASSES), "missing": ["NA"]}
    predictor = Predictor.from_bytes(to_onnx(cases.fitted("logistic", CLASSES), told, {}))
    row = dict.fromkeys(cases.COLUMNS, value)
    alone = predictor.predict_proba(row)
    assert np.array_equal(alone, predictor.predict_proba({n: [v] for n, v in row.items()}))
    assert np.array_equal(alone, predictor.predict_proba(pd.DataFrame([row], dtype=object)))
    assert np.array_equal(alone, predictor.predict_proba(dict.fromkeys(cases.COLUMNS)))


def test_threads_and_arena_change_no_bit_and_callers_share_one_predictor(content: bytes) -> None:
    table, row = sent(300), sent(1).astype(object).to_dict(orient="records")[0]
    plain = Predictor(content)
    right, alone = plain.predict_proba(table), plain.predict_proba(row)
    other = Predictor(content, threads=2, arena=False)
    assert np.array_equal(other.predict_proba(table), right)
    with ThreadPoolExecutor(8) as pool:
        for many, one in zip(
            pool.map(plain.predict_proba, [table] * 30),
            pool.map(plain.predict_proba, [row] * 200),
            strict=False,
        ):
            assert np.array_equal(many, right)
            assert np.array_equal(one, alone)


def test_features_may_be_arrow_arrays(content: bytes, model: Model) -> None:
    X = cases.features(50)
    right = model.run(X)[1]
    arrow = {name: pa.array(X[name], from_pandas=False) for name in X}
    assert np.array_equal(Predictor(content).answer(arrow)[1], right)
    with pytest.raises(InputError, match="different lengths"):
        Predictor(content).answer({**arrow, "X": pa.array(["1"])})


def the_inner(content: bytes, model: Model) -> InnerModel:
    found = InnerModel.of(content, model, ["CPUExecutionProvider"], session_options())
    assert found is not None
    return found


def test_bound_inputs_and_outputs_give_the_same_bits(content: bytes, model: Model) -> None:
    inner = the_inner(content, model)
    feeds = inner.probe()
    codes, probabilities = inner.session.run(["codes", "probabilities"], feeds)
    bound = run_bound(inner.session, feeds, "cpu")
    assert np.array_equal(bound[0], codes)
    assert np.array_equal(bound[1], probabilities)


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch, small_chunks: Predictor) -> Predictor:
    """A Predictor that binds as on a GPU, in chunks of 16 rows; the device is the CPU."""
    monkeypatch.setattr(small_chunks._inner, "_device", "cpu")
    monkeypatch.setattr(small_chunks._inner.session, "run", None)  # whatever does not bind fails
    return small_chunks


@pytest.mark.parametrize("rows", [0, 1, 2, 16, 17, 100])
def test_any_number_of_bound_rows_gets_the_bits_of_the_file_s_graph(
    bound: Predictor, model: Model, rows: int
) -> None:
    table = sent(rows)
    labels, probabilities = model.answer(model.bind(table))
    found = bound.run(table)
    assert found[0].tolist() == labels.tolist()
    assert np.array_equal(found[1], probabilities)


def test_callers_on_several_threads_bind_apart(bound: Predictor, model: Model) -> None:
    tables = [sent(rows) for rows in range(1, 60)]
    right = [model.answer(model.bind(table))[1] for table in tables]
    with ThreadPoolExecutor(8) as pool:
        for found, expected in zip(pool.map(bound.predict_proba, tables), right, strict=True):
            assert np.array_equal(found, expected)


def test_a_number_too_large_is_named_with_its_row_where_rows_are_bound(bound: Predictor) -> None:
    table = sent(60)
    table.loc[40, "plain"] = 1e300
    with pytest.raises(InputError, match=r"Row 40, .* in column 'plain'"):
        bound.run(table)


def test_the_gpu_gives_the_labels_of_the_cpu(content: bytes) -> None:
    at_hand.require(runtimes.onnxruntime.CUDA)
    table = sent(3_000)
    on_gpu = Predictor(content, providers=[CUDA], strict=True)
    assert on_gpu.providers[0] == CUDA
    np.testing.assert_allclose(
        on_gpu.predict_proba(table), Predictor(content).predict_proba(table), atol=1e-5
    )


def test_a_profile_tells_where_each_node_runs(content: bytes, model: Model) -> None:
    inner = the_inner(content, model)
    found = placements(inner.form.model, inner.probe(), ["CPUExecutionProvider"], session_options())
    assert {on for _, on in found.values()} == {"CPUExecutionProvider"}
    assert {"Softmax", "ArgMax"} <= {kind for kind, _ in found.values()}
    assert elsewhere(found, "CPUExecutionProvider") == ()
    assert any("(Softmax)" in node for node in elsewhere(found, CUDA))
    assert Predictor(content).fallbacks == ()
