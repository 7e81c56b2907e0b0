"""A gate that opens when all threads of a kernel have come to it."""

from __future__ import annotations

import sys
from typing import Any

from numba import types
from numba.core.cgutils import ir
from numba.extending import intrinsic

from pipelines.estimators.kernels.inner import inner

__all__ = ["pass_gate"]

# Looks at the gate before the processor is offered to another thread; some microseconds.
LOOKS = 2000
YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"


@intrinsic
def arrive(_context: Any, address: Any) -> Any:  # noqa: ARG001 - Numba goes by its name
    """Add 1 to the number at the address, for all threads to see."""

    def code(_codegen: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", pointer, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(types.uintp), code


@intrinsic
def arrived(_context: Any, address: Any) -> Any:  # noqa: ARG001 - as above
    """The number at the address, as the other threads have left it."""

    def code(_codegen: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.uintp), code


@intrinsic
def give_way(_context: Any) -> Any:
    """Offer the processor to another thread."""

    def code(_codegen: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        module = builder.module
        function = module.globals.get(YIELD) or ir.Function(module, kind, YIELD)
        return builder.call(function, [])

    return types.int32(), code


@inner
def pass_gate(gate: Any, target: int) -> None:
    """Returns when `target` arrivals, this one among them, are counted in gate[0].

    A thread that must wait soon gives way to others, so that threads beyond the number of
    processors cost little.
    """
    address = gate.ctypes.data
    arrive(address)
    looks = 0
    while arrived(address) < target:
        looks += 1
        if looks > LOOKS:
            give_way()
