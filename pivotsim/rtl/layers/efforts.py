"""The layer program of an integer model's efforts, and the host that computes its stops with the integer reference."""

from collections.abc import Sequence

import numpy as np

from pivotsim.effort.entropy import normalized_entropy
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.integer.inference import execute
from pivotsim.integer.plan_steps import steps_of
from pivotsim.integer.steps import LOGITS, Array
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.rtl.layers.compiler import layer_program
from pivotsim.rtl.layers.host import Host
from pivotsim.rtl.layers.program import LayerProgram, Path
from pivotsim.workload.plans import Plan


def efforts_program(
    model: IntegerModel, plans: Sequence[Plan], board: SystolicHardware, thresholds: Sequence[float | None] = ()
) -> LayerProgram:
    """Return the program of efforts, named `effort 1` and so on, with an entropy gate behind each but the last.

    Parameters
    ----------
    model : IntegerModel
    plans : sequence of Plan
        One per effort, of the model.
    board : SystolicHardware
        As it is built.
    thresholds : sequence of float
        One per effort but the last: an image leaves where its normalised entropy is below it. None: there is no gate,
        the program ends there, and the next effort is another network, which a run begins with.

    Raises
    ------
    InputError
        Numbers of plans and thresholds do not fit, or as for ``steps_of`` and ``layer_program``.

    Examples
    --------
    >>> import pivotsim as ps
    >>> from pivotsim.integer.weights.random_weights import random_model
    >>> board = ps.load_hardware("zcu102").replace({"array.mac_latency": 2, "memories.buffer_read_cycles": 1})
    >>> program = efforts_program(random_model("digits_vit"), [ps.plan("digits_vit")], board)
    >>> len(program.products()), len(program.tables), sorted({stop.kind for stop in program.stops()})
    (66, 8, ['compute', 'transpose'])
    """
    if not plans or len(thresholds) != len(plans) - 1:
        raise InputError(
            f"thresholds: expected {max(0, len(plans) - 1)}, one per effort but the last {got(len(thresholds))}"
        )
    gates = [*thresholds, None]
    paths = [
        Path(f"effort {place + 1}", steps_of(model, plan), LOGITS, gate)
        for place, (plan, gate) in enumerate(zip(plans, gates, strict=True))
    ]
    return layer_program(paths, board)


def reference_host(program: LayerProgram, model: IntegerModel, image: Array) -> Host:
    """Return a host that computes each stop as ``pivotsim.integer`` does; ``image`` is DRAM, uint8."""

    def goes_on(threshold: float, logits: Array) -> bool:
        return bool(np.ravel(normalized_entropy(logits * model.logit_scale))[0] >= threshold)

    return Host(program, image, execute, goes_on)
