"""Runs the notebooks that no command draws a picture of, and keeps one picture of each in notebooks/figures.

A picture stands in the text of each, ahead of its code, and on pages that link to it.
"""

import base64
import sys

from tests.notebook_running import FOLDER, shown_by


def main(names: list[str]) -> None:
    """Write the first picture of each of these notebooks."""
    for name in names:
        _, pictures = shown_by(FOLDER / f"{name}.ipynb", FOLDER, timeout_s=300)
        path = FOLDER / "figures" / f"{name}.png"
        path.write_bytes(base64.b64decode(pictures[0]))
        print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
