"""Values with sources, as every hardware file has them: by dotted path, replaced by a change."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from pivotsim.errors import nearest
from pivotsim.io.spec_values import known_paths, leaves, replaced, value_at, with_groups
from pivotsim.io.specs import NONE, Spec


class SourcedSpec(Spec):
    """A specification whose values say where they come from; a group's source holds for what it has no own for."""

    sources: dict[str, str] = Field(description="Dotted path of a value or a group -> where it comes from.")

    @model_validator(mode="after")
    def _sources_name_values(self) -> Self:
        is_whole = all(value is not None for value in self.__dict__.values())
        known = known_paths(type(self))
        if not is_whole or not known.issuperset(self.sources):
            known = frozenset(with_groups(path for path, _, _ in leaves(self)))
        unknown = [key for key in self.sources if key not in known]
        if unknown:
            raise ValueError(f"sources: '{unknown[0]}' names no value{nearest(unknown[0], known)}")
        return self

    def replace(self, changes: Mapping[str, object], *, label: str = "replace") -> Self:
        """Return a copy with values at dotted paths changed, validated, and marked in ``sources``.

        Parameters
        ----------
        changes : mapping
            Dotted path to new value, as in ``{"array.rows": 32}``.
        label : str
            What an error message starts with.

        Raises
        ------
        InputError
            A path is unknown (the nearest valid one is named) or a value does not fit.

        Examples
        --------
        >>> import pivotsim as ps
        >>> ps.load_hardware("zcu102").replace({"array.rows": 32}).array.rows
        32
        """
        return replaced(self, changes, label)

    def source(self, path: str) -> str:
        """Return the source of a value: its own, or that of the nearest group above it, or ''."""
        while path not in self.sources and path:
            path = path.rpartition(".")[0]
        return self.sources.get(path, "")

    def to_rows(self) -> list[tuple[str, object, str, str, str]]:
        """Return (path, value, unit, source, description) of every value, in the schema's order."""
        return [
            (path, NONE if (value := value_at(self, path)) is None else value, unit, self.source(path), description)
            for path, unit, description in leaves(self)
        ]
