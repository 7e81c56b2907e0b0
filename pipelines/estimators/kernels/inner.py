"""How a kernel is compiled that only other kernels call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from pipelines.estimators.kernels.compiled import FAST

__all__ = ["inner"]

P = ParamSpec("P")
R = TypeVar("R")


class _NoProcess:
    """Stands for the running process, which a kernel without machine code of its own leaves be."""

    def set_env(self, name: str, environment: Any) -> None:
        pass


class _PlainCode(JITCodeLibrary):  # type: ignore[misc]
    """A kernel's code as it is, to be optimised and made machine code of with its callers'."""

    codegen = _NoProcess()

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, _name: str) -> int:
        return 0


@register_pass(mutates_CFG=True, analysis_only=False)
class _PlainLowering(NativeLowering):  # type: ignore[misc]
    _name = "plain_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = _PlainCode(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        changed: bool = super().run_pass(state)
        return changed


class _PlainCompiler(CompilerBase):  # type: ignore[misc]
    """Numba's compiler without the optimiser."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [
            (_PlainLowering if each is NativeLowering else each, reason)
            for each, reason in passes.passes
        ]
        passes.finalize()
        return [passes]


def inner(kernel: Callable[P, R]) -> Callable[P, R]:
    """The kernel as machine code within that of the kernels that call it.

    Python cannot call it: the code that would take its arguments from Python objects takes
    as long to compile as the kernel itself. It is kept on disk with its callers, and optimised
    with them only: once, where Numba would do it again at each level of calls.
    """
    dispatcher: Callable[P, R] = njit(
        nogil=True,
        fastmath=FAST,
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=_PlainCompiler,
    )(kernel)
    return dispatcher
