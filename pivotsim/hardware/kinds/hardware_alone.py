"""The board without a processor side: what the kinds of hardware share on which every operation runs in logic."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import model_validator

from pivotsim.errors import got
from pivotsim.hardware.defaults import DEFAULT, NO_PROCESSOR
from pivotsim.hardware.host import PROFILES
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import PS


class HardwareAlone(Hardware):
    """A board whose kind has no processor side."""

    @classmethod
    def _with_defaults(cls, data: Any) -> Any:
        return super()._with_defaults({"host": NO_PROCESSOR, **data} if isinstance(data, Mapping) else data)

    @property
    def profiles(self) -> tuple[str, ...]:
        """One alone: nothing is charged to a processor."""
        return PROFILES[:1]

    @model_validator(mode="after")
    def _has_no_processor_side(self) -> Self:
        for problem in self._on_a_processor():
            raise ValueError(problem)
        return self

    def _on_a_processor(self) -> Iterator[str]:
        if self.host is not None:
            yield f"host: this kind of hardware has no processor side {got(self.host.name)}"
        for kind, place in self.placement:
            if place == PS and not self.source(f"placement.{kind}").startswith(DEFAULT):
                yield f"placement.{kind}: this kind of hardware has no processor side {got(place)}"
