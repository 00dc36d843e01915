"""From an integer model and a plan to steps: attentions skipped, tokens, heads, neurons and blocks of weights left out.

All plans read the same integers: a head or a neuron that goes takes its columns and rows along, a block that is left
out is zeros, and scales stay.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.integer.steps import LOGITS, PATCHES, Array, Gemm, Operation, Step, View
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.tables import encoder_lines
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan, plan
from pivotsim.workload.tokens.methods import METHODS, TokenStep

QKV = ("q", "k", "v")


def steps_of(model: IntegerModel, of: Plan | None = None) -> tuple[Step, ...]:
    """Return the steps of a plan for one image, in the order of its trace.

    Parameters
    ----------
    model : IntegerModel
    of : Plan, optional
        Of the same model; the whole model by default. Tokens may fall by methods that score with the class token's
        row and fuse nothing: ``top_k``, ``top_k_rate``, and ``evit`` with ``fuse=False``.

    Returns
    -------
    tuple of Gemm or Operation
        Each reads tensors by name and makes one; the last makes the logits.

    Raises
    ------
    InputError
        The plan is of another model, or has what has no integer form; all of it is told.

    Examples
    --------
    >>> from pivotsim.integer.weights.random_weights import random_model
    >>> [step.output for step in steps_of(random_model("digits_vit"))][:7]
    ['patch_embed', 'position', '1.norm1', '1.qkv', '1.qkt', '1.softmax', '1.sv']
    """
    of = plan(model.model) if of is None else of
    _check(model, of)
    return tuple(_Walk(model, of).steps())


class _Part(NamedTuple):
    """Columns of one of Q, K and V: the tensor that holds them, and the first."""

    tensor: str
    first: int


class _Walk:
    """The steps of a plan; ``stream`` is the name of the residual stream's latest tensor."""

    def __init__(self, model: IntegerModel, of: Plan) -> None:
        self.own, self.plan, self.d = model, of, model.model.width
        self.stream = "position"

    def steps(self) -> Iterator[Step]:
        model = self.own.model
        pixels = model.channels * model.patch_sides[0] * model.patch_sides[1]
        yield self.product(0, "patch_embed", model.patches, View(PATCHES, 0, pixels), "patch_embed")
        positions = self.own.constants["position.positions"], self.own.scale("position")
        yield Operation(0, "patch_embed", "add", model.tokens, self.d, 1, ("patch_embed",), self.stream, positions)
        for e in self.plan.encoders:
            if e.attention_active:
                yield from self.attention(e)
            for step in e.between:
                yield from self.fewer_tokens(e, step)
            yield from self.mlp(e)
        tokens = self.plan.encoders[-1].mlp_tokens
        yield Operation(0, "head", "norm", tokens, self.d, 1, (self.stream,), "norm", self.own.norm("norm"))
        yield self.product(0, LOGITS, 1, View("norm", 0, self.d), LOGITS, wide=True)

    def attention(self, e: EncoderPlan) -> Iterator[Step]:
        i, tokens, heads, size = e.encoder, e.attention_tokens, self.plan.heads_of(e), self.own.model.head_size
        inner = heads * size
        yield self.norm(i, "norm1", tokens)
        parts: list[_Part] = []
        for label in ("qkv",) if self.plan.qkv == "fused" else QKV:
            yield self.qkv(e, label, heads)
            parts += [_Part(f"{i}.{label}", inner * place) for place in range(3 if label == "qkv" else 1)]
        query, key, value = parts
        yield Gemm(
            i, "qkt", tokens, size, tokens, heads, View(*query, size), View(*key, size, transposed=True),
            f"{i}.qkt", scale=self.own.scale(f"{i}.qkt"),
        )  # fmt: skip
        table = self.own.constants[f"{i}.softmax.table"]
        yield Operation(i, "softmax", "softmax", tokens, tokens, heads, (f"{i}.qkt",), f"{i}.softmax", table)
        yield Gemm(
            i, "sv", tokens, tokens, size, heads, View(f"{i}.softmax", 0, tokens), View(*value, size),
            f"{i}.sv", scale=self.own.scale(f"{i}.sv"),
        )  # fmt: skip
        yield self.weighted(e, "proj", tokens, View(f"{i}.sv", 0, inner), rows=slice(inner))
        yield self.residual(i, "residual1", tokens, f"{i}.proj")

    def mlp(self, e: EncoderPlan) -> Iterator[Step]:
        i, tokens, hidden, kind = e.encoder, e.mlp_tokens, self.plan.hidden_of(e), self.own.model.activation
        yield self.norm(i, "norm2", tokens)
        yield self.weighted(e, "fc1", tokens, View(f"{i}.norm2", 0, self.d), columns=slice(hidden))
        table = self.own.constants[f"{i}.{kind}.table"]
        yield Operation(i, kind, kind, tokens, hidden, 1, (f"{i}.fc1",), f"{i}.{kind}", table)
        yield self.weighted(e, "fc2", tokens, View(f"{i}.{kind}", 0, hidden), rows=slice(hidden))
        yield self.residual(i, "residual2", tokens, f"{i}.fc2")

    def fewer_tokens(self, e: EncoderPlan, step: TokenStep) -> Iterator[Step]:
        """Score by the class token's row, sort, gather; nothing where the method keeps every patch."""
        i, prefix = e.encoder, self.own.model.leading_tokens
        if step.leaving(e.attention_tokens, self.own.model) == e.attention_tokens:
            return
        patches, kept = e.attention_tokens - prefix, e.mlp_tokens - prefix
        yield Operation(
            i, "score", "score", self.plan.heads_of(e), patches, 1, (f"{i}.softmax",), f"{i}.score",
            (self.plan.heads_of(e), prefix),
        )  # fmt: skip
        yield Operation(i, "sort", "sort", 1, patches, 1, (f"{i}.score",), f"{i}.sort", kept)
        inputs = (self.stream, f"{i}.sort")
        yield Operation(i, "gather", "gather", e.mlp_tokens, self.d, 1, inputs, f"{i}.gather", prefix)
        self.stream = f"{i}.gather"

    def norm(self, i: int, label: str, tokens: int) -> Operation:
        constants = self.own.norm(f"{i}.{label}")
        return Operation(i, label, "norm", tokens, self.d, 1, (self.stream,), f"{i}.{label}", constants)

    def residual(self, i: int, label: str, tokens: int, branch: str) -> Operation:
        inputs, self.stream = (self.stream, branch), f"{i}.{label}"
        return Operation(i, label, "add", tokens, self.d, 1, inputs, self.stream, self.own.scale(f"{i}.{label}"))

    def qkv(self, e: EncoderPlan, label: str, heads: int) -> Gemm:
        """Return the product that makes Q, K and V, or one of them, of the heads that stay."""
        model, i = self.own.model, e.encoder
        inner = model.heads * model.head_size
        columns = np.concatenate([inner * QKV.index(p) + np.arange(heads * model.head_size) for p in label])
        return self.weighted(e, label, e.attention_tokens, View(f"{i}.norm1", 0, self.d), columns=columns, of="qkv")

    def weighted(
        self, e: EncoderPlan, label: str, tokens: int, a: View, *, rows: slice = slice(None),
        columns: slice | Array = slice(None), of: str = "",
    ) -> Gemm:  # fmt: skip
        """Return the product with a weight matrix of an encoder, cut to rows and columns, blocks left out."""
        name, mask = f"{e.encoder}.{of or label}", e.weight_masks.get(label)
        weights = self.own.constants[f"{name}.weights"][rows][:, columns]
        if mask is not None:
            weights = weights * mask.elements()
        k, n = weights.shape
        return Gemm(
            e.encoder, label, tokens, k, n, 1, a, np.ascontiguousarray(weights), f"{e.encoder}.{label}",
            self.own.constants[f"{name}.bias"][columns], self.own.scale(name), mask,
        )  # fmt: skip

    def product(self, i: int, label: str, rows: int, a: View, output: str, *, wide: bool = False) -> Gemm:
        """Return a product outside the encoders."""
        weights, bias = (self.own.constants[f"{label}.{part}"] for part in ("weights", "bias"))
        scale = None if wide else self.own.scale(label)
        k, n = weights.shape
        return Gemm(i, label, rows, k, n, 1, a, weights, output, bias, scale)


def _check(model: IntegerModel, of: Plan) -> None:
    check_plan(of)
    if of.model != model.model:
        raise InputError(f"plan: is of another model than the integers {got(of.model.name)}")
    problems = encoder_lines((e.encoder, problem) for e in of.encoders for problem in _misfits(model, of, e))
    if of.score_bits != 8:
        problems = [f"score_bits: softmax reads 8 bits {got(of.score_bits)}", *problems]
    if problems:
        raise InputError(problems)


def _misfits(model: IntegerModel, of: Plan, e: EncoderPlan) -> Iterator[str]:
    if e.attention_active and not model.has_attention(e.encoder):
        yield "its attention was never observed when the model was quantised; quantise with a plan in which it runs"
    if e.attention_mask is not None:
        yield "a mask of attention scores has no integer form"
    if of.hidden_of(e) > of.model.mlp_hidden:
        yield f"mlp_hidden: {of.model.name} has {of.model.mlp_hidden} {got(e.mlp_hidden)}"
    if len(e.between) > 1:
        yield "one token step at a place has an integer form at most"
    for step in (*e.before, *e.between):
        row, values = METHODS[step.method], dict(step.values)
        if row.scored_by != "class row" or values.get("fuse", row.fuses):
            yield f"{step}: has no integer form; top_k, top_k_rate and evit(fuse=false) have"
