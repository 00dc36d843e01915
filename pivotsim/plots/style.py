"""The style of all pictures: colours that colour-blind readers and printers tell apart, and saving."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.io.text_files import make_folder, write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, light enough apart to be told apart in grey; hatches help where bars touch.
GROUP_COLOURS = {
    "attention_mac": "#0072B2", "softmax": "#E69F00", "mlp": "#56B4E9", "other": "#999999", "entropy": "#D55E00",
}  # fmt: skip
GROUP_LABELS = {
    "attention_mac": "attention MACs", "softmax": "softmax", "mlp": "MLP", "other": "other", "entropy": "entropy gate",
}  # fmt: skip
GROUP_HATCHES = {"attention_mac": "", "softmax": "//", "mlp": "..", "other": "xx", "entropy": "++"}


class Written(NamedTuple):
    """The pictures that were written, and a line for what was left out."""

    paths: list[Path]
    notes: list[str]


def new_axes(width_in: float, height_in: float, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return a figure and its axes, without pyplot and so without any window or global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)
    return figure, list(axes[0])


def save_png(figure: "Figure", folder: Path, name: str) -> Path:
    """Write a figure as PNG, whole or not at all, and return its path."""
    make_folder(folder)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": "pivotsim"})
    path = folder / f"{name}.png"
    write_atomic(path, buffer.getvalue())
    return path


def plain_axes(axes: "Axes") -> "Axes":
    """Take away what carries no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
    return axes
