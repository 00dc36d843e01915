"""Wall-clock time of a forward pass, on CPU or CUDA."""

import contextlib
import math
import time
from collections.abc import Iterator

import torch

from pivotsim.errors import InputError, check_integer, check_real, got
from pivotsim.vit_torch.model.transformer import VisionTransformer

MAX_THREADS = 4096
MAX_PASSES = 1_000_000
MAX_IMAGE_BYTES = 2**31 - 1  # of one batch
FLOAT_BYTES = 4
OUT_OF_MEMORY = "can't allocate memory"  # the CPU's allocator raises a plain RuntimeError


def time_forward_ms(
    vit: VisionTransformer,
    batch: int = 1,
    *,
    threads: int = 1,
    repeats: int = 9,
    warm_up: int = 2,
    budget_s: float = 30.0,
    seed: int = 0,
) -> list[float]:
    """Return the milliseconds of each repeat of one forward pass on random images, on the device the ViT is on.

    Parameters
    ----------
    vit : VisionTransformer
    batch : int
        Images, at least 1.
    threads : int
        Threads of torch while it is measured; the caller's number is restored.
    repeats : int
        Passes that count, at least 1.
    warm_up : int
        Passes before them that do not.
    budget_s : float
        Seconds after which no new pass starts; one pass is always measured.
    seed : int
        Seed of the images.

    Raises
    ------
    InputError
        A number does not fit, the images of a batch take 2^31 bytes or more, or the machine's memory is too small.
    """
    check_integer("seed", seed, 0)
    check_passes(threads, repeats, warm_up, budget_s)
    shape, place = _images_shape(vit, batch), vit.pos_embed
    samples_ms: list[float] = []
    with _threads(int(threads)), torch.inference_mode(), _memory_for(batch, place.device):
        images = torch.randn(*shape, generator=torch.Generator().manual_seed(int(seed)))
        images = images.to(place.device, place.dtype)
        end_s = time.perf_counter() + budget_s
        for _ in range(int(warm_up)):
            if time.perf_counter() >= end_s:
                break
            _one_pass_ms(vit, images)
        for _ in range(int(repeats)):
            samples_ms.append(_one_pass_ms(vit, images))
            if time.perf_counter() >= end_s:
                break
    return samples_ms


def check_passes(threads: object, repeats: object, warm_up: object, budget_s: object) -> None:
    """Raise InputError, a line per problem, unless the numbers of a measurement fit."""
    problems: list[str] = []
    for name, value, least, most in (
        ("threads", threads, 1, MAX_THREADS), ("repeats", repeats, 1, MAX_PASSES), ("warm_up", warm_up, 0, MAX_PASSES),
    ):  # fmt: skip
        try:
            check_integer(name, value, least, most)
        except InputError as error:
            problems += error.problems
    try:
        if not 0 < check_real("budget_s", budget_s) < math.inf:
            problems.append(f"budget_s: must be finite and greater than 0 {got(budget_s)}")
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)


def _images_shape(vit: VisionTransformer, batch: int) -> tuple[int, int, int, int]:
    """Return images, channels, rows and columns of a batch; raise InputError for one that is too large."""
    model, images = vit.model, check_integer("batch", batch, 1)
    size_bytes = images * model.channels * math.prod(model.image_sides) * FLOAT_BYTES
    if size_bytes > MAX_IMAGE_BYTES:
        raise InputError(f"batch: {images} images take {size_bytes} bytes, at most {MAX_IMAGE_BYTES} {got(images)}")
    return images, model.channels, *model.image_sides


@contextlib.contextmanager
def _memory_for(batch: int, place: torch.device) -> Iterator[None]:
    """Say in one line that the machine has too little memory."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and OUT_OF_MEMORY not in str(error):
            raise
        raise InputError(f"batch: {place.type} has no memory for it {got(batch)}") from error


def _one_pass_ms(vit: VisionTransformer, images: torch.Tensor) -> float:
    _finish(images.device)
    start_s = time.perf_counter()
    vit(images)
    _finish(images.device)
    return (time.perf_counter() - start_s) * 1e3


def _finish(device: torch.device) -> None:
    """Wait for what runs: a CUDA kernel is only launched when its call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextlib.contextmanager
def _threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
