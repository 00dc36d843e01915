"""Costs of designs at drawn constants: delay, energy and their product, of all draws and designs at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from pivotsim.energy.activity import DEFAULTS, RESIDUAL, residual_w
from pivotsim.energy.rules import RULES
from pivotsim.energy.usage import Usage
from pivotsim.hardware.power import ComponentPowerSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.io.spec_values import value_at
from pivotsim.propagation.constants import follows_residual
from pivotsim.propagation.sampling import Draws
from pivotsim.propagation.terms import Key, Terms
from pivotsim.units import FloatArray

RESIDUAL_PATH = f"{DEFAULTS}{RESIDUAL}"
COUNTS = ("macs", "sram_bytes", "dram_bytes", "unit_pj")


class Group(NamedTuple):
    """Designs of one hardware, but for its array: their terms and their counts, numbers or (D,)."""

    hw: Hardware
    terms: Terms
    counts: Mapping[str, Any]  # COUNTS -> how many
    members: Any  # places among all designs, as an index of (D,)


class Costs(NamedTuple):
    """Costs of each draw and design, float64 (N, D)."""

    delay_ms: FloatArray
    energy_j: FloatArray

    @property
    def edp_j_ms(self) -> FloatArray:
        """Energy times delay."""
        return self.energy_j * self.delay_ms


@dataclass(frozen=True)
class CostModel:
    """Counts of D designs, to be weighed with drawn constants.

    Attributes
    ----------
    energy : str
        Energy rule.
    hw : Hardware
        The board whose constants are drawn.
    keys : list of Key
        Weights of the delay's terms.
    amounts : numpy array, float64 (T, D)
        Amounts of the terms.
    counts : dict
        ``macs``, ``sram_bytes``, ``dram_bytes``, ``unit_pj`` and ``cores``, each float64 (D,).
    own : dict
        Dotted path -> value of the energy rule's constants: a number, or (D,) where designs differ in it.
    """

    energy: str
    hw: Hardware
    keys: list[Key]
    amounts: FloatArray
    counts: dict[str, FloatArray]
    own: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, energy: str, hw: Hardware, count: int, groups: Sequence[Group]) -> "CostModel":
        """Return the model of ``count`` designs from their groups."""
        keys = list(dict.fromkeys(key for group in groups for key in group.terms.amounts))
        amounts: FloatArray = np.zeros((len(keys), count))
        counts: dict[str, FloatArray] = {name: np.zeros(count) for name in (*COUNTS, "cores")}
        own: dict[str, Any] = {}
        for group in groups:
            for key, amount in group.terms.amounts.items():
                amounts[keys.index(key), group.members] = amount
            for name in COUNTS:
                counts[name][group.members] = group.counts[name]
            counts["cores"][group.members] = group.hw.ps_cores
        for path in power_paths(energy):
            values = np.zeros(count)
            for group in groups:
                values[group.members] = value_at(group.hw, path)
            own[path] = values if len(np.unique(values)) > 1 else values[0] if count else 0.0
        return cls(energy, hw, keys, amounts, counts, own)

    def take(self, places: Any) -> "CostModel":
        """Return the model of the designs at some places."""
        own = {path: value[places] if np.ndim(value) else value for path, value in self.own.items()}
        counts = {name: values[places] for name, values in self.counts.items()}
        return replace(self, amounts=self.amounts[:, places], counts=counts, own=own)

    def costs(self, draws: Draws) -> Costs:
        """Return delay and energy of every draw and design, (N, D)."""
        weights = [key.weight(draws, draws.count) for key in self.keys]
        parts = []
        for is_ps in (False, True):
            places = [i for i, key in enumerate(self.keys) if key.is_ps == is_ps]
            shape = (draws.count, self.amounts.shape[1])
            chosen = np.stack([weights[i] for i in places], axis=1) if places else None
            parts.append(np.zeros(shape) if chosen is None else chosen @ self.amounts[places])
        pl_ms, ps_ms = parts
        delay_ms = pl_ms + ps_ms
        vectors: dict[str, Any] = {name: self.counts[name] for name in COUNTS}
        usage = Usage(delay_ms=delay_ms, pl_ms=pl_ms, ps_ms=ps_ms, ps_core_ms=ps_ms * self.counts["cores"], **vectors)  # type: ignore[arg-type]
        values = self._powers(draws)
        joules = RULES[self.energy].total_j(values.__getitem__, usage)
        return Costs(delay_ms, np.broadcast_to(joules, delay_ms.shape))

    def _powers(self, draws: Draws) -> dict[str, Any]:
        """Return the energy rule's constants: drawn ones (N, 1), others a number or (D,)."""
        values = {path: draws[path][:, None] if path in draws else value for path, value in self.own.items()}
        if RESIDUAL_PATH in values and self.follows_residual and any(path in draws for path in self.own):
            values[RESIDUAL_PATH] = self.residual_w(draws)[:, None]
        return values

    def delay_paths(self) -> set[str]:
        """Return the drawn constants that delays depend on."""
        return {path for key in self.keys for path in (*key.times, *key.over, *key.charged_if)}

    @property
    def follows_residual(self) -> bool:
        """Whether the periphery's power is what the other constants leave of the fitted run's."""
        return follows_residual(self.hw, self.energy)

    def residual_w(self, draws: Draws) -> FloatArray:
        """Return the periphery's power of each draw, W (N,): moved as the residual moves, at least 0."""
        assert isinstance(self.hw.power, ComponentPowerSpec)  # the rule has run
        activity = self.hw.power.activity

        def drawn(path: str) -> Any:
            return draws[path] if path in draws else value_at(self.hw, path)

        moved = residual_w(activity, drawn) - residual_w(activity)
        watts: FloatArray = np.maximum(np.broadcast_to(activity.default.periphery_w + moved, draws.count), 0.0)
        return watts

    def settings(self, draws: Draws, draw: int) -> dict[str, float]:
        """Return everything that one draw sets, as ``Hardware.replace`` takes it."""
        follows = self.follows_residual and any(path in draws for path in self.own)
        return {**draws.at(draw), **({RESIDUAL_PATH: float(self.residual_w(draws)[draw])} if follows else {})}


def power_paths(energy: str) -> Iterator[str]:
    """Yield the single constants that an energy rule multiplies."""
    return (path for path in RULES[energy].constants if not path.endswith((".low", ".high")))
