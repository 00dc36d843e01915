"""Runs notebooks and stores what they show in them, for who reads them on a page without running anything.

`python -m tests.notebook_outputs [NAME ...]`: all but those that need torch, or the named.
"""

import sys

import nbformat
from nbclient import NotebookClient

from tests.notebook_running import FOLDER, WITH_TORCH


def main(names: list[str]) -> None:
    """Run these notebooks in their folder and write them."""
    wanted = [f"{name}.ipynb" for name in names] or [
        path.name for path in sorted(FOLDER.glob("*.ipynb")) if path.name not in WITH_TORCH
    ]
    for name in wanted:
        notebook = nbformat.read(FOLDER / name, as_version=4)
        where = {"metadata": {"path": FOLDER}}
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where, record_timing=False).execute()
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            _join_streams(cell)
        notebook.metadata["language_info"] = {"name": "python"}  # no version: a run on another Python is the same page
        nbformat.write(notebook, FOLDER / name)
        print(f"wrote {FOLDER / name}", file=sys.stderr)


def _join_streams(cell: nbformat.NotebookNode) -> None:
    """Make one output of streams that follow each other: a kernel cuts them anywhere."""
    joined: list[nbformat.NotebookNode] = []
    for output in cell.get("outputs", []):
        before = joined[-1] if joined else None
        if before and output.output_type == before.output_type == "stream" and output.name == before.name:
            before.text += output.text
        else:
            joined.append(output)
    if "outputs" in cell:
        cell.outputs = joined


if __name__ == "__main__":
    main(sys.argv[1:])
