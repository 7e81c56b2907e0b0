"""exp, log1p, sigmoid, sqrt and tanh of a float32 or float64 number, so that loops vectorise.

The compiler knows no vector form of the C library's functions and calls them one number at a
time. These are products, sums and selections without a branch or a table, so that a loop over
an array runs in vector registers. They are right to 3 units in the last place, also where the
result is infinite, zero or denormal, and NaN stays NaN. In a kernel the functions below stand
for the compiled ones; called from Python they are NumPy's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

__all__ = ["exp", "log1p", "sigmoid", "sqrt", "tanh"]

Kernel = Callable[..., Any]

# Products may be fused with sums, and nothing else: the sums here take rounding errors out,
# which they do in their own order only.
inlined = njit(
    fastmath={"contract"}, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)


def exp(x: Any) -> Any:
    """The power eˣ: 2ᵏ eʳ where x = k log 2 + r, k whole, |r| ≤ ½ log 2."""
    return np.exp(x)


def log1p(x: Any) -> Any:
    """log(1 + x) for x from 0 to 1: 2 artanh(x / (2 + x)); log 2 apart where x > √2 − 1."""
    return np.log1p(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ), written with e to negative powers only."""
    return 1 / (1 + np.exp(-x))


def sqrt(x: Any) -> Any:
    """The square root; NaN for negative numbers, without the C library's error number."""
    return np.sqrt(x)


def tanh(x: Any) -> Any:
    """−d / (2 + d) with d = e⁻²ˣ − 1 for x ≥ 0; odd in x."""
    return np.tanh(x)


class Format(NamedTuple):
    """The constants of a floating-point format, and its way to powers of two."""

    number: Any
    # Added to x, it leaves x rounded to a whole number in the sum's lowest bits.
    rounder: Any
    powers_of_two: Kernel
    # log 2 = high + low; a whole number that can be an exponent times high is exact.
    high: Any
    low: Any
    # Beyond these, the power is zero and infinity.
    lowest: Any
    highest: Any
    # 1/n! from the highest power down to n = 2; 1/(2n + 1) down to n = 1.
    exponential: tuple[Any, ...]
    artanh: tuple[Any, ...]


ROUNDER_32, ROUNDER_64 = np.float32(1.5 * 2.0**23), np.float64(1.5 * 2.0**52)
BITS_32, BITS_64 = np.int32(ROUNDER_32.view(np.int32)), np.int64(ROUNDER_64.view(np.int64))
BIAS_32, BIAS_64 = np.int32(127), np.int64(1023)
SHIFT_32, SHIFT_64 = np.int32(23), np.int64(52)
ONE_32, ONE_64 = np.int32(1), np.int64(1)


@inlined
def powers_of_two_32(rounded: Any) -> Any:
    """2ʲ and 2ᵏ⁻ʲ for rounded = k + ROUNDER: 2ᵏ alone may be out of range where eˣ is not."""
    k = np.int32(np.float32(rounded).view(np.int32) - BITS_32)
    j = np.int32(k >> ONE_32)
    first = np.int32(np.int32(j + BIAS_32) << SHIFT_32)
    second = np.int32(np.int32(np.int32(k - j) + BIAS_32) << SHIFT_32)
    return np.int32(first).view(np.float32), np.int32(second).view(np.float32)


@inlined
def powers_of_two_64(rounded: Any) -> Any:
    """The same in float64."""
    k = np.int64(np.float64(rounded).view(np.int64) - BITS_64)
    j = np.int64(k >> ONE_64)
    first = np.int64((j + BIAS_64) << SHIFT_64)
    second = np.int64((k - j + BIAS_64) << SHIFT_64)
    return np.int64(first).view(np.float64), np.int64(second).view(np.float64)


def _format(f: Any, rounder: Any, powers: Kernel, split: int, ends: Any, terms: Any) -> Format:
    high = math.floor(math.log(2) * 2.0**split) / 2.0**split
    # The rest of log 2 = 0.69314718055994530941723212145818.
    low = math.log(2) - high + 2.3190468138462996e-17
    return Format(
        number=f,
        rounder=rounder,
        powers_of_two=powers,
        high=f(high),
        low=f(low),
        lowest=f(ends[0]),
        highest=f(ends[1]),
        exponential=tuple(f(1 / math.factorial(n)) for n in range(terms[0], 1, -1)),
        artanh=tuple(f(1 / (2 * n + 1)) for n in range(terms[1], 0, -1)),
    )


FORMATS = {
    types.float32: _format(np.float32, ROUNDER_32, powers_of_two_32, 15, (-104, 89), (7, 4)),
    types.float64: _format(np.float64, ROUNDER_64, powers_of_two_64, 40, (-746, 710), (13, 10)),
}


@cache
def _reduction(form: types.Float) -> Kernel:
    """The kernel x → (eʳ − 1, 2ʲ, 2ᵏ⁻ʲ)."""
    f, rounder, powers_of_two, high, low, lowest, highest, series, _ = FORMATS[form]
    log2_e = f(1 / math.log(2))

    @inlined
    def reduce(x: Any) -> Any:
        rounded = min(max(x, lowest), highest) * log2_e + rounder
        k = rounded - rounder
        r = (min(max(x, lowest), highest) - k * high) - k * low
        p = series[0]
        for coefficient in series[1:]:
            p = p * r + coefficient
        first, second = powers_of_two(rounded)
        return p * r * r + r, first, second

    return reduce


@cache
def _exp(form: types.Float) -> Kernel:
    reduce, one = _reduction(form), FORMATS[form].number(1)

    @inlined
    def exp_of(x: Any) -> Any:
        p, first, second = reduce(x)
        power = (p + one) * first * second
        return power if x == x else x

    return exp_of


@cache
def _log1p(form: types.Float) -> Kernel:
    f, series = FORMATS[form].number, FORMATS[form].artanh
    zero, one, two, half, log_2 = f(0), f(1), f(2), f(0.5), f(math.log(2))
    middle = f(math.sqrt(2) - 1)

    @inlined
    def log1p_of(x: Any) -> Any:
        upper = x > middle
        near = half * (x - one) if upper else x
        s = near / (two + near)
        square = s * s
        p = series[0]
        for coefficient in series[1:]:
            p = p * square + coefficient
        return two * (s * square * p + s) + (log_2 if upper else zero)

    return log1p_of


@cache
def _sigmoid(form: types.Float) -> Kernel:
    exp_of, one = _exp(form), FORMATS[form].number(1)

    @inlined
    def sigmoid_of(x: Any) -> Any:
        tail = exp_of(-abs(x))
        return (tail if x < 0 else one) / (one + tail)

    return sigmoid_of


@cache
def _tanh(form: types.Float) -> Kernel:
    reduce, f = _reduction(form), FORMATS[form].number
    one, two = f(1), f(2)

    @inlined
    def tanh_of(x: Any) -> Any:
        p, first, second = reduce(-two * abs(x))
        power = first * second
        d = power * p + (power - one)
        size = abs(d) / (two + d)
        signed = -size if x < 0 else size
        return signed if x == x else x

    return tanh_of


@intrinsic
def processor_sqrt(_context: Any, x: Any) -> Any:
    """The processor's square root, which the compiler takes for any number of lanes."""

    def code(_codegen: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        function = builder.module.declare_intrinsic("llvm.sqrt", [kind])
        return builder.call(function, arguments)

    return x(x), code


@cache
def _sqrt(_form: types.Float) -> Kernel:
    @inlined
    def sqrt_of(x: Any) -> Any:
        return processor_sqrt(x)

    return sqrt_of


def _stand_for(function: Kernel, kernel_of: Callable[[types.Float], Kernel]) -> None:
    """Make compiled code that calls the function run the kernel of the argument's format."""

    @overload(function, jit_options={"fastmath": {"contract"}, "error_model": "numpy"})
    def kernel(x: Any) -> Any:
        return kernel_of(x).py_func if x in FORMATS else None  # type: ignore[attr-defined]


_stand_for(exp, _exp)
_stand_for(log1p, _log1p)
_stand_for(sigmoid, _sigmoid)
_stand_for(sqrt, _sqrt)
_stand_for(tanh, _tanh)
