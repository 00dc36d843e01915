"""What attention skipping, token selection and attention masks cost a CPU, into notebooks/recorded (Fig. 1c and 7b).

`make cosearch` runs it after the training. DeiT-S, one image, one thread. Each method stands beside the run that
isolates its own work: a pair beside its efforts (the gate, and the high effort run again), selectors beside a bare cut
to their tokens, a mask beside the same attention without one.
"""

import numpy as np
from torch import Tensor, nn

import pivotsim as ps
from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.model.attention_masks import mask_attention
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.reducers.reduction import select_tokens_by_head
from tests.recordings.recording import OUT, write
from tests.recordings.staircase import MODEL, NOTES, Point, measured, sharing, unfuse

LOW_EFFORT, LOWER_EFFORT = 6, 3  # beside the full model: the pairs that reproduce PVDS-50 and PVDS-35
KEPT_FRAC = 0.1  # of the attention map, ViTCoD's 90 % sparsity


class Cascade(nn.Module):
    """A low effort, its entropy, and a high effort where the entropy is not below the threshold; one image."""

    def __init__(self, low: VisionTransformer, high: VisionTransformer, threshold: float) -> None:
        super().__init__()
        self.low, self.high, self.threshold = low, high, threshold
        self.model, self.pos_embed = low.model, low.pos_embed  # what the clock reads of a ViT

    def forward(self, images: Tensor) -> Tensor:
        logits = self.low(images)
        logs = logits.log_softmax(dim=1)
        entropy = -(logs.exp() * logs).sum() / np.log(logits.shape[1])
        return logits if float(entropy) < self.threshold else self.high(images)


def main() -> None:
    rows = measured(points())
    write(OUT / "effort_overhead_cpu.csv", "make cosearch", NOTES, ["method", "part", "repeat", "latency_ms"], rows)


def points() -> list[Point]:
    low, lower = (sharing(lambda vit, e=e: apply_plan(vit, effort(e))) for e in (LOW_EFFORT, LOWER_EFFORT))
    full, unfused = sharing(lambda vit: None), sharing(unfuse)
    selected = sharing(select_tokens_by_head)
    cut = sharing(lambda vit: apply_plan(vit, extract_plan(selected)))
    masked, masked_unfused = sharing(lambda vit: mask_attention(vit, masks())), sharing(unfuse)
    mask_attention(masked_unfused, masks())
    table = {
        ("baseline", "fused attention"): full,
        ("baseline", "attention map computed"): unfused,
        ("pair", "low effort alone"): low,
        ("pair", "effort 3 alone"): lower,
        ("pair", "easy image: low effort, gate"): Cascade(low, full, threshold=2.0),
        ("pair", "hard image: low effort, gate, high effort"): Cascade(low, full, threshold=0.0),
        ("heatvit", "selectors"): selected,
        ("heatvit", "bare cut to as many tokens"): cut,
        ("vitcod", "masked, fused attention"): masked,
        ("vitcod", "masked, attention map computed"): masked_unfused,
    }
    return [(vit, 1, name) for name, vit in table.items()]


def effort(active: int) -> ps.Plan:
    """Return DeiT-S with the deep attentions skipped, as the paper observes (Fig. 9)."""
    return ps.skip_attention(ps.plan(MODEL), active=range(1, active + 1))


def masks() -> dict[int, np.ndarray]:
    """Return a random mask for every encoder: each query sees itself, the class token and a tenth of the keys."""
    model, draw = ps.load_model(MODEL), np.random.default_rng(0)
    kept = draw.random((model.heads, model.tokens, model.tokens)) < KEPT_FRAC
    kept[:, :, 0] = True
    kept |= np.eye(model.tokens, dtype=bool)
    return dict.fromkeys(range(1, model.depth + 1), kept)


if __name__ == "__main__":
    main()
