"""A process that is forked after kernels ran on threads: the same numbers, and no end by the threads' library."""

import os
import subprocess
import sys

import pytest

FORKED = """
import os, sys
import numpy as np
from pivotsim.engines.array import random_masks
from pivotsim.engines.array.many_designs import cycles_per_design, design_columns
from pivotsim.engines.array import many_designs
import pivotsim as ps
many_designs.PARALLEL_FROM_DESIGNS = random_masks.PARALLEL_FROM_BLOCKS = 1
array = ps.load_hardware("zcu102").array
columns = design_columns(array, {"rows": list(range(1, 65))})

def numbers():
    masks = random_masks.drawn_cycles(64, 64, 64, density=0.5, block=4, seed=range(9), operand="b", array=array)
    return [*masks.tolist(), *cycles_per_design([np.array([[197, 384, 1536, 1]])], columns)[0].tolist()]

before, began = numbers(), "numba.np.ufunc.parallel" in sys.modules
child = os.fork()
if not child:
    os._exit(0 if numbers() == before else 3)
print(began, os.waitpid(child, 0)[1], numbers() == before)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_gives_the_same_numbers():
    ran = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=300)
    assert (ran.stdout, ran.returncode) == ("True 0 True\n", 0), ran.stderr
