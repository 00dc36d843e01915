"""Costs of scoring and moving tokens, as operations: one function per way to choose tokens.

    score    rows of elements that are read and reduced (sum or maximum) over the rows
    sort     elements compared, n per row
    gather   elements moved: the tokens that stay, prefix included, written one behind the other
    merge    elements multiply-accumulated: the tokens that become part of others

The released codes concatenate prefix and kept tokens anew, so prefix tokens move too. Per image they repeat with the
batch; a predictor's layers stack the images, as all GEMMs with weights do. t tokens arrive, n = t - p of them patches,
D is the width, H the heads that the encoder keeps, of d_h channels; HeatViT's selector cuts whole tokens by all heads.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pivotsim.models.spec import VitModel
from pivotsim.workload.ops import Op


class Site(NamedTuple):
    """Where a step acts: the encoder, its model, its attention heads, the images, tokens that arrive and that leave.

    ``reduction`` is what heads are reduced by where a method leaves a choice.
    """

    encoder: int
    model: VitModel
    heads: int
    batch: int
    arriving: int
    leaving: int
    reduction: str = "max"

    @property
    def patches(self) -> int:
        """Tokens that arrive beside the prefix."""
        return max(self.arriving - self.model.leading_tokens, 0)

    def per_image(self, module: str, kind: str, rows: int, elements: int) -> Op:
        """Return an operation that each image has of its own."""
        return Op(self.encoder, module, kind, rows, 1, elements, self.batch)

    def stacked(self, module: str, kind: str, rows: int, elements: int) -> Op:
        """Return an operation on the rows of all images."""
        return Op(self.encoder, module, kind, self.batch * rows, 1, elements)

    def layer(self, inputs: int, outputs: int, activation: str = "", repeats: int = 1) -> Iterator[Op]:
        """Yield a predictor's layer on every patch: GEMM, requantisation, and GELU where ``activation`` says so."""
        rows = self.batch * self.patches
        yield Op(self.encoder, "predictor", "gemm", rows, inputs, outputs, repeats)
        yield Op(self.encoder, "requant", "requant", rows, 1, outputs, repeats)
        if activation:
            yield Op(self.encoder, "predictor", activation, rows, 1, outputs, repeats)


Cost = Callable[[Site, bool], Iterator[Op]]  # the flag: dropped tokens are fused into one


def _moves(site: Site, fuse: bool) -> Iterator[Op]:
    """Yield the gather of what stays and, where the others are fused, their accumulation."""
    staying = site.leaving - fuse
    yield site.per_image("gather", "gather", staying, site.model.width)
    if fuse:
        yield site.per_image("merge", "merge", site.arriving - staying, site.model.width)


def class_row(site: Site, fuse: bool) -> Iterator[Op]:
    """Top-K, EViT: mean over heads of the class token's row of attention, H * n; sort n."""
    yield from _row_of_class_token(site, site.patches, fuse)


def class_row_of_others(site: Site, fuse: bool) -> Iterator[Op]:
    """Parikh et al.: the same with the other prefix tokens among those that are scored and sorted, t - 1."""
    yield from _row_of_class_token(site, site.arriving - 1, fuse)


def _row_of_class_token(site: Site, scored: int, fuse: bool) -> Iterator[Op]:
    yield site.per_image("score", "score", site.heads, scored)
    yield site.per_image("sort", "sort", 1, scored)
    yield from _moves(site, fuse)


def attention_and_values(site: Site, fuse: bool) -> Iterator[Op]:
    """Eliopoulos et al.: attention's maximum over heads H * n^2, column sums n^2; V's maximum and sum H * t * d_h.

    Then a softmax over the t values, sort n, and the mean of the r + 1 worst. The paper gives no cost; these are the
    elements that its released code reads, charged in the pruning encoder alone. Q and K have V's size, and a sum over
    heads reads what a maximum reads; a mean divides its n^2 and t * d_h results beyond that.
    """
    heads, n, channels = site.heads, site.patches, site.model.head_size
    yield site.per_image("score", "score", heads * n, n)
    yield site.per_image("score", "score", n, n)
    yield site.per_image("score", "score", heads * site.arriving, channels)
    if site.reduction == "mean":
        yield site.per_image("score", "mul", n, n)
        yield site.per_image("score", "mul", site.arriving, channels)
    yield site.per_image("score", "softmax", 1, site.arriving)
    yield site.per_image("sort", "sort", 1, n)
    yield from _moves(site, fuse)


def key_similarity(site: Site, fuse: bool) -> Iterator[Op]:
    """ToMe: mean of K over heads, scaled to unit length; similarity of even with odd tokens, its row maximum, a sort.

    The similarity stays int32: it is compared, not multiplied again.
    """
    head_width = site.model.head_size
    odd = site.arriving // 2
    even = site.arriving - odd
    yield site.per_image("score", "score", site.heads, site.arriving * head_width)
    yield site.stacked("score", "norm", site.arriving, head_width)
    yield Op(site.encoder, "score", "gemm", even, head_width, odd, site.batch, out_bits=32)
    yield site.per_image("score", "score", even, odd)
    yield site.per_image("sort", "sort", 1, even)
    yield site.per_image("gather", "gather", site.leaving, site.model.width)
    yield site.per_image("merge", "merge", site.arriving - site.leaving, site.model.width)


def mlp_predictor(site: Site, fuse: bool) -> Iterator[Op]:
    """DynamicViT: LayerNorm, D -> D; half of it averaged over the patches; D -> D/2 -> D/4 -> 2, softmax, sort.

    GELU after every layer but the last: D^2 + D^2/2 + D^2/8 + D/2 MACs per patch.
    """
    width = site.model.width
    half, quarter = max(width // 2, 1), max(width // 4, 1)
    yield site.stacked("predictor", "norm", site.patches, width)
    yield from site.layer(width, width, "gelu")
    yield site.per_image("predictor", "score", site.patches, half)
    yield from site.layer(width, half, "gelu")
    yield from site.layer(half, quarter, "gelu")
    yield from site.layer(quarter, 2)
    yield site.stacked("predictor", "softmax", site.patches, 2)
    yield site.per_image("sort", "sort", 1, site.patches)
    yield from _moves(site, fuse)


def head_predictor(site: Site, fuse: bool) -> Iterator[Op]:
    """HeatViT: per head d_h -> d_h/2, its mean over the patches beside it, d_h -> d_h/2 -> d_h/4 -> 2, softmax.

    Heads are weighted by H -> H/2 -> H on their channels' means, and a sigmoid, charged as GELU's table look-up.
    H (d_h^2 + d_h^2/8 + d_h/2) + H^2 MACs per patch. A threshold decides, so nothing is sorted.
    """
    heads, n = site.model.heads, site.patches
    head_width = site.model.width // heads
    half, quarter, middle = (max(size, 1) for size in (head_width // 2, head_width // 4, heads // 2))
    yield from site.layer(head_width, half, "gelu", heads)
    yield site.per_image("predictor", "score", n, heads * half)
    yield from site.layer(head_width, half, "gelu", heads)
    yield from site.layer(half, quarter, "gelu", heads)
    yield from site.layer(quarter, 2, repeats=heads)
    yield site.stacked("predictor", "softmax", heads * n, 2)
    yield site.per_image("predictor", "score", n * heads, head_width)
    yield from site.layer(heads, middle, "gelu")
    yield from site.layer(middle, heads, "gelu")
    yield site.per_image("predictor", "score", heads, 2 * n)
    yield from _moves(site, fuse)


def no_cost(site: Site, fuse: bool) -> Iterator[Op]:
    """Random removal before the encoders: a proxy of what fewer tokens cost, itself free."""
    return iter(())
