"""Shapes of the tiles that a GPU's kernels cut a result into, as a hardware file lists them."""

import re
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator

from pivotsim.errors import got

MOST_SHAPES = 16
MOST_SIDE = 65_536
MOST_SHARE = 100.0
FORM = "shapes such as 128x64, or 128x64 at 0.8 for one that reaches 0.8 of efficiency_frac"
_SHAPE = re.compile(r"([0-9]{1,5})\s*[xX]\s*([0-9]{1,5})(?:\s+at\s+([0-9]{1,9}(?:\.[0-9]{1,17})?))?")


class TileShape(NamedTuple):
    """Rows and columns of a tile of the result, and the share of ``sm.efficiency_frac`` that a full wave reaches."""

    rows: int
    cols: int
    efficiency_frac: float = 1.0

    def __str__(self) -> str:
        share = "" if self.efficiency_frac == 1 else f" at {self.efficiency_frac:.12g}"
        return f"{self.rows}x{self.cols}{share}"


def tile_shape(text: object) -> TileShape:
    """Return the shape that a text states; raise ValueError for anything else.

    >>> tile_shape("128x64 at 0.8")
    TileShape(rows=128, cols=64, efficiency_frac=0.8)
    """
    match = _SHAPE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"must be {FORM} {got(text)}")
    shape = TileShape(int(match[1]), int(match[2]), float(match[3] or 1))
    if not (1 <= shape.rows <= MOST_SIDE and 1 <= shape.cols <= MOST_SIDE and 0 < shape.efficiency_frac <= MOST_SHARE):
        raise ValueError(f"sides must lie in 1 to {MOST_SIDE}, a share above 0 and up to {MOST_SHARE:g} {got(text)}")
    return shape


def _listed(value: object) -> object:
    """Return a list, or a text with commas as ``--set`` states it, as texts of shapes, each checked."""
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"kernel.tiles: must be a list of {FORM} {got(value)}")
    try:
        shapes = [tile_shape(text) for text in value]
    except ValueError as error:
        raise ValueError(f"kernel.tiles: {error}") from None
    if len({shape[:2] for shape in shapes}) < len(shapes) or len(shapes) > MOST_SHAPES:
        raise ValueError(f"kernel.tiles: must be at most {MOST_SHAPES} shapes, none twice {got(list(value))}")
    return tuple(str(shape) for shape in shapes)


TileTexts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
