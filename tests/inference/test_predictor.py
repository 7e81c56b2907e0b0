from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pyarrow as pa
import pytest
from onnx import TensorProto, helper

from pipelines.adapters.tracking import registry
from pipelines.inference import InputError, ModelError, Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.serving import Model
from tests.inference import cases

CLASSES = ["a", "b", "c"]
ABSENT = "CUDAExecutionProvider"


@pytest.fixture(scope="module")
def content() -> bytes:
    return to_onnx(cases.fitted("logistic", CLASSES), cases.contract(CLASSES), {})


@pytest.fixture
def path(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def predictor(content: bytes) -> Predictor:
    return Predictor.from_bytes(content)


def sent(rows: int) -> pd.DataFrame:
    """Rows as a client has them: moments, truth values, integers, gaps."""
    X = cases.features(rows, seed=8)
    return X.assign(
        when=pd.to_datetime(X["when"], unit="s"),
        label=X["label"].astype(int),
        **{'say "hi"': X['say "hi"'].map({1.0: True, 0.0: False}).astype(object)},
    )


def test_every_form_of_a_table_gets_the_fitted_pipeline_s_answer(predictor: Predictor) -> None:
    pipeline = cases.fitted("logistic", CLASSES)
    X, table = cases.features(40, seed=8), sent(40)
    right = pipeline.predict_proba(X)
    records = table.astype(object).to_dict(orient="records")
    for form in (
        table,
        table[table.columns[::-1]].assign(further=1),
        pa.Table.from_pandas(table),
        records,
        {name: list(table[name]) for name in table},
        {name: table[name].to_numpy() for name in table},
    ):
        labels, probabilities = predictor.run(form)
        assert labels.tolist() == pipeline.predict(X).tolist()
        np.testing.assert_allclose(probabilities, right, atol=1e-6)
        assert predictor.predict(form).tolist() == labels.tolist()
        assert np.array_equal(predictor.predict_proba(form), probabilities)
    np.testing.assert_allclose(predictor.predict_proba(records[3]), right[3:4], atol=1e-6)
    np.testing.assert_allclose(predictor.answer(X)[1], right, atol=1e-6)


def test_no_rows_get_no_answers(predictor: Predictor) -> None:
    labels, probabilities = predictor.run(sent(5).iloc[:0])
    assert labels.shape == (0,)
    assert probabilities.shape == (0, 3)


def test_a_missing_column_is_refused_by_name(predictor: Predictor) -> None:
    for call, table in ((predictor.run, sent(3)), (predictor.answer, cases.features(3))):
        with pytest.raises(InputError, match="no column 'when', 'ins el', which the model needs"):
            call(table.drop(columns=["when", "ins el"]))


def test_columns_of_different_lengths_are_refused(predictor: Predictor) -> None:
    columns = {name: list(values) for name, values in sent(3).items()}
    with pytest.raises(InputError, match="different lengths"):
        predictor.run({**columns, "X": ["1"]})


def test_gaps_and_unseen_values_are_answered_as_the_pipeline_answers(predictor: Predictor) -> None:
    rows = [dict.fromkeys(cases.COLUMNS), {**dict.fromkeys(cases.COLUMNS), "ins el": "unseen"}]
    X = pd.DataFrame(
        {
            name: ["", "unseen"]
            if name == "ins el"
            else ["", ""]
            if name == "X"
            else [np.nan, np.nan]
            for name in cases.COLUMNS
        }
    )
    pipeline = cases.fitted("logistic", CLASSES)
    np.testing.assert_allclose(predictor.predict_proba(rows), pipeline.predict_proba(X), atol=1e-6)


def test_a_number_that_the_model_cannot_compute_with_is_refused_by_column(
    predictor: Predictor,
) -> None:
    table = sent(3)
    table.loc[1, "plain"] = 1e300
    with pytest.raises(InputError, match=r"Row 1.*1e\+300 in column 'plain'"):
        predictor.run(table)


def test_many_threads_get_the_answers_of_one(predictor: Predictor) -> None:
    table = sent(200)
    alone = predictor.predict_proba(table)
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(predictor.predict_proba, [table] * 40):
            assert np.array_equal(answer, alone)


def test_a_model_says_what_it_is(path: Path, content: bytes) -> None:
    predictor = Predictor.load(str(path))
    assert predictor.classes == ("a", "b", "c")
    assert predictor.contract == cases.contract(CLASSES)
    assert predictor.sha256 == hashlib.sha256(content).hexdigest()
    assert predictor.providers == ("CPUExecutionProvider",)
    assert predictor.inputs["when"] == "double, N"
    assert predictor.inputs["ins el"] == "string, N"


def test_a_given_digest_is_checked_before_the_file_is_parsed(path: Path, content: bytes) -> None:
    right = hashlib.sha256(content).hexdigest()
    assert Predictor.load(path, sha256=right.upper()).sha256 == right
    path.write_bytes(b"no model at all")
    with pytest.raises(ModelError, match="not the file that was proven"):
        Predictor.load(path, sha256=right)


def test_the_digest_beside_the_file_is_checked(path: Path, content: bytes) -> None:
    beside = path.with_name("model.onnx.sha256")
    beside.write_text(f"{hashlib.sha256(content).hexdigest()}  model.onnx\n")
    Predictor.load(path)
    flipped = bytearray(content)
    flipped[len(flipped) // 2] ^= 4
    path.write_bytes(flipped)
    with pytest.raises(ModelError, match="not the file that was proven"):
        Predictor.load(path)
    path.write_bytes(content)
    beside.write_text("")
    with pytest.raises(ModelError, match="not the file that was proven"):
        Predictor.load(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        Predictor.load(tmp_path / "none.onnx")


def test_what_is_no_onnx_file_is_refused(path: Path) -> None:
    for content in (b"", b"no model at all", path.read_bytes()[:-50]):
        path.write_bytes(content)
        with pytest.raises(ModelError):
            Predictor.load(path)


def test_an_onnx_file_without_a_contract_is_refused_with_a_sentence(path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, path)
    with pytest.raises(ModelError, match="carries no logitline contract"):
        Predictor.load(path)


METADATA: dict[str, Any] = {
    "no classes": {"classes": None},
    "a class too few": {"classes": ["a", "b"]},
    "other classes": {"classes": ["a", "b", "d"]},
    "classes unlike the contract's": {"contract": {**cases.contract(CLASSES), "classes": ["a"]}},
    "columns that are none": {"columns": 3},
    "another column": {"columns": ["other", *list(cases.COLUMNS)[1:]]},
    "columns in another order": {"columns": list(cases.COLUMNS)[::-1]},
    "other inputs": {"inputs": ["other", *list(cases.COLUMNS)[1:]]},
    "a contract that is none": {"contract": []},
    "words that are none": {"contract": {**cases.contract(CLASSES), "missing": [3]}},
    "an unknown type": {
        "contract": {
            **cases.contract(CLASSES),
            "columns": {**cases.COLUMNS, "plain": {"type": "shape"}},
        }
    },
}


@pytest.mark.parametrize("name", list(METADATA))
def test_metadata_that_do_not_describe_the_graph_are_refused(content: bytes, name: str) -> None:
    model = onnx.load_from_string(content)
    told = {entry.key: entry.value for entry in model.metadata_props}
    told |= {key: json.dumps(value) for key, value in METADATA[name].items()}
    helper.set_model_props(model, told)
    with pytest.raises(ModelError, match="does not describe its graph"):
        Predictor.from_bytes(model.SerializeToString())


@pytest.mark.parametrize("source", ["", "model\0.onnx"])
def test_a_path_that_names_no_file_is_refused(source: str) -> None:
    with pytest.raises(ModelError, match="the model cannot be read"):
        Predictor.load(source)


def test_a_row_without_a_probability_is_named_whatever_the_table_s_index(content: bytes) -> None:
    X = cases.features(2).assign(plain=[0.0, np.inf]).set_axis([7, 7])
    with pytest.raises(InputError, match=r"Row 1, .* inf in column 'plain'"):
        Model(content).answer(X)


def test_an_absent_gpu_is_an_error_when_strict_and_else_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match="asked for and absent"):
        Predictor.load(path, providers=[ABSENT], strict=True)
    with caplog.at_level(logging.WARNING):
        predictor = Predictor.load(path, providers=[ABSENT])
    assert predictor.providers == ("CPUExecutionProvider",)
    assert ABSENT in caplog.text


def test_a_single_name_instead_of_a_list_of_providers_is_refused(path: Path) -> None:
    with pytest.raises(ModelError, match=r"providers=\['CPUExecutionProvider'\]"):
        Predictor.load(path, providers="CPUExecutionProvider")


def test_a_provider_with_an_unknown_name_is_refused(path: Path) -> None:
    with pytest.raises(ModelError, match="knows no provider Cuda"):
        Predictor.load(path, providers=["Cuda"])


def test_an_address_in_the_registry_is_downloaded_and_verified(
    path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def download(digest: str) -> Any:
        def answer(uri: str) -> tuple[Path, str]:
            asked.append(uri)
            return path, digest

        return answer

    right = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(registry, "download_model", download(right))
    assert Predictor.load("models:/m@champion").sha256 == right
    assert asked == ["models:/m@champion"]
    monkeypatch.setattr(registry, "download_model", download("0" * 64))
    with pytest.raises(ModelError, match="not the file that was proven"):
        Predictor.load("models:/m@champion")


def test_an_address_that_the_registry_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(uri: str) -> Any:
        raise LookupError(f"There is no {uri} in the registry.")

    monkeypatch.setattr(registry, "download_model", lacking)
    with pytest.raises(ModelError, match="no models:/m/9"):
        Predictor.load("models:/m/9")


def test_a_registry_that_cannot_be_used_is_a_model_s_error_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(b"no database at all" * 100)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="cannot be used as MLflow's database"):
        Predictor.load("models:/m@champion")


def test_importing_the_predictor_imports_neither_mlflow_nor_the_converters() -> None:
    code = "import sys; from pipelines.inference import Predictor; print(*sys.modules)"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "pipelines.inference.predictor" in loaded, done.stderr
    assert not loaded & {"mlflow", "skl2onnx", "onnx", "sklearn", "prefect"}
