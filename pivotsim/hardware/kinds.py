"""The kinds of hardware by name; a further one is a further row."""

from pivotsim.errors import InputError, got, one_of
from pivotsim.hardware.gpu import KIND as GPU_KIND
from pivotsim.hardware.mpca import MpcaHardware
from pivotsim.hardware.spec import Hardware
from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.yaml_reader import Document

KINDS: dict[str, type[Hardware]] = {"systolic": SystolicHardware, "mpca": MpcaHardware}


def schema_of(document: Document) -> type[Hardware]:
    """Return the schema that a file's ``kind`` selects, or raise InputError for a kind that does not exist."""
    kind = document.data.get("kind", "systolic")  # a missing key is told by validation, with all other problems
    if not isinstance(kind, str) or kind not in KINDS:
        place = document.places.get(("kind",), document.name)
        if kind == GPU_KIND:
            raise InputError(f"{place}: kind: a GPU model serves the command schedule alone {got(kind)}")
        raise InputError(f"{place}: {one_of('kind', kind, KINDS)}")
    return KINDS[kind]
