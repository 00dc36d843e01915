"""What follows the encoders: pooling, the final norm and the heads.

Pooling by attention (SigLIP; timm's AttentionPoolLatent): one query per image attends to the tokens and passes an MLP.
Its operations have the label `pool`. The query does not depend on the image; that it is projected again for every image
is what timm and transformers do.
"""

from collections.abc import Iterator

from pivotsim.models.spec import VitModel
from pivotsim.workload.lowering.weight_gemms import gemm
from pivotsim.workload.ops import Op

POOL = "pool"


def head_operations(model: VitModel, tokens: int, batch: int, score_bits: int) -> Iterator[Op]:
    """Yield the operations on the tokens that leave the last encoder."""
    patches = max(tokens - model.leading_tokens, 0)
    if model.pool == "average":
        if patches:
            yield Op(0, POOL, "pool", patches, 1, model.width, batch)
        yield Op(0, "head", "norm", batch, 1, model.width)
    else:
        yield Op(0, "head", "norm", batch * tokens, 1, model.width)
    if model.pool == "attention":
        yield from _attention_pooling(model, tokens, batch, score_bits)
    if model.classes:
        yield from gemm(0, "head", batch, model.head_features, model.classes)
    if model.aux_head and patches:
        yield from gemm(0, "head", batch * patches, model.width, model.classes)


def _attention_pooling(model: VitModel, tokens: int, batch: int, score_bits: int) -> Iterator[Op]:
    d, hidden, repeats, size = model.width, model.mlp_hidden, batch * model.heads, model.width // model.heads
    yield from gemm(0, POOL, batch, d, d)
    yield from gemm(0, POOL, batch * tokens, d, 2 * d)
    yield Op(0, POOL, "gemm", 1, size, tokens, repeats, out_bits=score_bits)
    if score_bits == 8:
        yield Op(0, "requant", "requant", 1, 1, tokens, repeats)
    yield Op(0, POOL, "softmax", 1, 1, tokens, repeats)
    yield from gemm(0, POOL, 1, tokens, size, repeats)
    yield from gemm(0, POOL, batch, d, d)
    yield Op(0, POOL, "norm", batch, 1, d)
    yield from gemm(0, POOL, batch, d, hidden)
    yield Op(0, POOL, "gelu", batch, 1, hidden)
    yield from gemm(0, POOL, batch, hidden, d)
    yield Op(0, POOL, "add", batch, 1, d)
