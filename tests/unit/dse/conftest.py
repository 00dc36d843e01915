"""A sweep that nothing disturbs, made once."""

import pytest

from pivotsim.dse.sweep.run import run_sweep
from tests.unit.dse import children


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    run_sweep(children.SPACE, folder, chunk_points=children.CHUNK)
    return children.files_of(folder)
