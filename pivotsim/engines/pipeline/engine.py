"""Engine `pipeline`: a stage of its own for each operation, images streaming through all of them."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pivotsim.engines.base import HW, PAPER, Details, Engine, EngineRun, OtherCycles
from pivotsim.engines.counts import Counts
from pivotsim.engines.pipeline.schedule import Times, stage_schedule
from pivotsim.engines.pipeline.stages import BYTE_BITS, Network, group_clocks, groups_of, network_of, stage_of, staged
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.pipeline import PipelineHardware, as_pipeline
from pivotsim.hardware.spec import Hardware
from pivotsim.tables import Table, counted, number, percent
from pivotsim.units import INT64_MAX
from pivotsim.workload.ops import Op, Trace

WAITS = {"q": "Q, for K", "operand_images": "K, V", "residual1": "beside attention", "residual2": "beside MLP"}


class Pipeline(Engine):
    """Clocks of stages that work side by side."""

    name: ClassVar[str] = "pipeline"
    kind: ClassVar[str] = "pipeline"
    memories: ClassVar[tuple[str, ...]] = (HW, PAPER)
    is_additive: ClassVar[bool] = False  # stages overlap

    def run(self, trace: Trace, hw: Hardware, memory: str = HW) -> EngineRun:
        """Return the clocks that each GEMM's stage works on an image; the details say when.

        The trace holds one image. FIFOs and buffers are unlimited of a hardware ``without_memory_limits``.
        """
        board = as_pipeline(hw, "engine")
        cycles = [clocks for op, _, clocks in _work(trace, board) if op.kind == "gemm"]
        return EngineRun(
            np.array(cycles, dtype=np.int64), PipelineDetails(trace, board), lambda: Counts(trace.macs)
        )  # fmt: skip

    def other_cycles(self, trace: Trace, hw: Hardware) -> Iterator[OtherCycles]:
        """Yield the clocks of the stages that multiply nothing."""
        for op, place, clocks in _work(trace, as_pipeline(hw, "engine")):
            if op.kind != "gemm":
                yield OtherCycles(place, clocks, f"{stage_of(op)} stage")

    def other_constants(self, trace: Trace, hw: Hardware) -> Iterator[str]:
        """Yield nothing: stages are values of the pipeline, whose sources are told with every run."""
        yield from ()


def _work(trace: Trace, board: PipelineHardware) -> list[tuple[Op, int, int]]:
    """Return (operation, place in the trace, clocks of an image) of what has a stage."""
    spec = board.pipeline
    found = [(op, place, groups_of(op, spec) * group_clocks(op, spec)) for place, op in staged(trace)]
    total = sum(clocks for _, _, clocks in found)
    if total > INT64_MAX:
        raise InputError(f"pipeline: sizes too large, the clocks would exceed int64 {got(total)}")
    return found


class PipelineDetails(Details):
    """Interval, latency, stages and buffers of a pipeline.

    Attributes
    ----------
    trace : Trace
        Of one image.
    board : PipelineHardware
    """

    side_by_side = True

    def __init__(self, trace: Trace, board: PipelineHardware) -> None:
        self.trace, self.board = trace, board

    @cached_property
    def network(self) -> Network:
        """Stages and what is between them."""
        return network_of(self.trace, self.board.pipeline)

    @cached_property
    def times(self) -> Times:
        """When each group of rows is in each stage."""
        net = self.network
        return stage_schedule(net.stages, net.edges, self.board.pipeline.image_clocks, net.passes)

    @property
    def interval_clocks(self) -> float:
        """Clocks from image to image in a full pipeline."""
        return float(self.times.interval_clocks)

    @property
    def slowest_clocks(self) -> int:
        """Clocks from image to image of the slowest stage by itself, with all passes."""
        net, between = self.network, self.board.pipeline.image_clocks
        return net.passes * max(stage.clocks * stage.groups + between for stage in net.stages)

    @property
    def latency_clocks(self) -> int:
        """Clocks of the first image, from its first row's arrival to its last one's end."""
        return self.array_cycles(1, 0)

    def operation_spans(self, images: int) -> list[dict[int, tuple[int, int]]]:
        """Return when each operation's stage works on each image."""
        return [self._spans(image) for image in range(images)]

    def _spans(self, image: int) -> dict[int, tuple[int, int]]:
        return {place: self.times.span(stage, image, of) for place, (stage, of) in self.network.places.items()}

    def stage_rows(self) -> dict[str, dict[str, Any]]:
        """Return {stage: clocks of a group and an image, share of the interval, MACs in a clock}, each name once.

        A name of several encoders stands for the slowest of them.
        """
        found: dict[str, dict[str, Any]] = {}
        spec, net = self.board.pipeline, self.network
        for place, (stage, _) in net.places.items():
            op, entry = self.trace.ops[place], net.stages[stage]
            clocks = entry.clocks * entry.groups
            name = op.module if op.encoder or op.kind == "gemm" else f"{op.module} {op.kind}"
            if name in found and found[name]["image_clocks"] >= clocks:
                continue
            is_matrix = op.kind == "gemm"
            macs = spec.rows_parallel * spec.stages.matrix(stage_of(op)).macs_per_row if is_matrix else 0
            share = clocks * net.passes / self.interval_clocks if clocks else 0.0
            sizes = {"group_clocks": entry.clocks, "image_clocks": clocks}
            found[name] = {**sizes, "interval_share_frac": share, "macs_per_clock": macs}
        return found

    def buffer_rows(self) -> dict[str, dict[str, int | None]]:
        """Return {buffer: depth and most held, in groups or images, rows and bytes at most, and how many there are}.

        Of the buffers of one name the one that holds most.
        """
        found: dict[str, dict[str, int | None]] = {}
        for edge, row_bytes in self.network.buffers:
            row = found.setdefault(edge.name, {"count": 0, "depth": None, "held": 0, "held_rows": 0, "held_bytes": 0})
            held = self.times.most_held(edge)
            image_rows = self.network.stages[edge.source].groups * self.board.pipeline.rows_parallel
            rows = held * (image_rows if edge.is_whole else self.board.pipeline.rows_parallel)
            row["count"] = (row["count"] or 0) + 1
            row["depth"] = edge.depth if edge.depth >= 0 else None
            if rows * row_bytes >= (row["held_bytes"] or 0):
                row.update(held=held, held_rows=rows, held_bytes=rows * row_bytes)
        return found

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights, all of which stay on the chip."""
        used = (op for op in self.trace if op.kind == "gemm" and op.module not in ("qkt", "sv"))
        return sum(-(-op.k * op.n * op.w_bits // BYTE_BITS) for op in used)

    def to_dict(self) -> dict[str, Any]:
        """Return interval, latency, stages and buffers."""
        if not self.network.places:
            return {}
        totals = {
            "interval_clocks": self.interval_clocks, "slowest_stage_clocks": self.slowest_clocks,
            "latency_clocks": self.latency_clocks, "passes": self.network.passes,
            "macs_per_clock": self.network.macs_per_clock, "weight_bytes": self.weight_bytes,
        }  # fmt: skip
        return {"pipeline": {**totals, "stages": self.stage_rows(), "buffers": self.buffer_rows()}}

    def array_cycles(self, images: int, summed_cycles: int) -> int:
        """Return the clocks from the first image's first row to the last image's end."""
        return max((end for _, end in self._spans(images - 1).values()), default=0)

    def total_rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return the interval, with what a full pipeline does with it."""
        interval, net = self.interval_clocks, self.network
        per_s = f"{number(self.board.clock_mhz * 1e6 / interval, 1)} images/s of a full pipeline"
        used = self.trace.macs / (interval * net.macs_per_clock) if net.macs_per_clock else 0.0
        return (("interval", number(interval, 0), "clocks", f"{per_s}, its stages' MACs {percent(used)} in use"),)

    def tables(self) -> tuple[Table, ...]:
        """Return the stages, which one is slowest, and the buffers."""
        if not self.network.places:
            return ()
        stages, net = self.stage_rows(), self.network
        rows = [
            (name, f"{s['group_clocks']:,}", f"{s['image_clocks']:,}", percent(s["interval_share_frac"]),
             f"{s['macs_per_clock']:,}" if s["macs_per_clock"] else "-")
            for name, s in stages.items()
        ]  # fmt: skip
        columns = ("stage", "clocks a group", "clocks an image", "of the interval", "MACs a clock")
        return (
            Table("", columns, rows, (1, 2, 3, 4), self._said(stages)),
            Table(
                "", ("buffer", "how many", "depth", "held at most", "rows", "bytes"),
                [
                    (WAITS[name], str(b["count"]), "unlimited" if b["depth"] is None else f"{b['depth']:,}",
                     f"{b['held']:,} {'images' if name == 'operand_images' else 'groups'}", f"{b['held_rows']:,}",
                     f"{b['held_bytes']:,}")
                    for name, b in self.buffer_rows().items()
                ], (1, 2, 3, 4, 5),
                (f"weights stay on the chip: {self.weight_bytes / 1e6:.2f} MB; a group is"
                 f" {counted(self.board.pipeline.rows_parallel, 'row')}, and FIFOs between stages come on top",),
            ),
        )[: 2 if net.buffers else 1]  # fmt: skip

    def _said(self, stages: dict[str, dict[str, Any]]) -> tuple[str, ...]:
        net, between = self.network, self.board.pipeline.image_clocks
        most = max(s["image_clocks"] for s in stages.values())
        slowest = ", ".join(name for name, s in stages.items() if s["image_clocks"] == most)
        said = [f"slowest: {slowest}, {most:,} clocks an image and {between} between images"]
        said.append(f"first image: {self.latency_clocks:,} clocks, the fill and all of its rows")
        if net.passes > 1:
            said.append(f"each image passes the stages {net.passes} times, one image after the other")
        if self.interval_clocks > self.slowest_clocks:
            more = number(self.interval_clocks - self.slowest_clocks, 0)
            waits = "a pass waits for the one before it" if net.passes > 1 else "rows wait for others, or for room"
            said.append(f"the interval is {more} clocks longer than the slowest stage: {waits}")
        said.append(f"{net.macs_per_clock:,} MACs a clock in all stages of this workload")
        return tuple(said)
