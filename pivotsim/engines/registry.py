"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from pivotsim.engines.array.engine import Analytic, ArrayEngine
from pivotsim.engines.base import HW, MEMORIES, Engine
from pivotsim.engines.memory.engine import Memory
from pivotsim.engines.mpca.engine import Mpca
from pivotsim.engines.pe.engine import Pe
from pivotsim.engines.pipeline.engine import Pipeline
from pivotsim.engines.serial.engine import Serial
from pivotsim.errors import InputError, check_choice, got
from pivotsim.hardware.host import PROFILES
from pivotsim.hardware.spec import Hardware

ENGINES: dict[str, Engine] = {
    engine.name: engine for engine in (Analytic(), Pe(), Memory(), Mpca(), Serial(), Pipeline())
}


def engines_of(kind: str) -> dict[str, Engine]:
    """Return the engines that serve a kind of hardware, the preferred one first."""
    return {name: engine for name, engine in ENGINES.items() if engine.kind == kind}


def array_engines() -> dict[str, ArrayEngine]:
    """Return the engines that can run an array by itself."""
    return {name: engine for name, engine in ENGINES.items() if isinstance(engine, ArrayEngine)}


def resolved(hw: Hardware, engine: str | None, memory: str | None, profile: str) -> tuple[str, str]:
    """Return (engine, memory), those not stated being the hardware's own.

    Raises
    ------
    InputError
        They are unknown, do not go together, or the engine is not one for this kind of hardware.
    """
    if check_choice("profile", profile, PROFILES) not in hw.profiles:
        raise InputError(f"profile: '{hw.name}' has no processor side to charge {got(profile)}")
    own = engines_of(hw.kind)
    preferred = next(iter(own.values()))
    memory = preferred.memories[0] if memory is None else check_choice("memory", memory, MEMORIES)
    usable = [name for name, one in own.items() if memory in one.memories or memory != HW]
    engine = usable[0] if engine is None else check_choice("engine", engine, ENGINES)
    if engine not in own:
        names = " or ".join(map(repr, own))
        raise InputError(f"engine: '{hw.name}' is of kind '{hw.kind}' and needs engine {names} {got(engine)}")
    if engine not in usable:
        raise InputError(f"memory: 'hw' needs engine {' or '.join(map(repr, usable))} {got(engine)}")
    return engine, memory
