"""Random int8 encoders as steps, small ones for the suite and one of DeiT-T's size for the proof."""

import numpy as np

from pivotsim.integer.activation import activate, activation_table
from pivotsim.integer.layer_norm import layer_norm, layer_norm_constants
from pivotsim.integer.residual import add
from pivotsim.integer.scaling import scale_of
from pivotsim.integer.softmax import softmax, softmax_table
from pivotsim.integer.steps import LOGITS, PATCHES, Gemm, Operation, View
from pivotsim.integer.tokens import gather, scores, top_k
from pivotsim.workload.masks.masks import Mask

OUTPUT = LOGITS


class Builder:
    """Appends the steps of encoders, random weights and scales that use the grids."""

    def __init__(self, width, heads, hidden, seed, *, block=0, density=0.5):
        self.width, self.heads, self.hidden = width, heads, hidden
        self.draw = np.random.default_rng(seed)
        self.steps, self.block, self.density = [], block, density

    def gemm(self, encoder, module, m, k, n, a, b=None, copies=1, wide=False):
        mask = None
        if b is None:
            b = self.draw.integers(-127, 128, (k, n), dtype=np.int8)
            if self.block and encoder:
                kept = self.draw.random((-(-k // self.block), -(-n // self.block))) < self.density
                mask = Mask("b", k, n, self.block, kept)
                b = np.where(mask.elements(), b, 0).astype(np.int8)
            bias = self.draw.integers(-(2**12), 2**12, n, dtype=np.int32)
        else:
            bias = None
        scale = None if wide else scale_of(float(self.draw.uniform(0.6, 1.0)) / (50 * np.sqrt(k)))
        name = OUTPUT if module == "head" else f"{encoder}.{module}"
        self.steps.append(Gemm(encoder, module, m, k, n, copies, a, b, name, bias, scale, mask))
        return name

    def operation(self, encoder, module, kind, m, n, inputs, constants=None, copies=1):
        name = f"{encoder}.{module}"
        self.steps.append(Operation(encoder, module, kind, m, n, copies, inputs, name, constants))
        return name

    def norm(self, encoder, module, m, stream):
        gamma, beta = self.draw.uniform(0.5, 1.5, self.width), self.draw.uniform(-0.2, 0.2, self.width)
        constants = layer_norm_constants(gamma, beta, 1e-6, 1 / 256, 1 / 32)
        return self.operation(encoder, module, "norm", m, self.width, (stream,), constants)

    def patches(self, count, features):
        out = self.gemm(0, "patch_embed", count, features, self.width, View(PATCHES, 0, features))
        positions = self.draw.integers(-200, 200, (count + 1, self.width)).astype(np.int16)
        return self.operation(0, "embedding", "add", count + 1, self.width, (out,), (positions, scale_of(4.0)))

    def attention(self, encoder, tokens, stream):
        width, size = self.width, self.width // self.heads
        normed = self.norm(encoder, "norm1", tokens, stream)
        qkv = self.gemm(encoder, "qkv", tokens, width, 3 * width, View(normed, 0, width))
        q, k, v = (View(qkv, part * width, size, part == 1) for part in range(3))
        qkt = self.gemm(encoder, "qkt", tokens, size, tokens, q, k, self.heads)
        soft = self.operation(
            encoder, "softmax", "softmax", tokens, tokens, (qkt,), softmax_table(1 / 24), self.heads
        )
        sv = self.gemm(encoder, "sv", tokens, tokens, size, View(soft, 0, tokens), v, self.heads)
        proj = self.gemm(encoder, "proj", tokens, width, width, View(sv, 0, width))
        stream = self.operation(encoder, "residual1", "add", tokens, width, (stream, proj), scale_of(4.0))
        return stream, soft

    def prune(self, encoder, tokens, stream, soft, kept):
        score = self.operation(encoder, "score", "score", 1, tokens - 1, (soft,), 1, self.heads)
        order = self.operation(encoder, "sort", "sort", 1, tokens - 1, (score,), kept)
        return self.operation(encoder, "gather", "gather", kept + 1, self.width, (stream, order), 1)

    def feed_forward(self, encoder, tokens, stream):
        normed = self.norm(encoder, "norm2", tokens, stream)
        fc1 = self.gemm(encoder, "fc1", tokens, self.width, self.hidden, View(normed, 0, self.width))
        table = activation_table("gelu", 1 / 16, 1 / 32)
        active = self.operation(encoder, "gelu", "gelu", tokens, self.hidden, (fc1,), table)
        fc2 = self.gemm(encoder, "fc2", tokens, self.hidden, self.width, View(active, 0, self.hidden))
        return self.operation(encoder, "residual2", "add", tokens, self.width, (stream, fc2), scale_of(4.0))

    def head(self, stream, classes):
        normed = self.norm(0, "norm", 1, stream)
        self.gemm(0, "head", 1, self.width, classes, View(normed, 0, self.width), wide=True)


def small_steps(*, depth=2, skipped=(), kept=0, block=0, seed=1, tokens=5, width=16, heads=2, hidden=20):
    """Return the steps of a small network, of which some encoders skip attention, or the first one drops tokens."""
    one = Builder(width, heads, hidden, seed, block=block)
    stream = one.patches(tokens - 1, 6)
    for encoder in range(1, depth + 1):
        if encoder not in skipped:
            stream, soft = one.attention(encoder, tokens, stream)
            if kept and encoder == 1:
                stream = one.prune(encoder, tokens, stream, soft, kept)
                tokens = kept + 1
        stream = one.feed_forward(encoder, tokens, stream)
    one.head(stream, 4)
    return one.steps


def computed(step, tensors):
    """Return what an operation makes of its tensors."""
    first, *rest = (tensors[name] for name in step.inputs)
    match step.kind:
        case "add" if not rest:
            positions, scale = step.constants
            return np.concatenate((positions[:1], add(positions[1:], first, scale)))
        case "add":
            return add(first, rest[0], step.constants)
        case "norm":
            return layer_norm(first[: step.m], step.constants)
        case "softmax":
            heads = first.reshape(step.m, step.copies, step.n)
            return softmax(heads, step.constants).reshape(step.m, -1)
        case "gelu":
            return activate(first, step.constants)
        case "score":
            rows = first[0].reshape(step.copies, -1)[:, step.constants :]
            return scores(rows)[None]
        case "sort":
            return top_k(first[0], step.constants)[None]
        case "gather":
            return gather(first, rest[0][0], step.constants)
    raise AssertionError(step.kind)


def run_steps(steps, patches):
    """Return every tensor of a run in plain numpy, each step after the other."""
    tensors = {PATCHES: patches}
    for step in steps:
        tensors[step.output] = product(step, tensors) if isinstance(step, Gemm) else computed(step, tensors)
    return tensors


def product(step, tensors):
    """Return a GEMM's outputs, copies side by side: exact sums, bias, multiplier and shift."""
    a, b = (one.astype(np.int64) for one in step.operands(tensors))
    sums = a @ b + (0 if step.bias is None else step.bias)
    side_by_side = np.moveaxis(sums, 0, 1).reshape(step.m, -1)
    if step.scale is None:
        return side_by_side.astype(np.int32)
    half = 1 << (step.scale.shift - 1) if step.scale.shift else 0
    return np.clip((side_by_side * step.scale.multiplier + half) >> step.scale.shift, -128, 127).astype(np.int8)
