"""Texts that are values: expressions of constraints, and settings of hardware and models."""

import functools
import random
from pathlib import Path
from typing import Any

import numpy as np

import pivotsim as ps
from pivotsim.cli.settings import parse_settings
from pivotsim.dse.space.expressions import parse_expression
from tests.fuzz.kind import Kind, outcome
from tests.fuzz.mutation import WORDS, mutated

COLUMNS = {"array.rows": np.array([16, 64]), "dsp": np.array([10, 2**62]), "delay_ms": np.array([0.0, np.inf]),
           "fits": np.array([True, False]), "array.dataflow": np.array(["is", "os"])}  # fmt: skip
RULES = [
    "dsp <= 2000 and array.rows * 2 < 100", "array.dataflow == 'os' or not fits", "min(dsp, 3) // array.rows % 7 != -1",
    "max(delay_ms, 1.5) / dsp > 0.1 == true", "1 < array.rows <= 64",
]  # fmt: skip
PIECES = ["(", ")", "+", "-", "*", "**", "/", "//", "%", "<", "<=", "==", "!=", "and", "or", "not", "if", "else",
          "min(",
          "max(", ",", "'", '"', ".", ":=", "[", "]", "1", "2.5", "1e400", "true", "fits", "dsp", "array.rows",
          "array.dataflow", "'os'", "0", "~", "@", "in", "is", "f'{1}'", "...", "1j", "b'x'", "_", "await", "\\",
          "#"]  # fmt: skip


def _expression(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return " ".join(rng.choice(PIECES) for _ in range(rng.randint(1, 12)))
    if rng.random() < 0.05:
        return rng.choice(("-", "not ", "(", "1+", "min(", "1<", "a.")) * rng.randint(1, 200) + rng.choice(
            ("1", "fits")
        )
    return mutated(rng, rng.choice(RULES).encode()).decode("utf-8", "surrogateescape")


def _evaluate(text: str) -> None:
    rule = parse_expression("constraint", text)
    if rule.names <= COLUMNS.keys():
        rule.holds(COLUMNS, 2)


BASES = ["array.rows=32", "array.dataflow=os", "memories.dram_bytes_per_s=1e10", "placement.softmax=pl",
         "power.board_w=8",
         "host.cores=2", "memories.dram=dram/ddr4_2400", "array.clock_mhz=200", "sources.array=mine", "name=x",
         "memories=none", "host=none", "fpga.device=x", "array.os_edge_register=false", "model.depth=3"]  # fmt: skip


def _settings(rng: random.Random) -> list[str]:
    return [_setting(rng) for _ in range(rng.choice((1, 1, 2)))]


def _setting(rng: random.Random) -> str:
    path, _, value = rng.choice(BASES).partition("=")
    if rng.random() < 0.7:
        return f"{path}={rng.choice(WORDS)}"
    return mutated(rng, f"{path}={value}".encode()).decode("utf-8", "surrogateescape")


def _set(texts: list[str]) -> None:
    values = parse_settings(texts)
    own = {path.removeprefix("model."): v for path, v in values.items() if path.startswith("model.")}
    rest = {path: v for path, v in values.items() if not path.startswith("model.")}
    board, model = _originals()
    board = board.replace(rest, label="--set") if rest else board
    model = model.replace(own, label="--set model") if own else model
    ps.simulate(ps.plan(model), board)


@functools.cache
def _originals() -> tuple[Any, Any]:
    return ps.load_hardware("zcu102"), ps.load_model("deit_t")


def _kind(name, draw, act) -> Kind:
    def judge(case: object, folder: Path) -> str:
        return outcome(lambda: act(case))

    return Kind(name, draw, judge)


KINDS = [_kind("expression", _expression, _evaluate), _kind("setting", _settings, _set)]
