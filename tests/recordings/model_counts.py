"""Parameters and multiply-accumulates of timm's models, counted by torch, into tests/data/timm_counts.csv.

In an environment of its own, with torch and timm:  python tests/recordings/model_counts.py

Models are built and run on torch's meta device: nothing is allocated, and FlopCounterMode sees the attention, which it
counts as 0 where a fused kernel runs on a CPU. Its flops are twice the multiply-accumulates of matrix products and
convolutions; RoPE, norms, activations and additions count nothing. timm imports torchvision for what no ViT uses, so
an empty stand-in serves.
"""

import csv
import importlib.machinery
import sys
import types
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

DATA = Path(__file__).parents[1] / "data" / "timm_counts.csv"
MODELS = {  # name of a file in workloads -> (timm's name, what else its creation takes)
    "deit_t": ("deit_tiny_patch16_224", {}),
    "deit_s": ("deit_small_patch16_224", {}),
    "deit_b": ("deit_base_patch16_224", {}),
    "vit_b_16": ("vit_base_patch16_224", {}),
    "vit_l_16": ("vit_large_patch16_224", {}),
    "vit_h_14": ("vit_huge_patch14_224", {"num_classes": 1000}),
    "deit3_s": ("deit3_small_patch16_224", {}),
    "deit3_b": ("deit3_base_patch16_224", {}),
    "deit3_l": ("deit3_large_patch16_224", {}),
    "dinov2_s": ("vit_small_patch14_dinov2", {}),
    "dinov2_b": ("vit_base_patch14_dinov2", {}),
    "dinov2_l": ("vit_large_patch14_dinov2", {}),
    "dinov2_s_reg": ("vit_small_patch14_reg4_dinov2", {}),
    "dinov2_b_reg": ("vit_base_patch14_reg4_dinov2", {}),
    "dinov2_l_reg": ("vit_large_patch14_reg4_dinov2", {}),
    "dinov3_s": ("vit_small_patch16_dinov3", {}),
    "dinov3_b": ("vit_base_patch16_dinov3", {}),
    "dinov3_l": ("vit_large_patch16_dinov3", {}),
    "eva02_s": ("eva02_small_patch14_224", {}),
    "eva02_b": ("eva02_base_patch14_224", {}),
    "siglip_b": ("vit_base_patch16_siglip_224", {}),
}
FURTHER = {  # settings of a packaged model, as `--set model.` takes them -> the same in timm
    "deit_s image_px=640x480": ("deit_small_patch16_224", {"img_size": (640, 480)}),
    "deit_s patch_px=16x14": ("deit_small_patch16_224", {"patch_size": (16, 14)}),
    "deit_s image_px=225 patch_edge=floor": ("deit_small_patch16_224", {"img_size": 225}),
    "deit_s image_px=225 patch_edge=pad": (
        "deit_small_patch16_224", {"img_size": 225, "dynamic_img_pad": True, "dynamic_img_size": True}
    ),
    "deit_s classes=0": ("deit_small_patch16_224", {"num_classes": 0}),
    "deit_s pool=average": ("deit_small_patch16_224", {"global_pool": "avg"}),
    "deit_s qk_norm=true": ("deit_small_patch16_224", {"qk_norm": True}),
    "deit_s norm=rmsnorm": ("deit_small_patch16_224", {"norm_layer": "rmsnorm"}),
    "deit_s positions=none": ("deit_small_patch16_224", {"pos_embed": "none"}),
    "deit_s register_tokens=4 prefix_positions=false": (
        "deit_small_patch16_224", {"reg_tokens": 4, "no_embed_class": True}
    ),
    "siglip_b classes=1000": ("vit_base_patch16_siglip_224", {"num_classes": 1000}),
    "eva02_s classes=1000": ("eva02_small_patch14_224", {"num_classes": 1000}),
}  # fmt: skip


class _AnyAttribute(type):
    """Classes with whatever attribute they are asked for."""

    def __getattr__(cls, name: str) -> object:
        return None if name.startswith("__") else name


class _Missing(nn.Module, metaclass=_AnyAttribute):
    """Passes for every class of torchvision; none is used by a ViT."""


def _missing(name: str) -> type:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Missing


def stand_in() -> None:
    """Put modules into sys.modules that pass for what timm imports of torchvision."""
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional", "torchvision.ops",
                 "torchvision.ops.misc", "torchvision.datasets", "torchvision.datasets.folder", "torchvision.models",
                 "torchvision.models.feature_extraction"):  # fmt: skip
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        module.__getattr__ = _missing
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def count(name: str, options: dict) -> tuple[str, int, int]:
    """Return (input shape, parameters, multiply-accumulates) of one image."""
    import timm

    with torch.device("meta"), torch.no_grad():
        model = timm.create_model(name, pretrained=False, **options).eval().requires_grad_(False)
        size = options.get("img_size", model.pretrained_cfg["input_size"][1:])
        shape = (1, 3, *((size, size) if isinstance(size, int) else size))
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(shape))
    return "x".join(map(str, shape)), sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2


def main() -> None:
    """Count every model and write the file."""
    stand_in()
    import timm

    rows = []
    for model, (name, options) in {**MODELS, **FURTHER}.items():
        rows.append((model, name, " ".join(f"{k}={v}" for k, v in options.items()), *count(name, options)))
        print(*rows[-1], flush=True)
    with DATA.open("w", newline="") as file:
        file.write(f"# timm {timm.__version__}, torch {torch.__version__.partition('+')[0]}, meta device, one image: ")
        file.write("half of FlopCounterMode's flops; tests/recordings/model_counts.py writes this file\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", "timm", "options", "input", "parameters", "macs"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
