"""ONNX Runtime, on the CPU and on CUDA, with both graphs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import onnxruntime

from pipelines.inference.providers import CPU as CPU_PROVIDER
from pipelines.inference.providers import CUDA as CUDA_PROVIDER
from pipelines.inference.providers import configured, start_problem
from pipelines.inference.runtimes.runtime import Answer, NoAnswerError, Runtime
from pipelines.inference.serving import Model, ModelError, opened, session_options

__all__ = ["CPU", "CPU_PORTABLE", "CUDA", "CUDA_PORTABLE"]

BATCH = 65_536  # rows at a time, so that a walk through many trees stays small in memory


def _absent(provider: str) -> str:
    if provider not in onnxruntime.get_available_providers():
        return (
            f"The installed ONNX Runtime {onnxruntime.__version__} has no {provider}. On a machine "
            "with an NVIDIA GPU, install requirements.gpu.lock instead of requirements.lock."
        )
    problem = start_problem(provider)
    return f"{provider} is installed and did not start: {problem}." if problem else ""


def _version() -> str:
    version: str = onnxruntime.__version__
    return version


def _providers(provider: str) -> list[Any]:
    return configured(list(dict.fromkeys([provider, CPU_PROVIDER])))


def _require(session: Any, provider: str) -> None:
    if provider not in session.get_providers():
        raise NoAnswerError(
            f"{provider} is installed and did not start: its driver or its CUDA libraries are "
            "missing, or of another version than ONNX Runtime was built for."
        )


def _model(provider: str, content: bytes, features: Any) -> Answer:
    try:
        model = Model(content, _providers(provider), session_options())
        _require(model.session, provider)
        starts = range(0, max(len(features), 1), BATCH)
        parts = [model.run(features.iloc[start : start + BATCH]) for start in starts]
    except NoAnswerError:
        raise
    except ModelError as error:
        raise NoAnswerError(str(error)) from None
    except Exception as error:  # ONNX Runtime's own exceptions share no narrower base
        raise NoAnswerError(f"{provider} failed while it answered: {error}") from None
    labels, probabilities = zip(*parts, strict=True)
    return np.concatenate(labels), np.concatenate(probabilities)


def _portable(provider: str, content: bytes, features: Any) -> Answer:
    try:
        session = opened(content, _providers(provider), session_options())
        _require(session, provider)
        outputs = ["label", "probabilities"]
        starts = range(0, max(len(features), 1), BATCH)
        parts = [session.run(outputs, {"features": features[at : at + BATCH]}) for at in starts]
    except NoAnswerError:
        raise
    except Exception as error:  # ONNX Runtime's own exceptions share no narrower base
        raise NoAnswerError(f"ONNX Runtime refuses the graph: {error}") from None
    labels, probabilities = zip(*parts, strict=True)
    return np.concatenate(labels), np.concatenate(probabilities)


def _runtime(name: str, graph: str, provider: str) -> Runtime:
    answer = _model if graph == "model" else _portable
    return Runtime(name, graph, partial(_absent, provider), _version, partial(answer, provider))


CPU = _runtime("ONNX Runtime CPU", "model", CPU_PROVIDER)
CPU_PORTABLE = _runtime("ONNX Runtime CPU", "portable", CPU_PROVIDER)
CUDA = _runtime("ONNX Runtime CUDA", "model", CUDA_PROVIDER)
CUDA_PORTABLE = _runtime("ONNX Runtime CUDA", "portable", CUDA_PROVIDER)
