"""Operations and bytes of a kernel, counted: its own Python is run on numbers and arrays that count.

An operation is one arithmetic operation, shift, logical operation or comparison of numbers that come from an array or
an argument; indices of loops are none. A byte is counted each time that an array's element is read or written. What the
counted run writes must be what the machine code writes.
"""

import contextlib
import inspect
import operator
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from tests.plain_kernels import plain

ARITHMETIC = (
    "add", "sub", "mul", "floordiv", "truediv", "mod", "lshift", "rshift", "and", "or", "xor",
)  # fmt: skip
DIVISIONS = {"floordiv", "truediv", "mod"}
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
WORD = 2**64


@dataclass
class Counts:
    """What a run of a kernel did; divisions are operations, too, those by a constant no divisions."""

    operations: int = 0
    divisions: int = 0
    bytes_read: int = 0
    bytes_written: int = 0

    @property
    def bytes(self) -> int:
        """Bytes read and written."""
        return self.bytes_read + self.bytes_written

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(operator.add, astuple(self), astuple(other)))


counts = Counts()  # of the run that is being counted


class CountedInt(int):
    """An integer whose operations are counted."""


class CountedWord(CountedInt):
    """An unsigned integer of 64 bits whose operations are counted."""


class CountedFloat(float):
    """A float whose operations are counted."""


def _made(value: Any, like: type) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return CountedFloat(value)
    return CountedWord(value % WORD) if like is CountedWord else CountedInt(value)


def _operation(cls: type, base: type, name: str) -> None:
    function = getattr(base, f"__{name}__", None)
    if function is None:
        return

    def counted(self: Any, *others: Any) -> Any:
        value = function(self, *others)
        if value is NotImplemented:
            return value
        counts.operations += 1
        divisor = others[0] if name in DIVISIONS else self if name[1:] in DIVISIONS else 1
        counts.divisions += isinstance(divisor, (CountedInt, CountedFloat))
        return _made(value, CountedWord if any(isinstance(each, CountedWord) for each in (self, *others)) else cls)

    setattr(cls, f"__{name}__", counted)


for _cls, _base in ((CountedInt, int), (CountedFloat, float)):
    for _name in (*ARITHMETIC, *(f"r{name}" for name in ARITHMETIC), *COMPARISONS, "neg"):
        _operation(_cls, _base, _name)
    _cls.__hash__ = _base.__hash__  # type: ignore[method-assign]


def _from_the_start(at: Any) -> None:
    """Refuse an index from the end of an array: machine code would leave the array."""
    if any(not isinstance(index, slice) and index < 0 for index in (at if isinstance(at, tuple) else (at,))):
        raise IndexError(f"{at}: kernels count from the start of an array")


class CountedArray:
    """An array whose accesses are counted, a view on a numpy array."""

    def __init__(self, values: Any) -> None:
        self.values = values
        self.shape, self.size, self.ndim = values.shape, values.size, values.ndim

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, at: Any) -> Any:
        _from_the_start(at)
        found = self.values[at]
        if isinstance(found, np.ndarray):
            return CountedArray(found)
        counts.bytes_read += found.itemsize
        return counted_number(found)

    def __setitem__(self, at: Any, value: Any) -> None:
        _from_the_start(at)
        target = self.values[at]
        counts.bytes_written += target.nbytes
        self.values[at] = value.values if isinstance(value, CountedArray) else value


def counted_number(value: Any) -> Any:
    """Return a number that counts what is done with it; a truth value as it is."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return CountedFloat(value)
    return CountedWord(value) if isinstance(value, np.uint64) else CountedInt(value)


def counted_argument(value: Any) -> Any:
    """Return an argument of a kernel, a number, an array or a tuple of them, as one that counts."""
    if isinstance(value, tuple):
        inner = [counted_argument(each) for each in value]
        return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
    if isinstance(value, np.ndarray):
        return CountedArray(value)
    return value if value is None else counted_number(value)


class CountingNumpy:
    """What kernels use of numpy, for numbers that count: conversions, which are no operations, and ceil, which is."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def _same(self, value: Any) -> Any:
        return value

    int8 = int16 = int32 = uint8 = uint16 = uint32 = _same

    def int64(self, value: Any) -> Any:
        """Return an integer."""
        return CountedInt(value)

    def uint64(self, value: Any) -> Any:
        """Return a word; a plain integer, an index or a constant, stays one that does not count."""
        return CountedWord(value) if isinstance(value, (CountedInt, CountedFloat)) else Word(value)

    def float64(self, value: Any) -> Any:
        """Return a float."""
        return CountedFloat(value)

    def ceil(self, value: Any) -> Any:
        """Return a float rounded up."""
        counts.operations += 1
        return CountedFloat(np.ceil(float(value)))


class Word(int):
    """An unsigned integer of 64 bits that stands for an index or a constant: with a counted word it makes one."""


def copied(value: Any) -> Any:
    """Return arguments with arrays of their own; a vector that repeats one number in memory goes on doing so."""
    if isinstance(value, tuple):
        inner = [copied(each) for each in value]
        return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
    if not isinstance(value, np.ndarray) or (value.size and not any(value.strides)):
        return value
    return value.copy()


@contextlib.contextmanager
def noted_calls(kernel: Any, *, is_copied: bool = True) -> Iterator[list[tuple[Any, ...]]]:
    """Yield a list that gets the arguments of every call of a kernel, copied before it runs or as it leaves them."""
    calls: list[tuple[Any, ...]] = []
    run = kernel.compiled()

    def noted(*arguments: Any) -> Any:
        calls.append(copied(arguments) if is_copied else arguments)
        return run(*arguments)

    kernel._run = noted
    try:
        yield calls
    finally:
        kernel._run = run


def first_call(kernel: Any, run: Callable[[], object], *, is_copied: bool = True) -> tuple[Any, ...]:
    """Return the arguments of a kernel's first call in a run."""
    with noted_calls(kernel, is_copied=is_copied) as calls:
        run()
    return calls[0]


def named(kernel: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Return a kernel's arguments by name, in its order."""
    return dict(zip(inspect.signature(kernel.py_func).parameters, arguments, strict=True))


@contextlib.contextmanager
def counting() -> Iterator[Counts]:
    """Yield what is counted while this is open."""
    global counts
    counts = Counts()
    yield counts


def count(kernel: Any, arguments: tuple[Any, ...]) -> Counts:
    """Return what a kernel does with arguments, which stay as they are."""
    by_machine, by_python = copied(arguments), copied(arguments)
    result = kernel.compiled()(*by_machine)
    with counting() as found:
        again = plain(kernel, {"np": CountingNumpy()})(*map(counted_argument, by_python))
    if result != again or not all(map(_equal, by_machine, by_python)):
        raise AssertionError(f"{kernel.__name__}: what is counted is not what the machine code does")
    return found


def counted_calls(kernel: Any, run: Callable[[], object]) -> Counts:
    """Return what all calls of a kernel in a run do together."""
    with noted_calls(kernel) as calls:
        run()
    return sum((count(kernel, arguments) for arguments in calls), Counts())


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return all(map(_equal, one, other))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(operator.eq(one, other))
