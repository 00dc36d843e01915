"""Odd inputs as a stranger types them: (command line, files that stand in the folder, words that the answer holds).

Words are looked for in standard error where the command refuses (exit status 2), in all that it prints where it reads
the input: those rows stand in ``READ``. A file's content is text, bytes, or a numpy array that is saved under its name.
"""

import numpy as np

HEADER = "encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key"
FC1 = "1,fc1,gemm,197,384,1536,1,8,8,8,1.0,,"
TRACE = f"{HEADER}\n{FC1}\n"
BOARD = "base: zcu102\narray:\n  rows: 32\n"
MODEL = "base: deit_s\nname: mine\ndepth: 6\n"
SPACE = "name: s\naxes:\n  array.rows: [32, 64]\n"
SCALESIM_GEMM = "Layer,M,N,K,\nQ0,50,96,64,\nQ1,50,50,32,\n"
SCALESIM_CONV = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    "A, 30, 30, 3, 3, 3, 32, 2,\n"
)
SCALESIM_CFG = "[general]\nrun_name = r\n[architecture_presets]\nArrayHeight:    32\nDataflow : ws\n"
CAUSAL = np.broadcast_to(np.tri(197, dtype=bool), (12, 6, 197, 197))
DENSE = np.random.default_rng(0).random((12, 3, 197, 197)) < 0.947
ASK = "kept ones or those left out? State pruned_is_true=false (keeps 0.947), or pruned_is_true=true"


def trace(**cells):
    values = dict(zip(HEADER.split(","), FC1.split(","), strict=True)) | cells
    return f"{HEADER}\n{','.join(values.values())}\n"


def other_separator(separator):
    return TRACE.replace(",", separator)


# read as meant
READ = [
    # -- names and files
    ("run deit_s --hw b.YAML", {"b.YAML": BOARD}, "zcu102"),
    ("gemm 8 8 8 --hw b.Yml", {"b.Yml": BOARD}, "on 32x36"),
    ("show model m.YML", {"m.YML": MODEL}, "mine"),
    ("run --trace t.CSV", {"t.CSV": TRACE}, "61,128"),
    ("show trace t.CSV", {"t.CSV": TRACE}, "1536"),
    ("show trace t.csv --csv o.csv", {"t.csv": TRACE}, "wrote o.csv: 1 operation\n"),
    # -- integers with exponents
    ("run deit_s --memory hw --hw b.yaml", {"b.yaml": "base: zcu102\nmemories:\n  dram_bytes_per_s: 12.8e9\n"}, "106.84"),
    ("run deit_s --memory hw --set memories.dram_bytes_per_s=12.8e9", {}, "106.84"),
    ("run deit_s --memory hw --set memories.dram_bytes_per_s=1.28E+10", {}, "106.84"),
    ("gemm 8 8 8 --set array.rows=3.2e1", {}, "on 32x36"),
    ("gemm 8e0 1e1 8.0", {}, "640"),
    ("gemm 8 8 8 --set array.rows=32.0", {}, "on 32x36"),
    ("run deit_s --batch 2.0", {}, "batch 2"),
    ("show model deit_s --set model.depth=1e1", {}, "10  encoders"),
    ("sweep s.yaml --out o", {"s.yaml": SPACE.replace("[32, 64]", "[3.2e1, 64.0]")}, "2 designs"),
    ("sweep s.yaml --out o", {"s.yaml": SPACE.replace("[32, 64]", "{start: 1e1, stop: 4e1, step: 1e1}")}, "4 designs"),
    ("run --trace t.csv", {"t.csv": trace(m="197.0", k="3.84e2")}, "61,128"),
    # -- settings
    ("gemm 8 8 8 --set 'array.rows = 32'", {}, "on 32x36"),
    ("gemm 8 8 8 --set=array.rows=32", {}, "on 32x36"),
    # -- traces
    ("run --trace t.csv", {"t.csv": other_separator(";")}, "61,128"),
    ("run --trace t.csv", {"t.csv": other_separator("\t")}, "61,128"),
    ("run --trace t.tsv", {"t.tsv": other_separator("\t")}, "61,128"),
    ("run --trace t.csv", {"t.csv": other_separator(", ")}, "61,128"),
    ("run --trace t.csv", {"t.csv": other_separator(" ; ")}, "61,128"),
    ("run --trace t.csv", {"t.csv": TRACE.replace("\n", "\r\n")}, "61,128"),
    ("run --trace t.csv", {"t.csv": b"\xef\xbb\xbf" + TRACE.encode()}, "61,128"),
    ("run --trace t.csv", {"t.csv": "\n" + TRACE + "\n   \n,,,\n"}, "61,128"),
    ("run --trace t.csv", {"t.csv": TRACE.replace(HEADER, HEADER.upper())}, "61,128"),
    ("run --trace t.csv", {"t.csv": TRACE.replace(HEADER, '"' + HEADER.replace(",", '","') + '"')}, "61,128"),
    ("run --trace t.csv", {"t.csv": trace(encoder="0") + FC1 + "\n"}, "leaves out 1 of 2 operations (50.0 % of the MACs: fc1)"),
    ("run --trace t.csv", {"t.csv": trace(encoder="0") + FC1 + "\n"}, "encoder 0 is outside the encoders: number them from 1"),
    ("run --trace t.csv --json", {"t.csv": trace(encoder="0") + FC1 + "\n"}, "scope: 'encoders' leaves out 1 of 2 operations"),
    ("run --trace t.csv --scope all", {"t.csv": trace(encoder="0") + FC1 + "\n"}, "122,256"),
    ("run --trace t.csv", {"t.csv": trace(w_bits="4")}, "operands of 4 bit run as 8 bit: same clocks, bytes and energy"),
    ("run --trace t.csv", {"t.csv": trace(a_bits="4", w_bits="2")}, "operands of 2 and 4 bit run as 8 bit"),
    ("run --trace t.csv", {"t.csv": trace(density="0.5", mask_key='"block=16,seed=0"')}, "mask of weights: keeps 0.5 of"),
    (
        "run --trace t.csv",
        {"t.csv": trace(mask_file="w.npz", mask_key="w"), "w.npz": {"w": np.tri(384, 1536, dtype=np.uint8)}},
        "mask of weights: keeps 0.125 of the elements (fc1, encoder 1; w.npz)",
    ),
    # -- masks
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL.astype(np.uint8)}, "40.60"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL}, "masks of scores: 12, each keeps 0.503 of the elements (qkt; m.npy, true = kept)"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[0, 0]}, "40.60"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[:, :1]}, "40.60"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[0]}, "40.60"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[:, 0]}, "each keeps 0.503 of the elements (qkt; m.npy for all heads"),
    ("run deit_s --attention m.npz", {"m.npz": {"mask": CAUSAL[0, 0].astype(np.int64)}}, "40.60"),
    ("run deit_s --attention m.npz", {"m.npz": {"attn": CAUSAL[:, :1].astype(np.int32)}}, "40.60"),
    ("run deit_s --attention m.npy --json", {"m.npy": CAUSAL[0, 0]}, "each keeps 0.503 of the elements"),
    ("run deit_t --attention m.npy,pruned_is_true=true", {"m.npy": DENSE}, "true = left out"),
    ("run deit_t --attention m.npy,pruned_is_true=true", {"m.npy": DENSE}, "mean 0.0531 (qkt; m.npy"),
    ("run deit_t --attention masks=m.npy,pruned_is_true=false", {"m.npy": DENSE}, "mean 0.947"),
    ("run deit_t --attention m.npy", {"m.npy": ~DENSE}, "mean 0.0531"),
    ("run deit_t --attention density=0.1", {}, "masks of scores: 12, each keeps 0.1 of the elements (qkt; drawn)"),
    ("run deit_t --blocks block=16,density=0.5", {}, "masks of weights: 48, each keeps 0.5 of the elements"),
    ("run deit_t --blocks block=1,masks=w.npz", {"w.npz": {"fc1": np.tri(192, 768, dtype=np.uint8)}}, "masks of weights: 12, each keeps 0.126"),
    ("run deit_t", {}, "scope: 'encoders' leaves out patch_embed, requant, head (29.1 million MACs)"),
]  # fmt: skip

# refused
REFUSED = [
    # -- files of another kind
    ("gemm 8 8 8 --hw in.cfg", {"in.cfg": SCALESIM_CFG}, "in.cfg: a file, but hardware is read from .yaml or .yml"),
    ("gemm 8 8 8 --hw ./in.cfg", {"in.cfg": SCALESIM_CFG}, "in.cfg: a file, but hardware is read from .yaml or .yml"),
    ("run deit_s --hw b.toml", {"b.toml": "rows = 3"}, "b.toml: a file, but hardware is read from .yaml or .yml"),
    ("run deit_s --hw b.json", {"b.json": "{}"}, "b.json: a file, but hardware is read from .yaml or .yml"),
    ("run deit_s --hw b.txt", {"b.txt": BOARD}, "b.txt: a file, but hardware is read from .yaml or .yml"),
    ("run vit.onnx", {"vit.onnx": b"\x08\0"}, "vit.onnx: a file, but a model is read from .yaml or .yml; weights and graphs are not read"),
    ("run vit.pth", {"vit.pth": b"PK"}, "weights and graphs are not read, sizes are: `pivotsim show model deit_s`"),
    ("run vit.pt", {"vit.pt": b"PK"}, "vit.pt: a file, but a model is read from .yaml or .yml"),
    ("run vit.safetensors", {"vit.safetensors": b"{}"}, "a file, but a model is read from .yaml or .yml"),
    ("run config.json", {"config.json": "{}"}, "config.json: a file, but a model is read from .yaml or .yml"),
    ("run nothing.onnx", {}, "model: no such file (got 'nothing.onnx')"),
    ("run t.csv", {"t.csv": TRACE}, "t.csv: a file, but a model is read from .yaml or .yml; a trace of operations is given by --trace t.csv"),
    ("run b.yaml", {"b.yaml": BOARD}, "b.yaml: is hardware, expected a model; give a model such as deit_s, and --hw b.yaml"),
    ("show model b.yaml", {"b.yaml": BOARD}, "b.yaml: is hardware, expected a model"),
    ("run deit_s --hw m.yaml", {"m.yaml": MODEL}, "m.yaml: is a model, expected hardware"),
    ("show hw m.yaml", {"m.yaml": MODEL}, "m.yaml: is a model, expected hardware"),
    ("run s.yaml", {"s.yaml": SPACE}, "s.yaml: is a space, expected a model; `pivotsim sweep s.yaml --out DIR` runs it"),
    ("run deit_s --hw s.yaml", {"s.yaml": SPACE}, "s.yaml: is a space, expected hardware"),
    ("sweep m.yaml --out o", {"m.yaml": MODEL}, "m.yaml: is a model, expected a space"),
    ("sweep b.yaml --out o", {"b.yaml": BOARD}, "b.yaml: is hardware, expected a space"),
    ("run deit_s --hw dram/ddr4_2133", {}, "is a DRAM channel, expected hardware; --set memories.dram="),
    ("run models", {"models/m.yaml": MODEL}, "models: is a directory, expected a file"),
    ("run models/", {"models/m.yaml": MODEL}, "is a directory, expected a file"),
    ("run deit_s --hw boards", {"boards/b.yaml": BOARD}, "boards: is a directory, expected a file"),
    ("run deit_s --hw mine", {"mine.yaml": BOARD}, "hardware: unknown name (got 'mine'); for the file write mine.yaml"),
    ("run mine", {"mine.yml": MODEL}, "model: unknown name (got 'mine'); for the file write mine.yml"),
    ("run deit_s --hw board", {"board": BOARD}, "board: a file, but hardware is read from .yaml or .yml"),
    ("run --trace m.yaml", {"m.yaml": MODEL}, "m.yaml: is a YAML file; a model's is given by its name alone, as in `pivotsim run m.yaml`"),
    ("run --trace vit.onnx", {"vit.onnx": b"\x08\0"}, "vit.onnx: is a graph, which is not read; a trace is a CSV file of operations"),
    ("run --trace t.json", {"t.json": "{}"}, "t.json: is a JSON file; a trace is a CSV file of operations"),
    ("run --trace t.xlsx", {"t.xlsx": b"PK"}, "t.xlsx: is a workbook; save its sheet as CSV"),
    ("run --trace in.cfg", {"in.cfg": SCALESIM_CFG}, "in.cfg: is a settings file; a trace is a CSV file of operations"),
    ("run --trace traces", {"traces/t.csv": TRACE}, "traces: is a directory, expected a file"),
    # -- names
    ("run zcu102", {}, "model: 'zcu102' is hardware; give a model such as deit_s, and --hw zcu102"),
    ("run deit_s --hw deit_s", {}, "hardware: 'deit_s' is a model"),
    ("run zcu102_arrays", {}, "model: 'zcu102_arrays' is a space; `pivotsim sweep zcu102_arrays --out DIR` runs it"),
    ("run DeiT-S", {}, "model: unknown name (got 'DeiT-S'), nearest valid name: 'deit_s'"),
    ("run deit_small_patch16_224", {}, "valid names: deit_b, deit_s, deit_t"),
    ("run deit_s --hw foo", {}, "hardware: unknown name (got 'foo'), valid names: u250_mpca, zcu102, zcu102_os, zcu102_ws"),
    ("gemm 1 1 1 --hw foo", {}, "hardware: unknown name (got 'foo'), valid names: zcu102, zcu102_os, zcu102_ws"),
    ("watch 8 8 8 --hw foo", {}, "hardware: unknown name (got 'foo'), valid names: zcu102, zcu102_os, zcu102_ws"),
    ("show fit foo", {}, "hardware: unknown name (got 'foo'), valid names: zcu102, zcu102_os, zcu102_ws"),
    ("run deit_s --hw ZCU-102", {}, "nearest valid name: 'zcu102'"),
    ("run deit_s --hw vck190", {}, "hardware: unknown name (got 'vck190'), valid names: u250_mpca, zcu102"),
    ("show hw a100", {}, "hardware: unknown name (got 'a100'), nearest valid name: 'gpu/a100'"),
    ("show hw foo", {}, "gpu/a100"),
    ("run ''", {}, "model: must be a name or a YAML file"),
    ("show hw ' '", {}, "hardware: must be a name or a YAML file"),
    # -- YAML
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": "base: zcu102\narray:\n\trows: 32\n"}, "b.yaml:3: a tab; YAML indents with spaces"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": "base: zcu102\narray:\n  \trows: 32\n"}, "b.yaml:3: a tab; YAML indents with spaces"),
    ("show model m.yaml", {"m.yaml": "\tbase: deit_s\n"}, "m.yaml:1: a tab; YAML indents with spaces"),
    ("sweep s.yaml --out o", {"s.yaml": "name: s\naxes:\n\tarray.rows: [1]\n"}, "s.yaml:3: a tab; YAML indents with spaces"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "32;")}, "must be an integer (got '32;'); leave out the ';' at its end"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "32,")}, "leave out the ',' at its end"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "1.5")}, "b.yaml:3: array.rows: must be an integer (got 1.5)"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "true")}, "array.rows: must be an integer (got true)"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "")}, "array.rows: must be an integer (got nothing)"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "1,024")}, "write it without separators of thousands"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("rows", "clock_mhz").replace("32", "187,5")}, "write a decimal point"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("32", "1e23")}, "array.rows: must be an integer (got 1e+23)"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("rows", "Rows")}, "array.Rows: unknown key, nearest valid name: 'rows'"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": BOARD.replace("rows", "height")}, "array.height: unknown key, valid names: clock_mhz, cols"),
    ("gemm 8 8 8 --hw b.yaml", {"b.yaml": "array: 32x32\nbase: zcu102\n"}, "array: must be a group of 'key: value' lines (got '32x32')"),
    ("show model m.yaml", {"m.yaml": MODEL + "register_tokens: 4\n"}, "m.yaml:4: register_tokens: unknown key; add them to prefix_tokens"),
    ("show model m.yaml", {"m.yaml": MODEL + "num_heads: 4\n"}, "num_heads: unknown key; the key is heads"),
    ("show model m.yaml", {"m.yaml": MODEL + "hidden_size: 4\n"}, "hidden_size: unknown key; the key is width"),
    ("show model m.yaml", {"m.yaml": MODEL + "mlp_ratio: 4\n"}, "mlp_ratio: unknown key; state mlp_hidden, which is width times that ratio"),
    ("show model m.yaml", {"m.yaml": MODEL + "image_px: [224, 224]\n"}, "image_px: must be an integer (got [224, 224])"),
    ("show model m.yaml", {"m.yaml": MODEL + "foo: 4\n"}, "m.yaml:4: foo: unknown key, valid names: activation, aux_head, channels"),
    ("sweep s.yaml --out o", {"s.yaml": SPACE.replace("[32, 64]", "[1.5, 2]")}, "axes.array.rows: must be an integer (got 1.5)"),
    # -- --set
    ("run deit_s --set model.image_px=640x480", {}, "image_px: must be an integer (got '640x480'); write one number: height and width of the image, which is square"),
    ("run deit_s --set 'model.image_px=640 x 480'", {}, "write one number: height and width of the image, which is square"),
    ("run deit_s --set model.patch_px=16x8", {}, "write one number: height and width of a patch, which is square"),
    ("run deit_s --set array.rows 32", {}, "--set: expected PATH=VALUE such as array.rows=32 (got 'array.rows'); write --set array.rows=32"),
    ("gemm 8 8 8 --set array.rows =32", {}, "write --set array.rows=32"),
    ("run deit_s --set array.rows:32", {}, "--set: expected PATH=VALUE such as array.rows=32 (got 'array.rows:32')"),
    ("run deit_s --set rows=32", {}, "--set: rows: unknown key, nearest valid name: 'array.rows'"),
    ("run deit_s --set ARRAY.ROWS=32", {}, "--set: ARRAY.ROWS: unknown key, nearest valid name: 'array.rows'"),
    ("run deit_s --set array.rows=32,array.cols=16", {}, "--set: array.rows: one value each; repeat --set for every further one"),
    ("run deit_s --set array.rows=", {}, "--set: array.rows: must be an integer (got nothing)"),
    ("run deit_s --set array.rows=64x36", {}, "array.rows: must be an integer (got '64x36'); write one number: rows of the array"),
    ("run deit_s --set array.rows=1.5", {}, "array.rows: must be an integer (got 1.5)"),
    ("run deit_s --set array.rows=1,000", {}, "write it without separators of thousands"),
    ("run deit_s --set foo=3", {}, "--set: foo: unknown key; `pivotsim show hw` and `pivotsim show model` list all"),
    ("run deit_s --set gb=3", {}, "--set: gb: unknown key, nearest valid name: 'memories.gb_bytes'"),
    ("run deit_s --set array.foo=3", {}, "--set: array.foo: unknown key, valid names: array.clock_mhz, array.cols"),
    ("run deit_s --set array=3", {}, "--set: array: unknown key, valid names: array.clock_mhz, array.cols"),
    ("run deit_s --set clock=3", {}, "clock_mhz'"),
    ("run deit_s --set model.num_heads=3", {}, "--set: model.num_heads: unknown key; the key is heads"),
    ("run deit_s --set model.register_tokens=4", {}, "--set: model.register_tokens: unknown key; add them to prefix_tokens"),
    ("run deit_s --set array.clock_mhz=200MHz", {}, "array.clock_mhz: must be a number (got '200MHz'); write the bare number, its unit is part of the key's name"),
    ("run deit_s --set array.dataflow=OS", {}, "array.dataflow: must be one of is, ws, os (got 'OS'), nearest valid name: 'os'"),
    ("run deit_s --set array.dataflow=weight_stationary", {}, "array.dataflow: must be one of is, ws, os (got 'weight_stationary')"),
    # -- options
    ("run deit_s --dataflow os", {}, "run: No such option: --dataflow; use --set array.dataflow=os"),
    ("combine deit_s --dataflow=ws", {}, "combine: No such option: --dataflow; use --set array.dataflow=ws"),
    ("cosearch deit_s --dataflow", {}, "cosearch: No such option: --dataflow; use --set array.dataflow=os"),
    ("run deit_s --rows 32", {}, "run: No such option: --rows; use --set array.rows=32"),
    ("run deit_s --cols 32", {}, "use --set array.cols=32"),
    ("run deit_s --array 32x16", {}, "run: No such option: --array; use --set array.rows=32 --set array.cols=16"),
    ("run deit_s --clock 200", {}, "use --set array.clock_mhz=200"),
    ("run deit_s --frequency 200", {}, "use --set array.clock_mhz=200"),
    ("run deit_s --image-size 384", {}, "use --set model.image_px=384"),
    ("run deit_s --depth 6", {}, "use --set model.depth=6"),
    ("schedule deit_s --accuracy a.csv --clock 200", {}, "schedule: No such option: --clock; use --set array.clock_mhz=200"),
    ("run deit_s --board zcu102", {}, "run: No such option: --board; use --hw"),
    ("run --model deit_s", {}, "run: No such option: --model; a model is given by its name alone, as deit_s"),
    ("run deit_s --engin pe", {}, "run: No such option: --engin, nearest valid name: '--engine'"),
    ("run deit_s --batch_size 4", {}, "run: No such option: --batch_size"),
    ("run deit_s --foo", {}, "run: No such option: --foo; `pivotsim run --help` lists them"),
    ("sweep s.yaml --output o", {"s.yaml": SPACE}, "sweep: No such option: --output; use --out"),
    ("sweep zcu102_arrays --out o -j 2", {}, "sweep: No such option: -j; use --workers"),
    ("run", {}, "run: give a MODEL, such as deit_s, or --trace IN.csv"),
    ("run deit_s --trace t.csv", {"t.csv": TRACE}, "run: give a MODEL or --trace IN.csv, not both (got deit_s and --trace t.csv)"),
    ("run deit_s deit_b", {}, "run: an argument too many (got 'deit_b')"),
    ("run deit_s --set", {}, "--set: needs a value behind it; `pivotsim run --help` says which"),
    ("run deit_s --batch", {}, "--batch: needs a value behind it"),
    ("run deit_s --batch 1.5", {}, "--batch: must be an integer (got 1.5)"),
    ("run deit_s --batch true", {}, "--batch: must be an integer (got 'true')"),
    ("run deit_s --batch=two", {}, "--batch: must be an integer (got 'two')"),
    ("run deit_s --neurons 50%", {}, "--neurons: must be a number (got '50%')"),
    ("run deit_s --json=yes", {}, "Option '--json' does not take a value"),
    ("gemm 197 384", {}, "gemm: Missing argument 'N', as in: pivotsim gemm 197 384 1536"),
    ("gemm -1 2 3", {}, "gemm: numbers must not be negative (got -1)"),
    ("gemm 1.5 2 3", {}, "m: must be an integer (got 1.5)"),
    ("gemm 197x384 384x1536 1", {}, "m: must be an integer (got '197x384')"),
    ("sweep zcu102_arrays", {}, "sweep: Missing option '--out', as in: pivotsim sweep zcu102_arrays --out arrays --workers 2"),
    ("simulate deit_s", {}, "pivotsim: No such command 'simulate'; `pivotsim --help` lists them"),
    ("rum deit_s", {}, "pivotsim: No such command 'rum', nearest valid name: 'run'"),
    ("help", {}, "pivotsim: No such command 'help'; `pivotsim --help` lists them"),
    ("show board", {}, "show: No such command 'board', valid names: fit, hw, model, plan, trace"),
    # -- traces
    ("run --trace t.csv", {"t.csv": SCALESIM_GEMM}, "t.csv:1: is a SCALE-Sim topology (GEMM layers), which is not read yet; a trace has the columns encoder,module,"),
    ("run --trace t.csv", {"t.csv": SCALESIM_CONV}, "t.csv:1: is a SCALE-Sim topology (convolution layers), which is not read yet"),
    ("show trace t.csv", {"t.csv": SCALESIM_GEMM.lower()}, "`pivotsim show trace deit_s --csv t.csv` writes one to start from"),
    ("run --trace t.csv", {"t.csv": "M,N,K\n50,96,64\n"}, "t.csv:1: a trace has the columns encoder,module,"),
    ("run --trace t.csv", {"t.csv": f"{FC1}\n{FC1}\n"}, "t.csv:1: must name the columns, before the first operation: encoder,module,"),
    ("run --trace t.csv", {"t.csv": other_separator("|")}, "t.csv:1: separated by |, expected a comma, a semicolon or a tab"),
    ("run --trace t.csv", {"t.csv": other_separator(" ")}, "t.csv:1: separated by blanks, expected a comma, a semicolon or a tab"),
    ("run --trace t.csv", {"t.csv": f"{HEADER}\n{FC1.replace(',', ';')}\n"}, "t.csv:2: expected 13 cells (got 1); the first line is separated by ',', this one by ';'"),
    ("run --trace t.csv", {"t.csv": other_separator(";").replace("1.0", "1,0")}, "t.csv:2: density: must be a number, with a decimal point (got '1,0')"),
    ("run --trace t.csv", {"t.csv": TRACE.replace("\n", ",\n")}, "t.csv:1: column 14 has no name; leave out the separator before it, in every line"),
    ("run --trace t.csv", {"t.csv": trace(module="FF_A_0")}, "t.csv:2: module: unknown name (got 'FF_A_0'), valid names: fc1, fc2, gate"),
    ("run --trace t.csv", {"t.csv": trace(module="FC1")}, "t.csv:2: module: unknown name (got 'FC1'), nearest valid name: 'fc1'"),
    ("run --trace t.csv", {"t.csv": trace(module="Linear")}, "valid names: fc1, fc2"),
    ("run --trace t.csv", {"t.csv": trace(kind="conv")}, "t.csv:2: kind: unknown name (got 'conv'), valid names: "),
    ("run --trace t.csv", {"t.csv": trace(m="196.5")}, "t.csv:2: m: must be a whole number without sign or unit (got 196.5)"),
    ("run --trace t.csv", {"t.csv": trace(m="-5")}, "t.csv:2: m: must be a whole number without sign or unit (got -5)"),
    ("run --trace t.csv", {"t.csv": trace(m="")}, "t.csv:2: m: must be a whole number without sign or unit (got '')"),
    ("run --trace t.csv", {"t.csv": trace(density="50%")}, "t.csv:2: density: must be a number (got '50%')"),
    ("run --trace t.csv", {"t.csv": trace(encoder="0")}, "scope: 'encoders' leaves no operation of t; use scope 'all'"),
    ("run --trace t.csv", {"t.csv": trace(w_bits="32")}, "operands are wider than array.operand_bits 8 (got 32)"),
    ("run --trace t.csv", {"t.csv": "sep=;\n" + other_separator(";")}, "t.csv:1: a trace has the columns encoder,module,"),
    # -- masks
    ("run deit_t --attention m.npy", {"m.npy": DENSE}, f"--attention: m.npy: true marks 0.947 of the scores, {ASK}"),
    ("run deit_t --attention masks=m.npy", {"m.npy": DENSE.astype(np.uint8)}, "pruned_is_true=true as for ViTCoD's files (keeps 0.0531)"),
    ("run deit_t --attention m.npz", {"m.npz": {"mask": DENSE[0]}}, "true marks 0.947 of the scores"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[0, 0].astype(np.float32)}, "m.npy: must hold true and false, or the integers 1 and 0 (got 'float32'); .astype(bool) turns 0.0 and 1.0 into them"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[0, 0] * np.uint8(255)}, "m.npy: must hold true and false, or the integers 1 and 0 (got 255)"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[0, 0, :-1, :-1]}, "must have 6 heads of 197 x 197 tokens, those of the encoder's attention (got 196x196)"),
    ("run deit_b --attention m.npy", {"m.npy": CAUSAL[:, 0]}, "m.npy: 12 masks for 12 encoders or for 12 heads? Give 12x1x197x197 or 1x12x197x197"),
    ("run deit_s --attention m.npy", {"m.npy": CAUSAL[:5]}, "must be an array of 12x6x197x197, or 197x197 for all encoders and heads (got 5x6x197x197)"),
    ("run deit_s --attention m.txt", {"m.txt": "0 1\n1 1\n"}, "m.txt: is no .npz or .npy file"),
    ("run deit_s --blocks block=16,masks=w.npz", {"w.npz": {"fc1": np.ones((24, 96))}}, "w.npz: fc1: must hold true and false, or the integers 1 and 0 (got 'float64')"),
    ("run deit_s --blocks block=16,masks=w.npz", {"w.npz": {"fc1": np.full((24, 96), 2)}}, "w.npz: fc1: must hold true and false, or the integers 1 and 0 (got 2)"),
]  # fmt: skip
