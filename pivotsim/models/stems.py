"""Convolutions ahead of the patch projection."""

# LV-ViT's stem "4_2", from its publication's code: (kernel, stride, in, out) of each convolution, the last
# one being the patch projection; every convolution but the last is followed by a batch norm, without bias.
LVVIT_STEM = ((7, 2, 3, 64), (3, 1, 64, 64), (3, 1, 64, 64))
LVVIT_STEM_WIDTH = 64
LVVIT_STEM_STRIDE = 2
