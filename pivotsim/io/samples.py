"""Sample data by name: small files of measured or published values, beside each what it is and whose.

``samples/KIND/NAME.csv`` or ``.npz`` is the file, ``samples/KIND/NAME.yaml`` says ``model`` and ``source``. Names are
looked up as boards and models are.
"""

import os
from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.search_path import note_shadow, note_useless_roots, search_folders
from pivotsim.io.yaml_reader import read_yaml

ENDINGS = {
    "accuracy": ".csv", "logits": ".npz", "cka": ".npz", "claims": ".csv", "rows": ".csv", "traces": ".csv",
    "integer": ".npz", "images": ".npz",
}  # fmt: skip


class Sample(NamedTuple):
    """A file of data; ``model`` and ``source`` say what a sample is, '' where the user named a file."""

    path: Path
    model: str = ""
    source: str = ""


def find_sample(kind: str, option: str, name: str | Path) -> Sample:
    """Return the file of a path, or of a sample's name.

    Parameters
    ----------
    kind : {'accuracy', 'logits', 'cka', 'claims', 'rows', 'traces', 'integer', 'images'}
    option : str
        What messages start with.
    name : str or Path
        A file that exists is taken; else a word without an ending or a folder is a sample's name.

    Raises
    ------
    InputError
        The word is neither a file nor a sample. Any other path is returned as it is, for its reader to refuse.

    Examples
    --------
    >>> find_sample("accuracy", "--accuracy", "digits").model
    'digits_vit'
    """
    text = str(name)
    is_word = not (os.sep in text or "/" in text or Path(text).suffix)
    if not is_word or os.path.exists(text):  # noqa: PTH110 - Path.exists raises on names that are too long
        return Sample(Path(text))
    folder, ending = f"samples/{kind}", ENDINGS[kind]
    for root in search_folders(folder):
        file = root / f"{text}{ending}"
        if os.path.isfile(file):  # noqa: PTH113
            note_shadow(folder, text, file, file.name)
            return Sample(file, *_described(file.with_suffix(".yaml")))
    note_useless_roots(folder)
    raise InputError(
        f"{option}: no such file, and no sample of that name {got(text)}{nearest(text, sample_names(kind))}"
    )


def sample_note(option: str, sample: Sample, model: str) -> tuple[str, ...]:
    """Return what is printed behind numbers that rest on a sample, nothing for a user's own file.

    Raises
    ------
    InputError
        The sample is of another model.
    """
    if sample.model and sample.model != model:
        raise InputError(f"{option}: the sample '{sample.path.stem}' is of {sample.model} {got(model)}")
    return (f"{option} {sample.path.stem}: {sample.source}",) if sample.source else ()


def _described(path: Path) -> tuple[str, str]:
    """Return (model, source) of a sample, '' where the file beside it does not say."""
    if not os.path.isfile(path):  # noqa: PTH113
        return "", ""
    data = read_yaml(path).data
    return str(data.get("model", "")), str(data.get("source", ""))


def sample_names(kind: str) -> list[str]:
    """Return the names of all samples of one kind."""
    return sorted(
        {
            path.stem
            for root in search_folders(f"samples/{kind}")
            if os.path.isdir(root)  # noqa: PTH112
            for path in root.glob(f"*{ENDINGS[kind]}")
        }
    )
