"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.memory import trace_gemms as memory_gemms
from pivotsim.engines.mpca import use as mpca_use
from pivotsim.engines.pe import clock as pe
from pivotsim.errors import InputError, check_choice, got
from pivotsim.hardware.mpca import as_mpca
from pivotsim.hardware.spec import PROFILES, ArraySpec, Hardware
from pivotsim.hardware.systolic import SystolicHardware, as_systolic
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Trace

MEMORIES = ("paper", "hw")
Masks = Sequence[Mask | None]  # of each GEMM
# a trace and the hardware -> clocks of each of its GEMMs with its repeats, int64 (G,)
Engine = Callable[[Trace, Hardware], IntArray]
ENGINES: dict[str, Engine] = {
    "analytic": lambda trace, hw: analytic.cycles_per_gemm(trace.gemms, _board(hw).array, trace.gemm_masks),
    "pe": lambda trace, hw: pe.cycles_per_gemm(trace.gemms, _board(hw).array, trace.gemm_masks),
    "memory": lambda trace, hw: memory_gemms.cycles_per_gemm(trace.gemms, _board(hw), trace.gemm_masks),
    "mpca": lambda trace, hw: mpca_use.cycles_per_gemm(trace, as_mpca(hw, "engine").mpca),
}
WITH_MEMORIES = ("memory", "mpca")  # engines that `memory: hw` means something to


class Modes(NamedTuple):
    """What a kind of hardware runs on: engines, the preferred one first, `memory` unless stated, profiles."""

    engines: tuple[str, ...]
    memory: str
    profiles: tuple[str, ...]


MODES = {  # a row per row of hardware.kinds.KINDS
    "systolic": Modes(("analytic", "pe", "memory"), "paper", PROFILES),  # PIVOT's delays know no limits
    "mpca": Modes(("mpca",), "hw", ("paper",)),
}


def _board(hw: Hardware) -> SystolicHardware:
    return as_systolic(hw, "engine")


def resolved(hw: Hardware, engine: str | None, memory: str | None, profile: str) -> tuple[str, str]:
    """Return (engine, memory), those not stated being the hardware's own.

    Raises
    ------
    InputError
        They are unknown, do not go together, or the engine is not one for this kind of hardware.
    """
    modes = MODES[hw.kind]
    if check_choice("profile", profile, PROFILES) not in modes.profiles:
        raise InputError(f"profile: '{hw.name}' has no processor side to charge {got(profile)}")
    memory = modes.memory if memory is None else check_choice("memory", memory, MEMORIES)
    usable = [name for name in modes.engines if memory != "hw" or name in WITH_MEMORIES]
    engine = usable[0] if engine is None else check_choice("engine", engine, ENGINES)
    if engine not in modes.engines:
        own = " or ".join(map(repr, modes.engines))
        raise InputError(f"engine: '{hw.name}' is of kind '{hw.kind}' and needs engine {own} {got(engine)}")
    if engine not in usable:
        raise InputError(f"memory: 'hw' needs engine {' or '.join(map(repr, usable))} {got(engine)}")
    return engine, memory


# the same engines for an array alone, its memories without limits: (G, 4) rows of m, k, n, repeats, the array, masks
ArrayEngine = Callable[[IntArray, ArraySpec | Mapping[str, Any], Masks], IntArray]
ARRAY_ENGINES: dict[str, ArrayEngine] = {
    "analytic": analytic.cycles_per_gemm,
    "pe": pe.cycles_per_gemm,
    "memory": memory_gemms.cycles_without_limits,
}
