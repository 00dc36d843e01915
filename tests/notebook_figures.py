"""Runs the notebooks that no command draws a picture of, and keeps one picture of each in notebooks/figures.

Notebooks are stored without results; a picture stands in the text of each, for who reads it without running it.
"""

import base64
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
KEPT = {"04_one_more_token": 0, "05_cosearch": 0, "06_better_than_64x36": 0}  # notebook -> which of its pictures


def main() -> None:
    """Write the pictures."""
    for name, number in KEPT.items():
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        where = {"metadata": {"path": FOLDER}}
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
        data = (o.get("data", {}) for cell in notebook.cells for o in cell.get("outputs", []))
        pictures = [each["image/png"] for each in data if "image/png" in each]
        path = FOLDER / "figures" / f"{name}.png"
        path.write_bytes(base64.b64decode(pictures[number]))
        print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
