"""The notebook for users of torch: it runs, and shows what the shipped DeiT-S gives without any of torch."""

import nbformat
import pytest

import pivotsim as ps
from pivotsim.tables import number
from tests.notebook_running import FOLDER, WITH_TORCH, shown_by, shown_in
from tests.torch.small import REASON

pytest.importorskip("torch", reason=REASON)

DENSE = ps.plan("deit_s")
SMALLER = ps.prune_neurons(ps.prune_heads(DENSE, 4), hidden=768)
WORKLOADS = {
    "dense": DENSE,
    "unstructured": DENSE,
    "heads and neurons": SMALLER,
    "ToMe, r = 13": ps.prune_tokens(DENSE, "tome", r=13),
    "heads and neurons, ToMe": ps.prune_tokens(SMALLER, "tome", r=13),
}
ZCU102 = ps.load_hardware("zcu102")
BOARDS = (ZCU102, ZCU102.replace({"placement.softmax": "pl"}), ps.load_hardware("u250_mpca"))


@pytest.mark.filterwarnings("default")  # of the notebook machinery, not of ours
def test_shows_what_the_shipped_model_gives(tmp_path):
    text, pictures = shown_by(FOLDER / WITH_TORCH[0], tmp_path)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for hw in BOARDS:
        for name, workload in WORKLOADS.items():
            run = ps.simulate(workload, hw, scope="all")
            row = " ".join([name, *map(number, (run.delay_ms, 1000 * run.energy_j, run.edp_j_ms))])
            assert any(f" {row} " in f" {line} " for line in lines), (hw.name, row)
    for found in ("unstructured 50.0 % 100.0 % gains nothing here", "blocks of 16 50.0 % 50.0 %"):
        rows = [line for line in lines if line.endswith(found)]
        assert rows == [f"{label} 12 {found}" for label in ("qkv", "proj", "fc1", "fc2")]
    stored_text, stored_pictures = shown_in(nbformat.read(FOLDER / WITH_TORCH[0], as_version=4))
    assert "".join(stored_text.split()) == "".join(text.split())
    assert len(pictures) == len(stored_pictures) == 1
