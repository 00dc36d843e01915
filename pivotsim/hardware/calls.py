"""Calls of a driver: what the array waits for software, for each piece of work that it is handed."""

from collections.abc import Iterator

from pivotsim.io.specs import Spec, quantity

MAX_US = 1e9


class CallsSpec(Spec):
    """Time that the array stands still while a driver prepares, starts and collects what it does; none by default."""

    fold_us: float = quantity(
        "us", "Each fold: a tile of the held operand (os: of the result).", ge=0, le=MAX_US, default=0.0
    )
    result_tile_us: float = quantity(
        "us", "Each tile of the result: the columns in the array (os: rows and columns).", ge=0, le=MAX_US, default=0.0
    )
    gemm_us: float = quantity("us", "Each matrix multiplication; each head is one.", ge=0, le=MAX_US, default=0.0)

    def paths(self) -> Iterator[str]:
        """Yield the dotted paths of what costs time."""
        yield from (f"calls.{name}" for name in type(self).model_fields if getattr(self, name))
