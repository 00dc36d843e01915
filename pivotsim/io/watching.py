"""Watched specifications: copies that are read like their originals and note which values a computation reads.

What a run has not read cannot have changed it, so that a setting without effect is known and not guessed.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pivotsim.io.specs import Spec

SpecT = TypeVar("SpecT", bound=Spec)


def watched(spec: SpecT) -> tuple[SpecT, set[str]]:
    """Return a copy of a specification, and the set that fills with the dotted paths of the values read from it.

    Values that ``model_copy`` replaces are no longer the specification's, so that reading them is not noted.

    Examples
    --------
    >>> from pivotsim.hardware.loading import load_hardware
    >>> board, read = watched(load_hardware("zcu102"))
    >>> board.pes, sorted(read)
    (2304, ['array.cols', 'array.rows'])
    """
    read: set[str] = set()
    return _watching(spec, "", read), read


def _watching(spec: Any, prefix: str, read: set[str]) -> Any:
    copy = spec.model_copy()
    for name, value in spec.__dict__.items():
        if isinstance(value, Spec):
            copy.__dict__[name] = _watching(value, f"{prefix}{name}.", read)
    values = {name: prefix + name for name, value in spec.__dict__.items() if not isinstance(value, (Spec, dict))}
    _note(copy, read, values)
    plain: Any = type(spec)
    object.__setattr__(copy, "__class__", _watching_class(plain))
    return copy


def _note(copy: Spec, read: set[str], values: Mapping[str, str]) -> None:
    """Keep the set, and the names that are noted with their paths, where pydantic's copies take them along."""
    object.__setattr__(copy, "__pydantic_private__", {"read": read, "values": values})


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
        _note(copy, private["read"], kept)
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle as the plain class: the other process runs what has been read already."""
        plain = super().model_copy()  # type: ignore[misc]
        object.__setattr__(plain, "__pydantic_private__", None)
        object.__setattr__(plain, "__class__", self._plain)
        return _itself, (plain,)


def _itself(spec: Spec) -> Spec:
    return spec


@cache
def _watching_class(plain: Any) -> Any:
    """Return a class that watches; made without pydantic's own steps, since its fields and checks are inherited."""
    members = {"__slots__": (), "__module__": __name__, "_plain": plain}
    return type.__new__(type(plain), f"Watching{plain.__name__}", (_Watching, plain), members)
