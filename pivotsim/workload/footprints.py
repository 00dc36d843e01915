"""Footprints: parameters, bytes of stored weights and MACs of a plan beside those of its dense model, by label.

A masked matrix of K x N elements in b x b blocks is stored as block-sparse columns: of Z kept blocks in
ceil(K / b) block rows and J = ceil(N / b) block columns

    payload    Z * b^2 weights; blocks cut by the matrix's edge are stored whole, padded with zeros
    index      Z * B, with the ceil(log2(ceil(K / b))) bits of a block's row rounded up to B bytes
    pointers   (J + 1) * 4 bytes, where each column begins

which is one choice among the usual ones [assumed]. A dense matrix is its payload. Bytes are those of weight matrices;
biases, norms, positions and prefix tokens are parameters without bytes here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pivotsim.errors import check_integer
from pivotsim.models.parameters import (
    bias_of,
    embedding_parameters,
    head_parameters,
    norm_parameters,
    pooling_parameters,
    pooling_weights,
)
from pivotsim.models.spec import VitModel
from pivotsim.workload.lowering.head import POOL
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import TRACE_MODULES, Trace
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan

POINTER_BYTES = 4


class FootprintRow(NamedTuple):
    """One label, or the total; ``_kept`` is what the plan leaves, ``_dense`` the model's."""

    label: str
    parameters_dense: int = 0
    parameters_kept: int = 0
    payload_bytes: int = 0
    index_bytes: int = 0
    pointer_bytes: int = 0
    macs_dense: int = 0
    macs_kept: int = 0

    def plus(self, other: "FootprintRow") -> "FootprintRow":
        """Return the sums, under this row's label."""
        return FootprintRow(self.label, *(a + b for a, b in zip(self[1:], other[1:], strict=True)))


@dataclass(frozen=True)
class Footprint:
    """Parameters, stored bytes and MACs of one image, by label and in total."""

    model: str
    rows: tuple[FootprintRow, ...]

    @property
    def total(self) -> FootprintRow:
        """Sums over all labels."""
        return _sum("total", self.rows)

    @property
    def parameter_ratio(self) -> float:
        """Parameters of the dense model over those kept."""
        return self.total.parameters_dense / self.total.parameters_kept

    @property
    def mac_ratio(self) -> float:
        """MACs of the dense model over those kept."""
        return self.total.macs_dense / self.total.macs_kept

    def to_dict(self) -> dict[str, Any]:
        """Return rows, total and ratios as plain values."""
        return {
            "rows": {row.label: _values(row) for row in self.rows},
            "total": _values(self.total),
            "parameter_ratio": self.parameter_ratio,
            "mac_ratio": self.mac_ratio,
        }


def _values(row: FootprintRow) -> dict[str, int]:
    return {name: value for name, value in row._asdict().items() if name != "label"}


def _sum(label: str, rows: Iterable[FootprintRow]) -> FootprintRow:
    total = FootprintRow(label)
    for row in rows:
        total = total.plus(row)
    return total


def footprint(plan: Plan, *, weight_bytes: int = 1) -> Footprint:
    """Return what a plan keeps of its model's parameters, what storing the weights takes, and its MACs per image.

    A skipped attention keeps nothing; pruned heads and neurons take their biases with them, pruned blocks do not.

    Parameters
    ----------
    plan : Plan
    weight_bytes : int
        Bytes of one weight, 1 for int8.

    Returns
    -------
    Footprint
        Rows by label, ``total``, ``parameter_ratio`` and ``mac_ratio``.

    Raises
    ------
    InputError
        The plan does not fit, or ``weight_bytes`` is no integer of at least 1.

    Examples
    --------
    >>> import pivotsim as ps
    >>> kept = ps.workload.footprint(ps.prune_blocks(ps.plan("deit_s"), block=16, density=0.6))
    >>> kept.total.parameters_dense, round(kept.total.parameters_kept / 1e6, 2), round(kept.parameter_ratio, 2)
    (22050664, 13.56, 1.63)
    """
    check_plan(plan)
    weight_bytes = check_integer("weight_bytes", weight_bytes, 1)
    model = plan.model
    whole = [EncoderPlan(e.encoder, True, model.tokens, model.tokens) for e in plan.encoders]
    dense = replace(plan, encoders=tuple(whole))
    traces = lower(dense), lower(plan)
    found: dict[str, FootprintRow] = {}
    for row in (*_outside(model, traces[0], weight_bytes), *_encoders(dense, plan, weight_bytes), *_macs(*traces)):
        found[row.label] = found.get(row.label, FootprintRow(row.label)).plus(row)
    return Footprint(model.name, tuple(found[label] for label in TRACE_MODULES if label in found))


def _macs(dense: Trace, kept: Trace) -> Iterator[FootprintRow]:
    for op in dense:
        if op.kind == "gemm":
            yield FootprintRow(op.module, macs_dense=dense.macs_of(op))
    for op in kept:
        if op.kind == "gemm":
            yield FootprintRow(op.module, macs_kept=kept.macs_of(op))


def _outside(model: VitModel, dense: Trace, weight_bytes: int) -> Iterator[FootprintRow]:
    """Yield what stands outside the encoders; its weight matrices are those of the trace's GEMMs."""
    for label, parameters in (("patch_embed", embedding_parameters(model)), ("head", head_parameters(model))):
        weights = sum(op.k * op.n for op in dense if op.module == label and op.kind == "gemm")
        yield FootprintRow(label, parameters, parameters, weights * weight_bytes)
    if model.pool == "attention":
        parameters = pooling_parameters(model)
        yield FootprintRow(POOL, parameters, parameters, pooling_weights(model) * weight_bytes)


def _encoders(dense: Plan, plan: Plan, weight_bytes: int) -> Iterator[FootprintRow]:
    """Yield parameters and stored bytes of every encoder."""
    for encoder in dense.encoders:
        for label, parameters in _other_parameters(dense, encoder):
            yield FootprintRow(label, parameters_dense=parameters)
        for label, (k, n) in dense.weight_sizes(encoder).items():
            yield FootprintRow(label, parameters_dense=k * n + bias_of(dense.model, label, n))
    for encoder in plan.encoders:
        for label, parameters in _other_parameters(plan, encoder):
            yield FootprintRow(label, parameters_kept=parameters)
        for label, (k, n) in plan.weight_sizes(encoder).items():
            mask = encoder.weight_masks.get(label)
            kept = k * n if mask is None else mask.kept_elements[0]
            stored = (k * n * weight_bytes, 0, 0) if mask is None else stored_bytes(mask, weight_bytes)
            yield FootprintRow(label, 0, kept + bias_of(plan.model, label, n), *stored)


def _other_parameters(plan: Plan, encoder: EncoderPlan) -> Iterator[tuple[str, int]]:
    """Yield an encoder's norms, and LayerScale's factors under the residual that they are applied in."""
    model = plan.model
    if model.qk_norm and encoder.attention_active:
        yield "qk_norm", 2 * norm_parameters(model, model.head_size)
    if model.mlp_norm:
        yield "mlp_norm", norm_parameters(model, plan.hidden_of(encoder))
    for half in ("1", "2") if encoder.attention_active else ("2",):
        yield f"norm{half}", norm_parameters(model, model.width)
        if model.layer_scale:
            yield f"residual{half}", model.width


def stored_bytes(mask: Mask, weight_bytes: int) -> tuple[int, int, int]:
    """Return (payload, index, pointer) bytes of a matrix stored as block-sparse columns.

    >>> from pivotsim.workload.masks.masks import drawn_mask
    >>> stored_bytes(drawn_mask(384, 384, block=16, density=0.5, seed=0), 1)
    (73728, 288, 100)
    """
    block_rows, block_cols = mask.kept.shape[1:]
    blocks = mask.kept_blocks[0]
    index_bytes = -(-(block_rows - 1).bit_length() // 8)
    return blocks * mask.block**2 * weight_bytes, blocks * index_bytes, (block_cols + 1) * POINTER_BYTES
