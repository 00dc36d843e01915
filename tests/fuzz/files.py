"""Files by kind: small valid ones are mutated and read back as the package reads a user's."""

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pivotsim as ps
from pivotsim.dse.space.reading import load_space
from pivotsim.effort.outputs import effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.hardware.kinds.gpu import load_gpu
from pivotsim.pruning.accuracy.given import read_accuracy
from pivotsim.pruning.devices.recorded import read_recorded
from pivotsim.simulation.comparison import compare, read_result
from pivotsim.workload.masks.files import read_flags, read_masks
from tests.fuzz.kind import Kind, outcome
from tests.fuzz.mutation import mutated

ROOT = Path(ps.__file__).parents[1]
HEADER = "encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key\n"
TRACE = HEADER + '1,fc1,gemm,197,384,1536,1,8,8,8,1.0,,\n1,softmax,softmax,197,1,197,6,8,8,8,0.5,,"block=16,seed=0"\n'
SPACE = (
    "name: s\nfixed:\n  hardware: zcu102\naxes:\n  array.rows: [32, 64]\n  array.cols: {start: 8, stop: 40, step: 8}\n"
    "  array.dataflow: [is, os]\nconditions:\n  array.cols: array.rows == 64\nconstraints:\n  - dsp <= 2000\n"
)
MASKS_CSV = "key,block_row,block_col\nw,0,0\nw,0,1\nw,1,1\n"


def _lines(path: str, count: int) -> str:
    return "".join((ROOT / path).read_text().splitlines(keepends=True)[:count])


def _npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def _npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def _logits() -> list[Any]:
    draw = np.random.default_rng(0)
    arrays = {f"effort{e}": draw.normal(size=(6, 3)) for e in (3, 6)}
    return [_npz(**arrays, labels=np.arange(6) % 3), _npz(**{k: v.astype(np.float16) for k, v in arrays.items()}),
            _npy(arrays["effort3"])]  # fmt: skip


def _masks() -> list[bytes]:
    kept = np.eye(4, dtype=bool)
    return [
        _npz(w=kept, **{"w.block": np.int64(16), "w.operand": np.array("b")}),
        _npz(w=kept.astype(np.uint8), v=kept),
        _npy(kept),
    ]


def _result() -> str:
    return json.dumps(ps.simulate(ps.plan("deit_t"), ps.load_hardware("zcu102")).to_dict(), indent=1)


def _both_masks(path: Path) -> None:
    for read in (lambda: read_flags(path, "b"), lambda: read_masks(path)):
        for each in read().values():
            getattr(each, "operand", None)


def _gemms(path: Path) -> None:
    ps.simulate(ps.read_trace(path), ps.load_hardware("zcu102"))


def _compared(path: Path) -> None:
    result = read_result(path)
    compare(result, result)


# kind -> (file's ending, reader, what makes its valid files)
READERS: dict[str, tuple[str, Callable[[Path], object], Callable[[], list[str | bytes]]]] = {
    "board YAML": (".yaml", ps.load_hardware, lambda: [
        "base: zcu102\nname: mine\narray:\n  rows: 32\n  dataflow: os\nmemories:\n  dram_bytes_per_s: 12.8e9\n",
        *((ROOT / f"hwconfigs/{name}.yaml").read_text() for name in ("zcu102", "u250_mpca"))]),
    "GPU YAML": (".yaml", load_gpu, lambda: [(ROOT / "hwconfigs/gpu/a100.yaml").read_text()]),
    "DRAM YAML": (".yaml", load_dram, lambda: [(ROOT / "hwconfigs/dram/ddr4_2400.yaml").read_text()]),
    "model YAML": (".yaml", ps.load_model, lambda: [
        "base: deit_s\nname: mine\ndepth: 6\n", (ROOT / "workloads/lvvit_s.yaml").read_text()]),
    "space YAML": (".yaml", load_space, lambda: [SPACE, (ROOT / "workloads/zcu102_arrays_space.yaml").read_text()]),
    "trace CSV": (".csv", _gemms, lambda: [TRACE, TRACE.replace(",", "\t")]),
    "accuracy CSV": (".csv", read_accuracy, lambda: [_lines("samples/accuracy/deit_s.csv", 12)]),
    "recorded CSV": (".csv", read_recorded, lambda: [_lines("notebooks/recorded/deit_s_cpu_b1.csv", 30)]),
    "masks CSV": (".csv", lambda path: read_flags(path, "b"), lambda: [MASKS_CSV]),
    "logits npz": (".npz", effort_outputs, _logits),
    "CKA npz": (".npz", checked_cka, lambda: [_npz(cka=np.eye(4)), _npy(np.eye(3))]),
    "masks npz": (".npz", _both_masks, _masks),
    "result JSON": (".json", _compared, lambda: [_result()]),
}  # fmt: skip


def _kind(name: str) -> Kind:
    ending, read, valid = READERS[name]
    seeds: list[bytes] = []

    def draw(rng: random.Random) -> bytes:
        if not seeds:
            seeds.extend(seed.encode() if isinstance(seed, str) else seed for seed in valid())
        return mutated(rng, rng.choice(seeds))

    def judge(content: bytes, folder: Path) -> str:
        path = folder / f"input{ending}"
        path.write_bytes(content)
        return outcome(lambda: read(path))

    return Kind(name, draw, judge)


KINDS = [_kind(name) for name in READERS]
