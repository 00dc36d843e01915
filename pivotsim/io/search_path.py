"""Where names are looked up: the folders of $PIVOTSIM_PATH, then the package's own, and what a user should know of it.

Lines of a look-up that a user should know are kept until ``take_notes`` is called: the command line prints them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "PIVOTSIM_PATH"
FOLDERS = ("hwconfigs", "workloads", "samples")
_PACKAGE = Path(__file__).parents[1]
_notes: dict[str, None] = {}  # each line once, in order


def user_roots() -> list[Path]:
    """Return the folders that $PIVOTSIM_PATH lists."""
    return [Path(root) for root in os.environ.get(VARIABLE, "").split(os.pathsep) if root]


def search_folders(folder: str) -> Iterator[Path]:
    """Yield where files of one kind (``hwconfigs``, ``workloads``, ``samples/...``) are looked for, in that order."""
    for root in user_roots():
        yield root / folder
    yield from _shipped_folders(folder)


def _shipped_folders(folder: str) -> Iterator[Path]:
    yield _PACKAGE / "data" / folder  # a wheel
    yield _PACKAGE.parent / folder  # an editable install


def shipped(folder: str, file: str) -> Path | None:
    """Return the package's own file, whatever $PIVOTSIM_PATH holds; None where it ships none."""
    return next((root / file for root in _shipped_folders(folder) if os.path.isfile(root / file)), None)  # noqa: PTH113


def note_shadow(folder: str, name: str, found: Path, file: str, besides: str | None = None) -> None:
    """Note where a name was found if the package ships the same name and another file was taken.

    Parameters
    ----------
    folder, name, file : str
        What was asked for, and its file's name in the folder.
    found : Path
        What was taken.
    besides : str, optional
        The file whose ``base`` the name is: what lies beside it comes first.
    """
    own = shipped(folder, file)
    if own is None or os.path.samefile(own, found):  # noqa: PTH121
        return
    is_beside = besides is not None and found == Path(besides).parent / file
    where = f"beside {besides}" if is_beside else f"${VARIABLE}"
    _notes[f"{name}: taken from {found} ({where}), not the package's"] = None


def note_missing_roots() -> None:
    """Note what $PIVOTSIM_PATH lists that is no folder: where a name is found elsewhere, nobody would see a slip."""
    for root in user_roots():
        if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered
            _notes[f"${VARIABLE}: no such folder (got {str(root)!r})"] = None


def note_useless_roots(folder: str) -> None:
    """Note what $PIVOTSIM_PATH lists that holds nothing of the kind asked for: called where a name was not found."""
    for root in user_roots():
        if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered
            _notes[f"${VARIABLE}: no such folder (got {str(root)!r})"] = None
        elif not any(os.path.isdir(root / each) for each in FOLDERS):  # noqa: PTH112
            _notes[f"${VARIABLE}: holds none of the folders {', '.join(FOLDERS)} (got {str(root)!r})"] = None
        elif not os.path.isdir(root / folder):  # noqa: PTH112
            _notes[f"${VARIABLE}: holds no folder {folder} (got {str(root)!r})"] = None


def note(line: str) -> None:
    """Keep a line that a user should know."""
    _notes[line] = None


def take_notes() -> list[str]:
    """Return the lines noted since the last call, each once, and forget them."""
    lines = list(_notes)
    _notes.clear()
    return lines
