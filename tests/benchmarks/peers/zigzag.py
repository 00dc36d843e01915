"""ZigZag 3.9.1 in an environment of its own: its TPU-like core with 64x36 elements and wide memories.

Its weights are held; so ours stream and our inputs are its weights. It searches mappings for the least latency with the
limit of its own default. The package declares neither six nor what order a YAML file's memories must have (the lowest
first), and its sums are 16 bits wide.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.peers.environments import Peer, Ran, ran_in

ZIGZAG = Peer("ZigZag 3.9.1", ("zigzag-dse==3.9.1", "six"), "zigzag")
WIDE_BITS = 2**16  # a clock of DRAM and buffer: nothing waits for them
RUNNER = """
import json, logging, os, resource, sys, time
import onnx, yaml, zigzag
from onnx import TensorProto, helper
from zigzag.api import get_hardware_performance_zigzag
logging.disable(logging.CRITICAL)
start = time.process_time()
job = json.load(open("job.json"))
shipped = os.path.join(os.path.dirname(zigzag.__file__), "inputs", "hardware", "tpu_like.yaml")
core = yaml.safe_load(open(shipped))
core["operational_array"]["sizes"] = [job["cols"], job["rows"]]
for name in ("dram", "sram_2MB"):
    for port in core["memories"][name]["ports"]:
        port["bandwidth_max"] = job["wide_bits"]
held = {"D1": [f"K, {job['cols']}"], "D2": [f"C, {job['rows']}"]}
mapping = [{"name": "default", "spatial_mapping": held, "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"}}]
yaml.safe_dump(core, open("core.yaml", "w"), sort_keys=False)
yaml.safe_dump(mapping, open("mapping.yaml", "w"), sort_keys=False)
cycles = []
for m, k, n in job["gemms"]:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="gemm")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, n, k])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, n, m])
    w = helper.make_tensor("w", TensorProto.FLOAT, [k, m], bytes(4 * k * m), raw=True)
    onnx.save(helper.make_model(helper.make_graph([node], "gemm", [x], [y], [w])), "gemm.onnx")
    options = dict(opt="latency", dump_folder="out", loma_show_progress_bar=False)
    _, latency, _ = get_hardware_performance_zigzag("gemm.onnx", "core.yaml", "mapping.yaml", **options)
    cycles.append(float(latency))
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
end = time.process_time()
print(json.dumps(dict(cycles=cycles, cpu_s=end - start, process_s=end, peak_mb=peak_mb)))
"""


def run_gemms(python: Path, gemms: Sequence[tuple[int, int, int]], rows: int, cols: int) -> Ran:
    """Return what the peer took for (m, k, n) multiplications; equal ones are asked for once."""
    each = list(dict.fromkeys(gemms))
    with tempfile.TemporaryDirectory() as folder:
        job = {"rows": rows, "cols": cols, "gemms": each, "wide_bits": WIDE_BITS}
        (Path(folder) / "job.json").write_text(json.dumps(job))
        found = json.loads(ran_in(python, ["-c", RUNNER], Path(folder)).splitlines()[-1])
    clocks = dict(zip(each, found.pop("cycles"), strict=True))
    return Ran([clocks[gemm] for gemm in gemms], **found)
