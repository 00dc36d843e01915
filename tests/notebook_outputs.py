"""Runs notebooks and stores what they show in them, for who reads them on a page without running anything.

`python -m tests.notebook_outputs [NAME ...]`: all but those that need torch, or the named.
"""

import base64
import io
import sys

import nbformat
from nbclient import NotebookClient
from PIL import Image

from tests.notebook_running import FOLDER, WITH_TORCH

COLOURS = 96


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
            if "outputs" in cell:
                cell.outputs = _stored(cell.outputs)
        notebook.metadata["language_info"] = {"name": "python"}  # no version: a run on another Python is the same page
        nbformat.write(notebook, FOLDER / name)
        print(f"wrote {FOLDER / name}", file=sys.stderr)


def _stored(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return outputs as they are stored.

    Streams that follow each other are one, since a kernel cuts them anywhere. What stderr says is left out: it tells
    of kernels that are compiled once per installation. Pictures have few colours, and are a third as large for it.
    """
    stored: list[nbformat.NotebookNode] = []
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if stored and stored[-1].output_type == output.output_type == "stream":
            stored[-1].text += output.text
            continue
        if "image/png" in output.get("data", {}):
            output.data["image/png"] = _with_few_colours(output.data["image/png"])
        stored.append(output)
    return stored


def _with_few_colours(png: str) -> str:
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    small = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


if __name__ == "__main__":
    main(sys.argv[1:])
