"""A notebook run from top to bottom, and what it shows."""

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
_TEMPORARY = re.compile(r"/[\w/]*/tmp\w{8}/")  # a folder that each run names anew
WITH_TORCH = ("07_your_model.ipynb",)


def shown_by(path: Path, folder: Path, timeout_s: int = 120) -> tuple[str, list[str]]:
    """Run a notebook in a folder and return its texts and its pictures, base64 of PNG."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": folder}}
    NotebookClient(notebook, timeout=timeout_s, kernel_name="python3", resources=where).execute()
    return shown_in(notebook)


def shown_in(notebook: nbformat.NotebookNode) -> tuple[str, list[str]]:
    """Return the texts and the pictures that stand in a notebook; what stderr says of compiling is no part of it."""
    outputs = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") != "stderr"
    ]
    texts = [o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in outputs]
    text = _TEMPORARY.sub("", "\n".join(texts))
    return text, [o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})]
