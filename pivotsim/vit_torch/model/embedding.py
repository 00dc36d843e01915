"""Patch embedding: one strided convolution, after LV-ViT's three convolutions where the stem has them."""

from torch import Tensor, nn

from pivotsim.models.spec import VitModel
from pivotsim.models.stems import LVVIT_STEM, LVVIT_STEM_STRIDE, LVVIT_STEM_WIDTH


class PatchEmbed(nn.Module):
    """Images (B, C, H, W) to patch tokens (B, P, D). Names: ``proj``, and ``conv1``, ``bn1``, ... of LV-ViT."""

    def __init__(self, model: VitModel) -> None:
        super().__init__()
        channels, patch = model.channels, model.patch_sides
        self.convolutions = 0
        if model.stem == "lvvit_4_2":
            for number, (kernel, stride, inputs, outputs) in enumerate(LVVIT_STEM, start=1):
                inputs = channels if number == 1 else inputs
                conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
                self.add_module(f"conv{number}", conv)
                self.add_module(f"bn{number}", nn.BatchNorm2d(outputs))
            self.convolutions = len(LVVIT_STEM)
            channels = LVVIT_STEM_WIDTH
            patch = patch[0] // LVVIT_STEM_STRIDE, patch[1] // LVVIT_STEM_STRIDE
        self.proj = nn.Conv2d(channels, model.width, patch, patch)

    def forward(self, images: Tensor) -> Tensor:
        """Return the patch tokens, row by row."""
        x = images
        for number in range(1, self.convolutions + 1):
            x = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(x)).relu()
        tokens: Tensor = self.proj(x).flatten(2).transpose(1, 2)
        return tokens
