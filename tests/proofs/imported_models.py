"""Public models imported: multiplications beside those that torch counted, labels beside lists written by hand.

``make models`` runs it, in an environment of its own; nothing is downloaded but timm and transformers, weights take
no memory. tests/data/public_models.csv holds the counts: torch 2.13's FlopCounterMode on timm 1.0.31 and transformers
5.24, attention by SDPBackend.MATH, two operations a multiply-accumulate. An argument of the command line names the
models to run; a file of further rows of that form may be named too.
"""

import csv
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from pivotsim.errors import InputError
from pivotsim.importers.named import timm_model
from pivotsim.importers.sources import import_model, import_torch
from pivotsim.workload.ops import Trace
from tests.proofs.model_labels import LABELS, SIZES

COUNTS = Path(__file__).parents[1] / "data" / "public_models.csv"


def module_of(model: str, config: str, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any]]:
    """Return a model of transformers on the meta device, and what it is called with."""
    kind = getattr(transformers, model.removeprefix("hf:"))
    settings = json.loads(config or "{}")
    with torch.device("meta"):
        built = kind(kind.config_class(**{"use_cache": False, **settings}))
        integers = built.main_input_name == "input_ids"
        return built, {built.main_input_name: torch.zeros(*shape, dtype=torch.int64 if integers else torch.float32)}


def trace_of(model: str, config: str, shape: tuple[int, ...]) -> Trace:
    """Return the imported trace."""
    if model.startswith("timm:"):
        return import_model(model, sizes={"x": shape}).trace
    built, keywords = module_of(model, config, shape)
    return import_torch(built, (), name=model, keywords=keywords).trace


def counted(model: str, config: str, shape: tuple[int, ...]) -> int:
    """Return what torch counts, for models without a stored count."""
    if model.startswith("timm:"):
        built, inputs, keywords, _ = timm_model(model.removeprefix("timm:"), {"x": shape})
    else:
        built, keywords = module_of(model, config, shape)
        inputs = ()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        built.eval().requires_grad_(False)(*inputs, **keywords)  # a parameter among calls stops the counter
    return int(counter.get_total_flops()) // 2


def rows_of(path: Path) -> Iterator[tuple[str, str, tuple[int, ...], int | None]]:
    """Yield model, config, shape and multiply-accumulates (None where torch is to count them now)."""
    with path.open() as file:
        for row in csv.DictReader(file):
            shape = tuple(map(int, row["input_shape"].split("x")))
            yield row["model"], row.get("config") or "", shape, int(row["macs"]) if row.get("macs") else None


def check_macs(path: Path, wanted: list[str]) -> int:
    """Print a line for each model, and return how many differ."""
    wrong = 0
    for model, config, shape, macs in rows_of(path):
        if wanted and not any(text in model for text in wanted):
            continue
        start = time.perf_counter()
        try:
            found = trace_of(model, config, shape).dense_macs
            right = counted(model, config, shape) if macs is None else macs
        except InputError as error:
            print(f"refused   {model} {config}: {error}", flush=True)
            continue
        wrong += found != right
        verdict = "equal " if found == right else "DIFFERS"
        print(
            f"{verdict}  {model} {config} {shape}: {found:,} of {right:,}, {time.perf_counter() - start:.1f} s",
            flush=True,
        )
    return wrong


def check_labels(wanted: list[str]) -> int:
    """Print a line for each model with a list, and return how many products have another label."""
    wrong = 0
    for model, rules in LABELS.items():
        if wanted and not any(text in model for text in wanted):
            continue
        config, shape = SIZES.get(model, ("", (1, 3, 224, 224)))
        gemms = [op for op in trace_of(model, config, shape) if op.kind == "gemm" and op.module not in ("qkt", "sv")]
        other = [op for op in gemms if next((label for p, label in rules if re.search(p, op.layer)), None) != op.module]
        wrong += len(other)
        print(f"labels  {model}: {len(gemms)} products, {len(other)} with another label", flush=True)
        for op in other[:5]:
            print(f"        {op.layer}: {op.module}")
    return wrong


def main(arguments: list[str]) -> int:
    """Check counts and labels of the models named, all if none is."""
    files = [Path(a) for a in arguments if a.endswith(".csv")]
    wanted = [a for a in arguments if not a.endswith(".csv")]
    wrong = sum(check_macs(path, wanted) for path in files or [COUNTS])
    wrong += 0 if files else check_labels(wanted)
    print(f"{wrong} differences")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
