"""A plan or a trace with what a pruned checkpoint leaves out."""

from pathlib import Path
from typing import TypeVar

from pivotsim.errors import InputError, got
from pivotsim.importers.checkpoints.plan_weights import of_plan
from pivotsim.importers.checkpoints.report import Checkpoint
from pivotsim.importers.checkpoints.tensors import read_tensors
from pivotsim.importers.checkpoints.trace_weights import of_trace
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

Workload = TypeVar("Workload", Plan, Trace)


def with_checkpoint(workload: Workload, path: str | Path) -> Workload:
    """Return a workload without the weights that are zero, in whole blocks, or missing in a checkpoint.

    Parameters
    ----------
    workload : Plan or Trace
        A plan loses heads and neurons by the shapes of the weights, and has masks of their zeros; names are those of
        timm, transformers and torchvision. A trace, of an imported model, has masks by the names of its layers.
    path : str or Path
        ``.safetensors``, ``.npz`` or a file of ``torch.save``.

    Returns
    -------
    Plan or Trace
        As given. Blocks of 4 x 4 to 64 x 64 are looked for, and at most 5 % zeros in those that are kept are put up
        with; zeros N:M along the inputs, and others, gain nothing here. ``checkpoint_of`` has the report.

    Raises
    ------
    InputError
        The file cannot be read, its weights do not fit, or there is a mask already.
    MissingExtraError
        The file is one of torch's, and torch is not installed.

    Examples
    --------
    >>> import tempfile, numpy as np, pivotsim as ps
    >>> path, weight = f"{tempfile.mkdtemp()}/pruned.npz", np.ones((1536, 384), np.int8)
    >>> weight[:768] = 0
    >>> np.savez(path, **{f"blocks.{i}.mlp.fc1.weight": weight for i in range(12)})
    >>> pruned = ps.with_checkpoint(ps.plan("deit_s"), path)
    >>> pruned.encoders[0].weight_masks["fc1"].density
    0.5
    """
    return checkpoint_of(workload, path).workload  # type: ignore[return-value]


def checkpoint_of(workload: Plan | Trace, path: str | Path) -> Checkpoint:
    """Return what ``with_checkpoint`` does, with the report of what was found."""
    if not isinstance(workload, (Plan, Trace)):
        raise InputError(f"workload: must be a Plan or a Trace {got(type(workload).__name__)}")
    tensors, path = read_tensors(path), Path(path)
    return of_plan(workload, path, tensors) if isinstance(workload, Plan) else of_trace(workload, path, tensors)
