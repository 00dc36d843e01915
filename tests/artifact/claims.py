"""What the README and its page of results claim, as steps: commands, what they show, and numbers to be found."""

from typing import NamedTuple

PIVOTSIM = ("-m", "pivotsim")


class Number(NamedTuple):
    """A number in a step's output: the pattern's first group, as claimed, within a tolerance (0: to the digit)."""

    what: str
    pattern: str
    claimed: float
    tolerance: float = 0.0


class Step(NamedTuple):
    """Commands of the step's Python, run in its folder; ``{root}`` is the repository."""

    name: str
    shows: str
    commands: tuple[tuple[str, ...], ...]
    numbers: tuple[Number, ...] = ()


def _pivotsim(line: str) -> tuple[str, ...]:
    return (*PIVOTSIM, *line.split())


DELAY = r"^delay +([\d.]+)  ms"
SOFTMAX = r"^softmax .* ([\d.]+) %"
REPRODUCED = r"^reproduced +(\d+) "
CONTRADICT = r"^source contradicts itself +(\d+) "
STEPS = (
    Step(
        "gemm", "fc1 of DeiT-S on 64x36, in closed form and PE by PE: the same clocks",
        (_pivotsim("gemm 197 384 1536 --array 64x36 --dataflow is"), _pivotsim("gemm 197 384 1536 --engine pe")),
        (
            Number("clocks, closed form", r"\A[\s\S]*?^cycles +([\d,]+)  clocks", 61_128),
            Number("clocks, PE by PE", r"^cycles[\s\S]+^cycles +([\d,]+)  clocks", 61_128),
        ),
    ),
    Step(
        "first_result", "DeiT-S with effort 6 on the ZCU102: the README's table",
        (_pivotsim("run deit_s --active 1-6 --plots ."),),
        (
            Number("delay, ms", DELAY, 36.54),
            Number("energy, J", r"^energy +([\d.]+)  J", 0.2894),
            Number("softmax, %", SOFTMAX, 48.5),
        ),
    ),
    Step(
        "whole_model", "DeiT-S on the paper's board, to whose 59.66 ms softmax is calibrated",
        (_pivotsim("run deit_s"),),
        (Number("delay, ms", DELAY, 59.66), Number("softmax, %", SOFTMAX, 59.4)),
    ),
    Step(
        "memories", "What Table 1's buffers cost: 2.95 times the array's clocks; delay over the size of OPMEM",
        (
            _pivotsim("run deit_s --memory hw"),
            ("-c", "import pivotsim as ps; from pathlib import Path; "
             "from pivotsim.plots.hardware.memories import plot_opmem; "
             "plot_opmem(ps.plan('deit_s'), ps.load_hardware('zcu102'), Path('.'))"),
        ),
        (Number("delay, ms", DELAY, 106.84), Number("array, clocks", r"^array +([\d,]+)  clocks", 8_924_280)),
    ),
    Step(
        "softmax_in_logic", "Softmax on a unit beside the array: 2.33 times as fast; skipping attention gives 1.23",
        (_pivotsim("run deit_s --set placement.softmax=pl"),),
        (Number("delay, ms", DELAY, 25.64),),
    ),
    Step(
        "two_efforts", "The mean image of efforts 6 and 12, where 80 % leave at the low effort",
        (_pivotsim("combine deit_s --low 1-6 --high all --f-low 0.8"),),
        (
            Number("delay, ms", DELAY, 48.50),
            Number("EDP, sum of efforts, J*ms", r"^EDP, sum of efforts +([\d.]+)", 16.23),
        ),
    ),
    Step(
        "pivot", "PIVOT: every published number beside the simulated one, with a verdict, and its figures",
        (_pivotsim("reproduce pivot --plots . --recorded {root}/notebooks/recorded"),),
        (Number("reproduced", REPRODUCED, 13), Number("contradict each other", CONTRADICT, 15)),
    ),
    Step(
        "static", "Parikh et al., EViT, DynamicViT, ViTCoD, HeatViT, with pictures",
        (_pivotsim("reproduce static --plots ."),),
        (Number("reproduced", REPRODUCED, 18),),
    ),
    Step(
        "tokens", "The latency-staircase paper",
        (_pivotsim("reproduce tokens"),),
        (Number("recomputed", r"^recomputed +(\d+) ", 52), Number("contradict each other", CONTRADICT, 15)),
    ),
    Step(
        "matched_macs", "Twelve ways to prune DeiT-S to the same MACs, and what each saves on three machines",
        (("-m", "tests.artifact.matched_macs"),),
    ),
    Step(
        "arrays", "Array, dataflow and overlap under the ZCU102's DSPs and block RAMs: the front, drawn",
        (
            _pivotsim("sweep zcu102_arrays --out designs --workers 2"),
            _pivotsim("front designs --objectives delay_ms,dsp --plots ."),
        ),
    ),
    Step(
        "wide_array", "24x100 beside 64x36 at efforts 6 and 12: 45.15 ms where it was 48.50",
        (_pivotsim("combine deit_s --low 1-6 --high all --f-low 0.8 --set array.rows=24 --set array.cols=100"),),
        (Number("delay, ms", DELAY, 45.15),),
    ),
    Step(
        "machines", "Machines of other people, measured beside predicted",
        (_pivotsim("validate"),),
        (Number("heatvit_kc705, error in %", r"^heatvit_kc705 .*?([\d.]+) %", 3.20, 0.01),),
    ),
    Step(
        "wavefront", "Every processing element in every clock: a strip and an animation",
        (_pivotsim("watch 12 8 20 --array 8x6 --gif --out ."),),
        (Number("clocks", r"^(\d+) clocks", 80),),
    ),
    Step(
        "verilog", "The design as Verilog, its programs and its bench; `make` in its folder runs it where Verilator is",
        (_pivotsim("rtl deit_t --out design"),),
        (Number("clocks, all programs", r"^8 programs, ([\d,]+) clocks", 2_673_445),),
    ),
    Step(
        "integers", "An int8 ViT: 500 images classified, and its program for the Verilog, GEMMs and stops",
        (
            _pivotsim("classify digits digits --rung whole"),
            _pivotsim("rtl digits_vit --integer digits --out int8_design"),
        ),
        (
            Number("right in %", r"^([\d.]+) % of 500 images right", 97.4),
            Number("GEMMs", r"a layer program of (\d+) GEMMs", 66),
        ),
    ),
    Step(
        "proof", "A quick turn of the memories' proof, engine against oracle; `make proof` takes half an hour",
        (("-m", "tests.proofs.memory", "300"),),
        (Number("differences", r", (\d+) differences", 0),),
    ),
)  # fmt: skip
