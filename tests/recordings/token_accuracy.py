"""Accuracy of keeping n tokens on real images, into samples/accuracy/digits.csv: `make token-accuracy` (minutes).

The proxy of `schedule`: random patches are removed before the first encoder (arXiv 2407.05941, section 3.1). Three
seeds, each with its own split and teacher, trained as for `make cosearch`, rounded to 8 bits.
"""

import sys
import time
from statistics import mean
from typing import Any

import torch
from torch import Tensor

import pivotsim as ps
from pivotsim.pruning.accuracy import RandomRemoval
from pivotsim.units import IntArray
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.quantisation import fake_quantised
from tests.recordings.cosearch import BATCH, SEEDS, TEACHER, batches_of
from tests.recordings.digits import MODEL, SIZES, Part, split_digits, start
from tests.recordings.recording import SAMPLES, write

DRAWS = 8  # sets of patches that are removed from all test images


def main() -> None:
    began_s = time.monotonic()
    torch.set_num_threads(1)
    tables = [table_of(seed) for seed in SEEDS]
    notes = [
        f"images: scikit-learn's digits, split by seed into {', '.join(f'{n} {name}' for name, n in SIZES.items())}",
        f"model: {MODEL}, teacher: {TEACHER}, batch {BATCH}",
        f"accuracy: of the test images, random patches removed before the first encoder, mean of {len(SEEDS)} seeds "
        f"and {DRAWS} draws each; weights and activations fake-quantised to 8 bits",
        f"took {time.monotonic() - began_s:.0f} s",
    ]
    rows = [(str(n), f"{mean(table[n] for table in tables):.2f}") for n in tables[0]]
    write(SAMPLES / "accuracy" / "digits.csv", "make token-accuracy", notes, ("tokens", "accuracy_pct"), rows)


def table_of(seed: int) -> dict[int, float]:
    """Return tokens kept -> accuracy in percent of one seed's teacher."""
    vit, parts = start(seed), split_digits(seed)
    train(vit, batches_of(seed), TEACHER)
    small = fake_quantised(vit, parts["train"].images)
    model = ps.load_model(MODEL)
    proxy = RandomRemoval(lambda _, kept: right_of(small, parts["test"], kept), model, batches=DRAWS, seed=seed)
    table = {n: proxy(n) for n in range(model.tokens, model.prefix_tokens, -1)}
    print(seed, table, flush=True)
    return table


def right_of(vit: VisionTransformer, part: Part, kept: IntArray) -> tuple[int, int]:
    """Return (correct, images) where the first encoder gets the kept tokens alone."""
    indices = torch.as_tensor(kept)

    def keep(_: Any, arguments: tuple[Tensor, Any]) -> tuple[Tensor, Any]:
        return arguments[0][:, indices], arguments[1]

    hook = vit.blocks[0].register_forward_pre_hook(keep)
    try:
        with torch.no_grad():
            right = vit(part.images).argmax(dim=1) == part.labels
    finally:
        hook.remove()
    return int(right.sum()), len(part.labels)


if __name__ == "__main__":
    sys.exit(main())
