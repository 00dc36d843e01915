"""Notebooks run from top to bottom, and show what is stored in them; tests/torch runs one that needs torch."""

import re

import nbformat
import pytest

from tests.notebook_running import FOLDER, WITH_TORCH, shown_by, shown_in

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# notebook -> pictures, and what its output holds
SHOWN = {
    "01_pivot_tables.ipynb": (
        6,
        (
            "61,128",
            "3,026,160",
            "59.66 ms",
            "48.47 ms",
            "16.21",
            "(6, 12) at F_H 0.1999..0.2001",
            "PVDS-50: 1 of 66 pairs holds delay, energy and EDP",
            "1 of 38 variants tried: delay and energy within print: MLP ratio 4",
            "source contradicts itself",
            "PVDS-50 {'ps': '1.24x",
            "LEC 80: 8.46, 2.11, 5.64 J*ms, sum 16.21",
            "HeatViT  40/74/87 % of the     79.1   25.93   2.30x",
            "pivot_fig9_paths.png",
        ),
    ),
    "02_what_the_memories_allow.ipynb": (
        4,
        (
            "2.95 times",
            "106.84 ms",
            "(3.58 x)",  # fc1
            "never within 5 % of 59.66 ms",
            "OPMEM 216 KiB with WTMEM 192 KiB",
            "OPMEM 144 KiB with WTMEM 64 KiB",
            "912 - 48 = 864 block RAMs of 4.5 KiB",
            "1 port                    161.48 ms",
            "98,081 clocks",
            "65,569 clocks",
            "[estimate]",
        ),
    ),
    "03_pruned_workloads.ipynb": (
        3,
        (
            "dense 4.599 GMACs, target 3.029",
            "attention skipping     softmax on the processor  29.4% of dense",
            "b =  16   is 0.944 (0.008)  ws 1.000",
            "density 0.5, lpt       37 blocks in the fullest of 8 lanes",
            "180 tokens 0.804  181 tokens 0.965",
            "12.8 GB/s b = 32   8,176,108 clocks",
            "and TDM bound by the DMA: qkv, proj, fc1, fc2",
            "in code bound by the DMA: qkv, proj, fc1, fc2",
            "together      1,189,032    958,464",
            "together        445,745    260,523",
            "balance of lanes                    4,256 clocks",
            "3.68x as the estimator counts, 2.67x as the schedule does",
            "heads: 8 of 70 tried meet all cells; rates and count open too: 16 of 1344 tried meet all cells",
            "reproduced                 18",
            "published 9492, simulated 9492: reproduced",
        ),
    ),
    "04_one_more_token.ipynb": (
        6,
        (
            "36 (+100.0 %), 72 (+50.0 %), 108 (+33.4 %), 144 (+25.0 %), 180 (+20.0 %)",
            "197 -> 180 tokens saves 19.6%",
            "weight stationary  steps above 10 %: none",
            "64 (+100.0 %), 128 (+50.0 %), 192 (+33.4 %)",
            "gpu/agx_orin   batch  2: steps at 128 (+33 %), 192 (+36 %), 256 (+22 %)",
            "batch 1: 38 lengths, 81.5 ms at 197 tokens",
            "gpu/agx_orin  batch  2: keep 118, R = 139",
            "one layer prunes  r 69            3.40 GMACs   IS  71.7% (own 0.51 ms)",
            "tx2, wave model        keep 128, R = 69",
            "tome         removed=6                         -1.9%, own work 11.6%",
            "24 latencies: -35.7% to +17.1%, median -2.3%",
            "Top-K        r 8                 28.93 ms +2.8%",
            "alpha 0.5: R =  89, latency -42.4%",
        ),
    ),
    "05_cosearch.ipynb": (
        6,
        (
            "144 paths, 48 per seed",
            "2 epochs  score of modules         rank correlation +0.81 [+0.73, +0.85]",
            "score of modules minus that: -0.00 [-0.05, +0.05]: CKA's values add nothing",
            "seed 1: effort 2: 1 3   effort 3: 1 3 7",
            "effort 8 alone:  160.2 us, test accuracy 97.80 +- 0.53 %",
            "(2, 8)  LEC 60: EDP 0.51, loss 0.07 +- 0.12",
            "not below the baseline's EDP on every seed: (6, 8) at LEC 60",
            "LEC 80 asks for thresholds of 0.01",
            "delay-70: beats the baseline's EDP on every seed: EDP 2.45 +- 0.03x lower",
            "accuracy loss -0.07 +- 0.12 points, by seed +0.0, -0.2, +0.0; target met on 3 of 3 seeds",
            "standard error of one accuracy near 97 % is 0.8 points",
            "pair (6, 12) at F_L 0.80 is NOT faster than the baseline",
            "a dense kernel saves nothing",
        ),
    ),
    "06_better_than_64x36.ipynb": (
        1,
        (
            "15,210 designs fit the device",
            "64x36  is none      tokens none                       48.50 ms",
            "24x100 is none      tokens none                       45.15 ms",
            "24x100 is chained   tokens none                       41.30 ms",
            "least EDP  24x100 is settled   tokens none                       40.59 ms  0.3397 J",
            "with settled   and not pipelined: 57 designs on the front",
            "the two fronts are not the same",
            "is: 187 of 363 arrays as fast with settled; at most 4.8 % slower (128x8)",
            "ws: 330 of 363 arrays as fast with settled; at most 17.4 % slower (128x8)",
            "64x36 is: pipelined 53.19 ms, settled 54.02 ms, slower in: sv",
            "64x36 ws: pipelined 52.04 ms, settled 52.04 ms, slower in: nothing",
            "236 of 512 sampled designs fit",
        ),
    ),
    "09_where_59_ms_go.ipynb": (
        1,
        (
            "every MAC at once:  15.77 ms",
            "weights once:        1.66 ms",
            "once: 3.51 ms",
            "MACs a byte of those: 101; the board's ridge lies at 22.5",
            "the array as it is: 24.21 ms;  with softmax on the processor 59.66 ms",
            "softmax in a unit                 25.64 ms     135.63 ms  2,320",  # 2.33x and 1.25x
            "300 MHz                            9.86 ms       9.86 ms  2,394",
            "two arrays, two MACs a DSP         5.99 ms       5.99 ms  2,394",
            "units of 64 lanes                  4.42 ms       4.42 ms  2,634",
            "300 MHz                        9.86    6.33 1.56x    7.71 1.28x    9.74 1.01x",
            "300 MHz                        9.86    5.25 1.88x    7.71 1.28x    9.72 1.01x",
            "the paper's board             59.66   25.93 2.30x   36.54 1.63x   48.50 1.23x",
            "300 MHz                        9.86 ms   35.53 ms   16.45 ms",
        ),
    ),
    "08_training.ipynb": (
        1,
        (
            "images: scikit-learn's digits, 1,797 of 8x8 pixels, not ImageNet",
            "2 points lost, array 64x36: all_each_step against\n  skipping         delay 0.89 [0.86, 0.92] *",
            "2 points lost, array 6x3: all_each_step against\n  skipping         delay 1.35 [1.29, 1.43] *",
            "tokens           delay 1.11 [1.06, 1.19] *  energy 1.11 [1.06, 1.19] *  EDP 1.22 [1.11, 1.38] *",
            "all -2.5 [-3.3, -1.6] *; all_each_step -0.9 [-1.4, -0.5] *",
        ),
    ),
}


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == sorted([*SHOWN, *WITH_TORCH])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_was_run_in_its_order_and_none_failed(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {(output.output_type, output.get("name")) for cell in cells for output in cell.outputs}
    assert kinds and not kinds & {("error", None), ("stream", "stderr")}
    assert path.stat().st_size < 600_000  # everyone clones it


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_reader_who_runs_nothing_sees_a_picture(path):
    """The first cell holds one, which stands before any code."""
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", nbformat.read(path, as_version=4).cells[0].source)
    assert shown and all((path.parent / each).read_bytes().startswith(b"\x89PNG") for each in shown)


@pytest.mark.filterwarnings("default")  # of the notebook machinery, not of ours
@pytest.mark.parametrize("name", SHOWN)
def test_notebook_runs(name, tmp_path):
    text, pictures = shown_by(FOLDER / name, tmp_path)
    count, figures = SHOWN[name]
    for figure in figures:
        assert figure in text, figure
    assert len(pictures) == count
    stored_text, stored_pictures = shown_in(nbformat.read(FOLDER / name, as_version=4))
    assert "".join(stored_text.split()) == "".join(text.split())  # a kernel cuts its stream anywhere
    assert len(stored_pictures) == count
