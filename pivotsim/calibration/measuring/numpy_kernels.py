"""The operations of kernels.c in numpy: the same results, and how long a processor side in Python takes for them."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Array: TypeAlias = Any  # of int8, int32 or int64
LEAST_SAMPLES = 5
EXP_STEPS, EXP_SHIFT = 256, 12
_steps = np.arange(EXP_STEPS)
EXPONENTIALS = np.floor(65536.0 * np.exp(-_steps / 16.0) + 0.5).astype(np.uint64)
_signed = np.where(_steps < 128, _steps, _steps - 256) / 32.0
TABLE = np.clip(np.floor(32.0 * _signed / (1.0 + np.exp(-1.702 * _signed)) + 0.5), -128, 127).astype(np.int8)


class Operands(NamedTuple):
    """Operands of rows of n elements: int32 sums (rows, n), and int8 values a and b (rows, n)."""

    wide: Array
    a: Array
    b: Array


def operands(rows: int, n: int) -> Operands:
    """Return the operands that kernels.c works on, made from each element's place."""
    mixed = np.arange(rows * n, dtype=np.uint64).astype(np.uint32) * np.uint32(2654435761)
    mixed ^= mixed >> np.uint32(15)
    wide = (mixed & np.uint32(0xFFFFF)).astype(np.int32) - np.int32(0x80000)
    a, b = ((mixed >> np.uint32(shift)).astype(np.uint8).view(np.int8) for shift in (24, 16))
    return Operands(*(each.reshape(rows, n) for each in (wide, a, b)))


def softmax(x: Operands) -> Array:
    """int32 scores -> int8 shares of 127."""
    steps = np.minimum((x.wide.max(axis=1, keepdims=True) - x.wide) >> EXP_SHIFT, EXP_STEPS - 1)
    powers = EXPONENTIALS[steps]
    scale = (np.uint64(127 << 24)) // powers.sum(axis=1, keepdims=True)
    return ((powers * scale) >> np.uint64(24)).astype(np.int8)


def norm(x: Operands) -> Array:
    """int8 LayerNorm, in single precision."""
    n, wide = np.float32(x.a.shape[1]), x.a.astype(np.int32)
    mean = wide.sum(axis=1, keepdims=True).astype(np.float32) / n
    variance = (wide * wide).sum(axis=1, keepdims=True).astype(np.float32) / n - mean * mean
    scale = np.float32(32) / np.sqrt(variance + np.float32(1e-3))
    return np.clip((x.a.astype(np.float32) - mean) * scale, -128, 127).astype(np.int8)


def merge(x: Operands) -> Array:
    """Weighted sum of all rows."""
    weights = (np.arange(len(x.a), dtype=np.int32) & 63) + 1
    return (x.a.astype(np.int32) * weights[:, None]).sum(axis=0, dtype=np.int32)


def entropy(x: Operands) -> Array:
    """Entropy of each row of logits, in 1/1024 nat."""
    logits = x.a.astype(np.float32) * np.float32(0.0625)
    powers = np.exp(logits)
    sums = powers.sum(axis=1)
    return (np.float32(1024) * (np.log(sums) - (powers * logits).sum(axis=1) / sums)).astype(np.int32)


def _clamped(values: Array) -> Array:
    return np.clip(values, -128, 127).astype(np.int8)


KERNELS: dict[str, Callable[[Operands], Array]] = {
    "softmax": softmax,
    "gelu": lambda x: TABLE[x.a.view(np.uint8)],
    "silu": lambda x: _clamped((TABLE[x.a.view(np.uint8)].astype(np.int32) * x.b) >> 7),
    "relu": lambda x: np.maximum(x.a, 0),
    "norm": norm,
    "add": lambda x: _clamped((x.a.astype(np.int32) * 96 + x.b.astype(np.int32) * 64) >> 7),
    "mul": lambda x: _clamped((x.a.astype(np.int32) * x.b) >> 7),
    "requant": lambda x: _clamped((x.wide.astype(np.int64) * 20971 + (1 << 25)) >> 26),
    "score": lambda x: x.a.sum(axis=1, dtype=np.int32),
    "pool": lambda x: x.a.max(axis=1).astype(np.int32),
    "sort": lambda x: np.sort(x.wide, axis=1, kind="stable"),
    "gather": lambda x: x.a[np.arange(len(x.a))[::-1]],
    "merge": merge,
    "entropy": entropy,
}


def checksum(result: Array) -> int:
    """Return what kernels.c prints of its results."""
    flat = result.ravel().astype(np.int64)
    return int((flat * (np.arange(flat.size) % 7 + 1)).sum())


def numpy_times_ns(kind: str, rows: int, n: int, budget_ms: float) -> tuple[float, float]:
    """Return the (least, median) time of an operation on rows of n elements, in ns."""
    run, values = KERNELS[kind], operands(rows, n)
    run(values)
    samples: list[int] = []
    end = time.perf_counter() + budget_ms * 1e-3
    while len(samples) < LEAST_SAMPLES or time.perf_counter() < end:
        start = time.perf_counter_ns()
        run(values)
        samples.append(time.perf_counter_ns() - start)
    return float(min(samples)), float(statistics.median(samples))
