"""Engines `memory` and `pe`: random small GEMMs against the oracles and each other, and sizes beyond all bounds."""

import random
from pathlib import Path
from typing import Any

import numpy as np

import pivotsim as ps
from pivotsim.workload.masks.masks import Mask
from tests.fuzz.kind import Kind, outcome
from tests.oracles.array import array_schedule
from tests.proofs.memory_campaign import differences, engine_mask, random_case, random_mask

HOSTILE = [0, -1, 1, 2, 65_536, 65_537, 2**31, 2**62, 2**63, 10**400, 1.5, 2.0, float("nan"), float("inf"), True, None,
           "3", "", b"3", [], [3], {}, np.int64(3), np.array(3), np.array([3]), np.float32(2), 1j, ...,
           object]  # fmt: skip
NAMES = ("m", "k", "n", "rows", "cols", "dataflow", "fold_overlap", "edge", "os_edge_register", "mac_latency", "engine",
         "clock_mhz", "mask", "density", "block", "seed")  # fmt: skip


def _memory_case(rng: random.Random) -> tuple[Any, ...]:
    case = random_case(rng, largest=7)
    return (*case, random_mask(rng, case[0]) if rng.random() < 0.4 else None)


def _judge_memory(case: tuple[Any, ...], folder: Path) -> str:
    found = differences(*case)
    return "" if found in ([], ["misfit"]) else f"differs from the oracle: {', '.join(found)}"


def _small_case(rng: random.Random) -> dict[str, Any]:
    (m, k, n), array, *_ = random_case(rng, largest=12)
    mask = random_mask(rng, (m, k, n)) if rng.random() < 0.4 else None
    return {"m": m, "k": k, "n": n, **array, "mask": mask}


def _judge_small(case: dict[str, Any], folder: Path) -> str:
    mask = case["mask"] and engine_mask(case["mask"], (case["m"], case["k"], case["n"]))
    results = {e: ps.simulate_gemm(**{**case, "mask": mask}, engine=e) for e in ("analytic", "memory", "pe")}
    if len({r.cycles for r in results.values()}) > 1:
        return f"engines differ: { ({e: r.cycles for e, r in results.items()}) }"
    sizes = {name: value for name, value in case.items() if name != "mask"}
    if mask is None and results["pe"].cycles != array_schedule.gemm_cycles(**sizes):
        return "differs from the oracle"
    return (
        "" if results["pe"].macs <= results["pe"].cycles * case["rows"] * case["cols"] else "more MACs than PE clocks"
    )


def _hostile_case(rng: random.Random) -> dict[str, Any]:
    case = {"m": 5, "k": 6, "n": 7, "rows": 4, "cols": 3, "engine": rng.choice(("analytic", "memory", "pe"))}
    for name in rng.sample(NAMES, rng.choice((1, 1, 2, 3))):
        case[name] = rng.choice(HOSTILE)
    if case["engine"] == "pe":  # sizes that it takes, for seconds to days
        case |= {name: 9 for name in NAMES[:5] if type(case[name]) is int and 9 < case[name] < 2**62}
    return case


def _judge_hostile(case: dict[str, Any], folder: Path) -> str:
    return outcome(lambda: ps.simulate_gemm(**case).to_dict())


def _operands_case(rng: random.Random) -> dict[str, Any]:
    def operand(rows: int, cols: int) -> Any:
        kind = rng.random()
        if kind < 0.3:
            return rng.choice(HOSTILE)
        low, high = rng.choice(((-128, 128), (-129, 128), (0, 300)))
        values = np.random.default_rng(rng.randrange(2**32)).integers(low, high, (rows, cols))
        return rng.choice(
            (values.tolist(), values, values.astype(np.float64), values[:, ::-1], values.T, values.astype(object))
        )

    mask = rng.choice((None, None, Mask("b", 3, 4, 2, np.eye(2, dtype=bool)), 3))
    return {
        "a": operand(2, 3),
        "b": operand(3, 4),
        "rows": rng.choice((1, 2, 5)),
        "cols": rng.choice((1, 3)),
        "mask": mask,
    }


def _judge_operands(case: dict[str, Any], folder: Path) -> str:
    run = None

    def act() -> None:
        nonlocal run
        run = ps.execute_gemm(**case)

    wrong = outcome(act)
    if wrong or run is None or case["mask"] is not None:
        return wrong
    return (
        ""
        if (run.result == np.asarray(case["a"]).astype(int) @ np.asarray(case["b"]).astype(int)).all()
        else "wrong product"
    )


KINDS = [
    Kind("engine memory", _memory_case, _judge_memory),
    Kind("engine pe", _small_case, _judge_small),
    Kind("simulate_gemm", _hostile_case, _judge_hostile),
    Kind("execute_gemm", _operands_case, _judge_operands),
]
