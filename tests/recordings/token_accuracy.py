"""Accuracy of keeping n tokens on real images, into samples/accuracy/digits.csv: `make token-accuracy` (minutes).

The proxy of `schedule`: random patches are removed before the first encoder (arXiv 2407.05941, section 3.1). Three
seeds, each with its own split and teacher, trained as for `make cosearch`, rounded to 8 bits.
"""

import sys
import time
from statistics import mean

import torch
from torch.utils.data import TensorDataset

from pivotsim.pruning import measure_accuracy
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.quantisation import fake_quantised
from tests.recordings.cosearch import BATCH, SEEDS, TEACHER, batches_of
from tests.recordings.digits import MODEL, SIZES, split_digits, start
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
    test = TensorDataset(*parts["test"])
    table = measure_accuracy(small, test, batch=SIZES["test"], draws=DRAWS, seed=seed).table
    print(seed, table, flush=True)
    return table


if __name__ == "__main__":
    sys.exit(main())
