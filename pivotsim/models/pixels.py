"""Sizes of images and patches in pixels: one number for a square, HEIGHTxWIDTH for a rectangle."""

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

MAX_PX = 65_536
_TEXT = re.compile(r"\s*([0-9]{1,9})\s*[xX*]\s*([0-9]{1,9})\s*")


def _canonical(value: Any) -> int | str:
    """Return a size as it is kept: an integer for a square, else a text such as ``480x640``."""
    match = _TEXT.fullmatch(value) if isinstance(value, str) else None
    sides = [int(side) for side in match.groups()] if match else value if isinstance(value, (list, tuple)) else [value]
    if len(sides) not in (1, 2) or any(isinstance(side, bool) or not isinstance(side, int) for side in sides):
        raise PydanticCustomError("size_px", "size")
    if min(sides) < 1:
        raise PydanticCustomError("greater_than_equal", "size", {"ge": 1})
    if max(sides) > MAX_PX:
        raise PydanticCustomError("less_than_equal", "size", {"le": MAX_PX})
    height, width = sides[0], sides[-1]
    return height if height == width else f"{height}x{width}"


SizePx: TypeAlias = Annotated[int | str, BeforeValidator(_canonical)]


def sides_of(size: int | str) -> tuple[int, int]:
    """Return (height, width) of a size.

    >>> sides_of(224), sides_of("480x640")
    ((224, 224), (480, 640))
    """
    if isinstance(size, int):
        return size, size
    height, _, width = size.partition("x")
    return int(height), int(width)
