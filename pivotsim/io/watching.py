"""Watched specifications: copies that are read like their originals and note which values a computation reads.

What a run has not read cannot have changed it, so that a setting without effect is known and not guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from pivotsim.io.specs import Spec

SpecT = TypeVar("SpecT", bound=Spec)


@dataclass(frozen=True)
class Watch(Generic[SpecT]):
    """A watched copy of a specification, and the dotted paths of the values that have been read from it."""

    spec: SpecT
    read: set[str]
    _made: list[Any] = field(repr=False)

    def stop(self) -> None:
        """Turn the copy, and what was copied from it, into plain specifications: who keeps one keeps no watch."""
        for copy in self._made:
            object.__setattr__(copy, "__class__", copy._plain)
            object.__setattr__(copy, "__pydantic_private__", None)
        self._made.clear()


def watch(spec: SpecT) -> Watch[SpecT]:
    """Return a copy of a specification that is read like the original, and notes what is read.

    Values that ``model_copy`` replaces are no longer the specification's, so that reading them is not noted.

    Examples
    --------
    >>> from pivotsim.hardware.loading import load_hardware
    >>> board = watch(load_hardware("zcu102"))
    >>> board.spec.pes, sorted(board.read)
    (2304, ['array.cols', 'array.count', 'array.rows'])
    """
    read: set[str] = set()
    made: list[Any] = []
    return Watch(_copy(spec, "", read, made), read, made)


def _copy(spec: Any, prefix: str, read: set[str], made: list[Any]) -> Any:
    groups = {name: _copy(value, f"{prefix}{name}.", read, made)
              for name, value in spec.__dict__.items() if isinstance(value, Spec)}  # fmt: skip
    plain: Any = type(spec)
    values = {name: path for name, path in _paths(plain, prefix).items() if name not in groups}
    copy = plain.__new__(plain)
    object.__setattr__(copy, "__dict__", {**spec.__dict__, **groups})
    object.__setattr__(copy, "__pydantic_fields_set__", spec.__pydantic_fields_set__)
    object.__setattr__(copy, "__pydantic_extra__", None)
    object.__setattr__(copy, "__class__", _watching_class(plain))
    _note(copy, read, values, made)
    return copy


@cache
def _paths(plain: Any, prefix: str) -> dict[str, str]:
    return {name: prefix + name for name, field in plain.model_fields.items() if field.annotation != dict[str, str]}


def _note(copy: Any, read: set[str], values: Mapping[str, str], made: list[Any]) -> None:
    """Keep what a copy needs to watch where pydantic's own copies take it along."""
    object.__setattr__(copy, "__pydantic_private__", {"read": read, "values": values, "made": made})
    made.append(copy)


class _Watching:
    """What a watched specification does beside its own class."""

    __slots__ = ()
    _plain: type[Spec]

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        private = super().__getattribute__("__pydantic_private__")
        if name in private["values"]:
            private["read"].add(private["values"][name])
        return value

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in self._plain.model_fields)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Any:
        copy = super().model_copy(update=update, deep=deep)  # type: ignore[misc]  # Spec's, which comes next
        private = copy.__pydantic_private__
        kept = {name: path for name, path in private["values"].items() if name not in (update or {})}
        _note(copy, private["read"], kept, private["made"])
        return copy


@cache
def _watching_class(plain: Any) -> Any:
    """Return a class that watches; made without pydantic's own steps, since its fields and checks are inherited."""
    members = {"__slots__": (), "__module__": __name__, "_plain": plain}
    return type.__new__(type(plain), f"Watching{plain.__name__}", (_Watching, plain), members)
