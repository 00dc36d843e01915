"""Hardware files: the kinds by name (a further one is a further row), and how one is loaded."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from pivotsim.errors import InputError, got, one_of
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import load_document, note_name
from pivotsim.io.specs import validate
from pivotsim.io.yaml_reader import Document

# Kind -> its module in pivotsim.hardware.kinds and its schema there; only the kind of a file is loaded.
KINDS = {
    "systolic": ("systolic", "SystolicHardware"),
    "mpca": ("mpca", "MpcaHardware"),
    "serial": ("serial", "SerialHardware"),
    "pipeline": ("pipeline", "PipelineHardware"),
}


def schema_of(document: Document) -> type[Hardware]:
    """Return the schema that a file's ``kind`` selects, or raise InputError for a kind that does not exist."""
    kind = document.data.get("kind", "systolic")  # a missing key is told by validation, with all other problems
    if not isinstance(kind, str) or kind not in KINDS:
        from pivotsim.hardware.kinds.gpu import KIND as GPU_KIND

        place = document.places.get(("kind",), document.name)
        base = document.places.get(("base",))
        if kind == GPU_KIND and base is not None:
            name = f"{base}: base"
            raise InputError(f"{name}: is a GPU model, and a board builds on a board such as zcu102 {got(kind)}")
        if kind == GPU_KIND:
            raise InputError(f"{place}: kind: a GPU model serves the command schedule alone {got(kind)}")
        raise InputError(f"{place}: {one_of('kind', kind, KINDS)}")
    module, name = KINDS[kind]
    schema: type[Hardware] = getattr(importlib.import_module(f"pivotsim.hardware.kinds.{module}"), name)
    return schema


def load_hardware(source: str | Path | Mapping[str, object] | Hardware, *, kind: str = "") -> Hardware:
    """Return validated hardware from a name, a path or a dict of the YAML file's form.

    Parameters
    ----------
    source : str, Path, mapping or Hardware
        A name (``"zcu102"``) is looked up in $PIVOTSIM_PATH, then among the package's own. Its ``kind`` decides which
        values it has. A path with the ending ``.cfg`` or ``.ini`` is read as settings of SCALE-Sim.
    kind : {'', 'systolic', 'mpca', 'serial', 'pipeline'}
        The kind that is asked for: where a name is unknown, names of other kinds are not told.

    Returns
    -------
    Hardware
        A board of the file's kind: SystolicHardware, MpcaHardware, SerialHardware or PipelineHardware.

    Raises
    ------
    InputError
        One line per problem: ``file:line: dotted.path: problem (got X), nearest valid name``.

    Examples
    --------
    >>> hw = load_hardware("zcu102")
    >>> hw.array.rows, hw.array.cols, hw.array.clock_mhz
    (64, 36, 125.0)
    """
    if isinstance(source, Hardware):
        return source
    document = load_document("hwconfigs", "hardware", source, kind=kind)
    found = validate(schema_of(document), document)
    check_links(found, document.places.get(("memories", "dram"), document.name))
    note_name(document)
    return found


def check_links(hw: Hardware, label: str) -> None:
    """Raise InputError, its lines beginning with a label, where a board names a file that is not there or not valid."""
    try:
        hw.linked()
    except InputError as error:
        raise InputError(f"{label}: {problem}" for problem in error.problems) from None
