"""Latency of DeiT-S with torch on this machine's CPU, into notebooks/recorded: `make record-staircase`.

The staircase cuts tokens ahead of the first encoder, so every encoder sees n. The overheads compare each pruning
method with the baseline, with single-layer pruning of the nearest MACs, and with a bare cut to the method's own
token counts: what is above the cut is the method's own work. Repeats are interleaved, so that a busy moment of the
machine falls on all points alike; all of them are kept.
"""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch

import pivotsim as ps
from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.measuring.timing import time_forward_ms
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import VisionTransformer, build_vit
from pivotsim.vit_torch.reducers import reduction
from tests.recordings.recording import OUT, write

MODEL = "deit_s"
THREADS = 1
REPEATS = 11
TRIES, LONGEST_WAIT = 5, 1.03  # measured again where the clock ran this much longer than the process
BUDGET_S = 100.0  # of each of the three files
EDGES = (36, 64, 72, 108, 128, 144, 180, 192)  # where arrays and kernels may step
GRID = sorted({*range(8, 198, 8), *(edge + step for edge in EDGES for step in (0, 1)), 195, 196, 197})
METHODS: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("top_k", "prune_top_k", {"removed": 6}),
    ("top_k", "prune_top_k", {"removed": 15}),
    ("tome", "merge_tokens", {"removed": 6}),
    ("tome", "merge_tokens", {"removed": 15}),
    ("evit", "prune_evit", {"keep_rate": 0.7}),
    ("dynamic_vit", "select_tokens", {"keep_rate": 0.7}),
    ("heatvit", "select_tokens_by_head", {}),
)
SINGLE_ENCODER = 4
NOTES = (
    f"threads: {THREADS}; float32; random weights and images; one pass to warm up before each repeat",
    f"repeats: in rounds of random order; up to {TRIES} tries, until other work took less than "
    f"{LONGEST_WAIT - 1:.0%} of a repeat's time",
)
Point = tuple[VisionTransformer, int, tuple[str, ...]]  # what runs, images, the row's first columns


def main() -> None:
    for batch in (1, 2):
        rows = measured(staircase(batch))
        save(f"{MODEL}_cpu_b{batch}.csv", ["model", "batch", "tokens", "repeat", "latency_ms"], rows)
    rows = measured([point for batch in (1, 2) for point in overheads(batch)])
    save("pruning_overhead_cpu.csv", ["method", "parameters", "batch", "repeat", "latency_ms"], rows)


def save(name: str, columns: list[str], rows: list[tuple[str, ...]]) -> None:
    write(OUT / name, "make record-staircase", NOTES, columns, rows)


def staircase(batch: int) -> list[Point]:
    """Return a ViT for every number of tokens; they share one set of weights."""
    plan = ps.plan(MODEL)
    points = []
    for tokens in GRID:
        encoders = tuple(replace(e, attention_tokens=tokens, mlp_tokens=tokens) for e in plan.encoders)
        vit = sharing(lambda vit, encoders=encoders: apply_plan(vit, replace(plan, encoders=encoders)))
        points.append((vit, batch, (MODEL, str(batch), str(tokens))))
    return points


def overheads(batch: int) -> list[Point]:
    """Return the baseline, every method, its bare cut, and single-layer pruning of as many MACs."""

    def point(method: str, parameters: str, vit: VisionTransformer) -> Point:
        return vit, batch, (method, parameters, str(batch))

    points = [point("baseline", "", sharing(lambda vit: None)), point("baseline", "unfused", sharing(unfuse))]
    for method, function, arguments in METHODS:
        vit = sharing(lambda vit, f=function, a=arguments: getattr(reduction, f)(vit, **a))
        plan, words = extract_plan(vit), " ".join(f"{name}={value}" for name, value in arguments.items())
        points.append(point(method, words, vit))
        points.append(point("cut", f"as {method} {words}", sharing(lambda vit, plan=plan: apply_plan(vit, plan))))
        removed = single_of_as_many_macs(ps.lower(plan).macs)
        single = sharing(lambda vit, r=removed: reduction.prune_single(vit, encoder=SINGLE_ENCODER, removed=r))
        points.append(point("single_layer", f"removed={removed} as {method} {words}", single))
    return points


def single_of_as_many_macs(macs: int) -> int:
    """Return the R of single-layer pruning whose MACs are nearest to a number."""
    return min(range(190), key=lambda removed: abs(ps.lower(single_plan(removed)).macs - macs))


def single_plan(removed: int) -> ps.Plan:
    """Return the plan of single-layer pruning: the attention of its encoder still sees all tokens."""
    whole = ps.plan(MODEL)
    left = whole.model.tokens - removed
    return replace(
        whole,
        encoders=tuple(
            replace(
                e,
                attention_tokens=left if e.encoder > SINGLE_ENCODER else e.attention_tokens,
                mlp_tokens=left if e.encoder >= SINGLE_ENCODER else e.mlp_tokens,
            )
            for e in whole.encoders
        ),
    )


WEIGHTS = build_vit(MODEL).state_dict()


def sharing(change: Callable[[VisionTransformer], None]) -> VisionTransformer:
    """Return a changed ViT on the one set of weights."""
    with torch.device("meta"):
        vit = VisionTransformer(ps.load_model(MODEL)).eval()
    vit.load_state_dict(WEIGHTS, assign=True)
    change(vit)
    return vit


def unfuse(vit: VisionTransformer) -> None:
    for block in vit.blocks:
        block.attn.fused = False


def measured(points: list[Point]) -> list[tuple[str, ...]]:
    """Return the rows of all repeats, rounds in random order, until all are done or the budget is spent."""
    samples: dict[tuple[str, ...], list[float]] = {columns: [] for _, _, columns in points}
    order, end_s = random.Random(0), time.monotonic() + BUDGET_S
    for _ in range(REPEATS):
        for vit, batch, columns in order.sample(points, len(points)):
            samples[columns].append(undisturbed_ms(vit, batch))
        if time.monotonic() > end_s:
            break
    print(f"{len(next(iter(samples.values())))} repeats of {len(points)} points")
    for columns, values in samples.items():
        print(f"  {' '.join(columns):60} {statistics.median(values):8.2f} ms")
    return [(*c, str(i), f"{v:.4f}") for c, values in samples.items() for i, v in enumerate(values, start=1)]


def undisturbed_ms(vit: VisionTransformer, batch: int) -> float:
    """Return one repeat during which this process had its core; the last try's where it never had."""
    for _ in range(TRIES):
        start_s, used_s = time.perf_counter(), time.process_time()
        (latency_ms,) = time_forward_ms(vit, batch, threads=THREADS, repeats=1, warm_up=1)
        elapsed_s, used_s = time.perf_counter() - start_s, time.process_time() - used_s
        if elapsed_s <= LONGEST_WAIT * used_s:
            break
    return latency_ms


if __name__ == "__main__":
    main()
