"""Fault 41: a pickle in the registry is never loaded, whatever the file is called."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import pytest

from pipelines.adapters.tracking import registry
from pipelines.inference import ModelError, Predictor


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, sign: Path) -> None:
        self.sign = sign

    def __reduce__(self) -> Any:
        return Path.touch, (self.sign,)


MLMODEL = """\
flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: {name}
  sklearn:
    pickled_model: {name}
    serialization_format: pickle
"""


@pytest.mark.parametrize("name", ["model.pkl", "python_model.pkl", "model.onnx"])
@pytest.mark.parametrize("tagged", [False, True], ids=["no digest", "its own digest"])
def test_fault_41_a_pickle_in_the_registry_is_never_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, tagged: bool
) -> None:
    sign = tmp_path / "sprung"
    content = pickle.dumps(Trap(sign))
    (tmp_path / name).write_bytes(content)
    (tmp_path / "MLmodel").write_text(MLMODEL.format(name=name))
    digest = hashlib.sha256(content).hexdigest() if tagged else None
    monkeypatch.setattr(registry, "download_model", lambda _: (tmp_path / "model.onnx", digest))
    with pytest.raises(ModelError, match=r"cannot (be read|load)"):
        Predictor.load("models:/m@champion")
    assert not sign.exists()
    pickle.loads(content)
    assert sign.exists()
