"""Convolutional networks as SCALE-Sim's topologies, written from their publications; inputs include the padding."""

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"


def row(name, size, taps, channels, filters, stride=1):
    padded = size + 2 * (taps // 2)
    return f"{name}, {padded}, {padded}, {taps}, {taps}, {channels}, {filters}, {stride},"


def resnet50(stride_in_first=False):
    """ResNet-50 (He et al. 2016, Table 1); a stage's stride is in its first 1x1, or in its 3x3 as later releases do."""
    rows = [row("conv1", 224, 7, 3, 64, 2)]
    size, channels = 56, 64
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=2):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            name, after = f"conv{stage}_{block}", size // stride
            first, second = (stride, 1) if stride_in_first else (1, stride)
            rows.append(row(f"{name}_a", size, 1, channels, width, first))
            rows.append(row(f"{name}_b", size // first, 3, width, width, second))
            rows.append(row(f"{name}_c", after, 1, width, 4 * width))
            if block == 1:
                rows.append(row(f"{name}_shortcut", size, 1, channels, 4 * width, stride))
            size, channels = after, 4 * width
    return [HEADER, *rows, row("fc", 1, 1, 2048, 1000)]


def mobilenet_v1():
    """MobileNet (Howard et al. 2017, Table 1), at width 1 and 224 pixels."""
    rows = [row("conv1", 224, 3, 3, 32, 2)]
    size, channels = 112, 32
    strides = [1, 2, 1, 2, 1, 2, *[1] * 5, 2, 1]
    for number, (stride, filters) in enumerate(
        zip(strides, [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024], strict=True), start=2
    ):
        rows.append(row(f"conv{number}_DP", size, 3, channels, 1, stride))
        size //= stride
        rows.append(row(f"conv{number}_1x1", size, 1, channels, filters))
        channels = filters
    return [HEADER, *rows, row("fc", 1, 1, 1024, 1000)]
