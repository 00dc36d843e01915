"""Frames of pandas, which is imported when one is asked for and nowhere else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pivotsim.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas


def as_frame(data: Any, columns: Sequence[str] | None = None) -> "pandas.DataFrame":
    """Return columns by name, or rows with the names of their ``columns``, as a pandas frame.

    Raises
    ------
    MissingExtraError
        pandas is not installed; the message holds the command.
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("pandas", "pandas", "to_frame()") from None
    return pandas.DataFrame(data, columns=columns)
