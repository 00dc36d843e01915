"""A notebook run from top to bottom, and what it shows."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
WITH_TORCH = ("07_your_model.ipynb",)
# stored with their outputs, which a test compares with those of a fresh run
WITH_OUTPUTS = ("08_training.ipynb", "09_where_59_ms_go.ipynb")


def shown_by(path: Path, folder: Path, timeout_s: int = 120) -> tuple[str, list[str]]:
    """Run a notebook in a folder and return its texts and its pictures, base64 of PNG."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": folder}}
    NotebookClient(notebook, timeout=timeout_s, kernel_name="python3", resources=where).execute()
    return shown_in(notebook)


def shown_in(notebook: nbformat.NotebookNode) -> tuple[str, list[str]]:
    """Return the texts and the pictures that stand in a notebook."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in outputs]
    return "\n".join(texts), [o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})]
