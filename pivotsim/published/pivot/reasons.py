"""Which claims of PIVOT are inputs, which are fitted and which are outside the model, with reasons; tolerances."""

from pivotsim.published.base.findings import CALIBRATED, REPRODUCED

# quantity -> tolerance, a fraction of the published value
TOLERANCE_FRAC = {"delay": 0.005, "energy": 0.01, "edp": 0.01, "fps_per_watt": 0.015, "lut": 0.01}
TOLERANCE_POINTS = 0.7  # of shares
INFERRED_FRAC = 0.025
INFERRED_POINTS = 3.0
FOLLOWS = f"follows from the one calibrated constant, not fitted; within {TOLERANCE_POINTS} points"

# what a board sets: quantity -> reason; the verdict is `input` where the board has the paper's number
INPUTS = {
    "power": "power.board_w, the same in Tables 2 and 3",
    "pe_array": "array.rows x array.cols",
    "clock": "array.clock_mhz",
    "global_sram": "memories.gb_bytes",
    "ipmem, wtmem, opmem": "memories of 8 KB each",
    "entropy_delay": "host.paper.entropy, 36 clocks per class, set to it; charged by combine",
}
# what the paper sets for training and search, beside what takes it here
SET_BY_PAPER = {
    "delay_constraint_tolerance": "a rule of phase 2, `cosearch --tolerance`; decides where a delay cell is a target",
    "cka_images": "the size of the batch that `cka_matrix` is given",
    "search_images": "the size of the batch behind `cosearch --logits`",
    "epochs": "of the finetuning, `epochs` of the training loop",
    "efforts": "efforts that were trained; with the whole model they rank the pairs that hold a row's cells",
    "lec": "low effort constraints that were tried; F_L between them ranks the pairs that hold a row's cells",
}
# quantity -> (resource of the fit, verdict and reason where it is met)
RESOURCES = {
    "dsp": ("dsp", REPRODUCED, "one DSP per PE"),
    "lut": ("lut", CALIBRATED, "two LUTs per PE, this very figure rounded"),
    "registers": (
        "ff", CALIBRATED,
        "8 per PE, and what this figure leaves beside them; columns of DSP48E2 slices that leave 8 bits and a tag of "
        "each PE in fabric would take 9 * 2,304 and the skew = 20,790 (+0.6 %), inferred from the slice's registers",
    ),
    "bram": ("bram36", CALIBRATED, "blocks of the memories at their ports, and what this figure leaves beside them"),
}  # fmt: skip
_GPP = "measured on CPUs and GPUs, which run no systolic array: the model of the board says nothing of them"
_WEIGHTS = "accuracy needs trained weights, which the authors have not released"
OUTSIDE = {
    "top1": _WEIGHTS,
    "top1_over_prior": _WEIGHTS,
    "top1_drop": f"{_WEIGHTS}; the tables' own cells give this drop",
    "best_lec": f"{_WEIGHTS}; it ranks the pairs that hold a row's cells",
    "overhead": _GPP,
    "delay_reduction_on_cpu_gpu": _GPP,
    "throughput_over_prior_on_cpu_gpu": _GPP,
    "entropy_share_on_cpu_gpu": _GPP,
    "gpu_hours_reduction": "hours of training on a GPU; the model times inference, and no hours are printed",
}
# what is simulated beside a claim of another machine
BESIDE = {"overhead": "simulated is the board's, where the paper's is on CPUs and GPUs"}
