"""Bad input: one clear line per problem, exit status 2, nothing on stdout, nothing half-written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pivotsim as package
from tests.cli.plain_english import not_plain

GOOD_YAML = Path(package.__file__).parents[1] / "hwconfigs" / "zcu102.yaml"
HEADER = "encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key\n"
ROW = "1,fc1,gemm,197,384,1536,1,8,8,8,1.0,,\n"


def hw(old, new):
    """The shipped board with one line edited."""
    text = GOOD_YAML.read_text()
    assert text.count(old) == 1, old
    return text.replace(old, new)


def trace(**cells):
    values = dict(zip(HEADER.strip().split(","), ROW.strip().split(","), strict=True)) | cells
    return HEADER + ",".join(str(v) for v in values.values()) + "\n"


RUN_HW = ("run", "deit_s", "--hw", "{file}")
RUN_TRACE = ("run", "--trace", "{file}")
RUN_MODEL = ("run", "{file}")
COMPARE = ("compare", "{file}", "{file}")
MODEL_YAML = (Path(package.__file__).parents[1] / "workloads" / "deit_s.yaml").read_text()

# (name, arguments, content of {file} or None, what stderr must say)
CASES = [
    # -- hardware files
    ("unknown key", RUN_HW, hw("  rows: 64", "  row: 64"), "file.yaml:11: array.row: unknown key, nearest valid name: 'rows'"),
    ("missing key", RUN_HW, hw("  rows: 64\n", ""), "file.yaml:10: array.rows: required key is missing"),
    ("unknown group", RUN_HW, hw("\nfpga:", "\nfpgas:"), "unknown key, nearest valid name: 'fpga'"),
    ("wrong unit in the key", RUN_HW, hw("  clock_mhz: 125", "  clock_ghz: 0.125"), "nearest valid name: 'clock_mhz'"),
    ("unit in the value", RUN_HW, hw("  clock_mhz: 125", "  clock_mhz: 125 MHz"), "array.clock_mhz: must be a number (got '125 MHz'); write the bare number"),
    ("text for a number", RUN_HW, hw("  rows: 64", "  rows: many"), "file.yaml:11: array.rows: must be an integer (got 'many')"),
    ("float for an integer", RUN_HW, hw("  rows: 64", "  rows: 64.5"), "array.rows: must be an integer (got 64.5)"),
    ("boolean for an integer", RUN_HW, hw("  rows: 64", "  rows: true"), "array.rows: must be an integer (got true)"),
    ("zero rows", RUN_HW, hw("  rows: 64", "  rows: 0"), "file.yaml:11: array.rows: must be at least 1 (got 0)"),
    ("negative rows", RUN_HW, hw("  rows: 64", "  rows: -64"), "array.rows: must be at least 1 (got -64)"),
    ("too many rows", RUN_HW, hw("  rows: 64", "  rows: 65537"), "array.rows: must be at most 65536 (got 65537)"),
    ("zero clock", RUN_HW, hw("  clock_mhz: 125", "  clock_mhz: 0"), "array.clock_mhz: must be at least 0.001 (got 0)"),
    ("NaN", RUN_HW, hw("board_w: 7.92", "board_w: .nan"), "power.board_w: must be a finite number (got nan)"),
    ("infinity", RUN_HW, hw("board_w: 7.92", "board_w: .inf"), "power.board_w: must be a finite number (got inf)"),
    ("a number that overflows", RUN_HW, hw("board_w: 7.92", "board_w: 1e999"), "power.board_w: must be a finite number"),
    ("unknown dataflow", RUN_HW, hw("  dataflow: is", "  dataflow: rs"), "array.dataflow: must be one of is, ws, os (got 'rs')"),
    ("dataflow spelt out", RUN_HW, hw("fold_overlap: none", "fold_overlap: pipeline"), "nearest valid name: 'pipelined'"),
    ("YAML 1.1: on", RUN_HW, hw("os_edge_register: true", "os_edge_register: on"), "must be true or false (got 'on'); write true or false"),
    ("YAML 1.1: 12:30", RUN_HW, hw("  rows: 64", "  rows: 12:30"), "must be an integer (got '12:30'); write a plain decimal number"),
    ("YAML 1.1: octal", RUN_HW, hw("  rows: 64", "  rows: 0100"), "must be an integer (got '0100'); write a plain decimal number"),
    ("YAML 1.1: underscores", RUN_HW, hw("  rows: 64", "  rows: 6_4"), "must be an integer (got '6_4'); write a plain decimal number"),
    ("quoted number", RUN_HW, hw("  rows: 64", "  rows: '64'"), "must be an integer (got '64')"),
    ("duplicate key", RUN_HW, hw("  rows: 64\n", "  rows: 64\n  rows: 32\n"), "file.yaml:12: array.rows: duplicate key, first seen on line 11"),
    ("a list for a group", RUN_HW, "kind: systolic\narray: [64, 36]\n", "file.yaml:2: array: must be a group of 'key: value' lines"),
    ("wrong kind", RUN_HW, hw("kind: systolic", "kind: gpu"), "kind: must be one of systolic, mpca, serial, pipeline (got 'gpu')"),
    ("a GPU that runs", ("run", "deit_s", "--hw", "gpu/a100"), None, "kind: a GPU model serves the command schedule alone (got 'gpu_wave')"),
    ("a GPU that combines", ("combine", "deit_s", "--low", "3", "--high", "6", "--f-low", "0.7", "--hw", "gpu/a100"), None, "kind: a GPU model serves the command schedule alone (got 'gpu_wave')"),
    ("a GPU's fit", ("show", "fit", "gpu/a100"), None, "kind: a GPU model serves the command schedule alone (got 'gpu_wave')"),
    ("unknown value of a GPU", ("show", "hw", "gpu/a100", "--set", "array.rows=3"), None, "--set: array.rows: unknown key"),
    ("unknown base", RUN_HW, "base: zcu103\n", "file.yaml:1: base: hardware: unknown name (got 'zcu103'), nearest valid name: 'zcu104'"),
    ("a base that is the file itself", RUN_HW, "name: me\nbase: ../file.yaml\n", "file.yaml:2: base: a file cannot build on itself"),
    ("half the cost of a kind", RUN_HW, hw("    gelu:    {cycles_per_element: 7.0, cycles_per_row: 7}", "    gelu:    {cycles_per_element: 7.0}"), "host.full.gelu.cycles_per_row: required key is missing"),
    ("a kind that does not exist", RUN_HW, hw("    gelu:    {cycles_per_element: 7.0", "    gleu:    {cycles_per_element: 7.0"), "host.full.gleu: unknown key, nearest valid name: 'gelu'"),
    ("a unit of no kind", RUN_HW, hw("units: # of the PL, used where placement says pl\n", "units:\n  rleu: {elements_per_clock: 16, fill_cycles: 8}\n"), "units.rleu: unknown key, nearest valid name: 'relu'"),
    ("a default of another place", RUN_HW, hw("  silu: ps\n", "  silu: ps\n  relu: array\n"), "placement.relu: must be one of ps, pl (got 'array')"),
    ("no processor for what runs there", RUN_HW, "base: zcu102\nhost: none\n", "placement.softmax: 'ps', but this board has no processor (host: none), and deit_s runs softmax (first in encoder 1); set placement.softmax=pl, or state a processor (host)"),
    ("no processor, by --set", ("run", "deit_s", "--set", "host=none"), None, "placement.softmax: 'ps', but this board has no processor (host: none)"),
    ("a value of no processor", ("run", "deit_s", "--hw", "u250_mpca", "--set", "host.cores=4"), None, "--set: host.cores: host is none, so it holds no values (got 4)"),
    ("an empty processor", RUN_HW, "base: zcu102\nhost:\n", "file.yaml:2: host: must be a group of 'key: value' lines, or the word none (got nothing)"),
    ("a misspelt none", RUN_HW, "base: zcu102\nhost: nil\n", "file.yaml:2: host: must be a group of 'key: value' lines, or the word none (got 'nil')"),
    ("a gate without a processor", ("combine", "deit_s", "--low", "3", "--high", "6", "--f-low", "0.7", "--hw", "u250_mpca"), None, "gate: 'entropy' runs on a processor, 'u250_mpca' has none (host: none); use gate 'none'"),
    ("power of no processor", ("run", "deit_s", "--set", "host=none", "--set", "placement.softmax=pl", "--energy", "activity"), None, "power.activity.low.ps_active_w: must be 0, this board has no processor (host: none) (got 0.13)"),
    ("an activation of a gated MLP", RUN_MODEL, MODEL_YAML.replace("gated_mlp: false", "gated_mlp: true\nactivation: relu"), "file.yaml:13: activation: a gated MLP has SiLU; state gated_mlp false (got 'relu')"),
    ("an unknown activation", RUN_MODEL, MODEL_YAML.replace("gated_mlp: false", "gated_mlp: false\nactivation: rleu"), "file.yaml:13: activation: must be one of gelu, relu (got 'rleu'), nearest valid name: 'relu'"),
    ("source of nothing", RUN_HW, hw("  array.cols:", "  array.colums:"), "'array.colums' names no value, nearest valid name: 'array.cols'"),
    ("two documents", RUN_HW, "a: 1\n---\nb: 1\n", "file.yaml:2: a second YAML document starts here"),
    ("code in a tag", RUN_HW, "kind: !!python/object/apply:os.system [touch pwned]\n", "file.yaml:1: tags are not supported"),
    ("anchors", RUN_HW, "a: &a [x]\nb: *a\n", "file.yaml:1: anchors are not supported"),
    ("no YAML", RUN_HW, "array: {rows: 64\n", "is not valid YAML"),
    ("deep nesting", RUN_HW, "a: " + "[" * 500, "nested deeper than 32 levels"),
    ("empty file", RUN_HW, "", "file.yaml: is empty"),
    ("blank file", RUN_HW, " \n\n", "file.yaml: is empty"),
    ("binary file", RUN_HW, b"\x7fELF\0\0\0", "file.yaml: is a binary file, expected UTF-8 text"),
    ("not UTF-8", RUN_HW, b"kind: systolic\nname: \xff\n", "file.yaml:2: is not UTF-8 text (byte 0xff)"),
    ("100 MB line", RUN_HW, "HUGE", "file.yaml: is larger than 1 MiB"),
    ("long line", RUN_HW, "a: " + "x" * 70_000 + "\n", "file.yaml:1: line is longer than 65536 characters"),
    ("unknown hardware", ("run", "deit_s", "--hw", "zcu12"), None, "hardware: unknown name (got 'zcu12'), nearest valid name: 'zcu102'"),
    ("no such file", ("run", "deit_s", "--hw", "./nothing.yaml"), None, "./nothing.yaml"),
    ("a directory", ("run", "deit_s", "--hw", "{folder}/"), None, "is a directory, expected a file"),
    # -- --set
    ("--set without value", ("run", "deit_s", "--set", "array.rows"), None, "--set: expected PATH=VALUE such as array.rows=32"),
    ("--set unknown", ("run", "deit_s", "--set", "array.row=3"), None, "--set: array.row: unknown key, nearest valid name: 'array.rows'"),
    ("--set wrong value", ("run", "deit_s", "--set", "array.rows=x"), None, "--set: array.rows: must be an integer (got 'x')"),
    ("--set twice", ("run", "deit_s", "--set", "array.rows=1", "--set", "array.rows=2"), None, "--set: array.rows: set twice"),
    ("--set against a flag", ("gemm", "1", "1", "1", "--set", "array.rows=8", "--array", "4x4"), None, "gemm: array.rows: stated twice"),
    ("--set of no use", ("gemm", "1", "1", "1", "--set", "power.board_w=3"), None, "--set: power.board_w: this command uses array.* alone"),
    ("--set of the other kind", ("show", "model", "deit_s", "--set", "array.rows=3"), None, "--set: array.rows: this command uses model.* alone"),
    ("--set model", ("run", "deit_s", "--set", "model.depth=0"), None, "--set: model.depth: must be at least 1 (got 0)"),
    # -- models
    ("unknown model", ("run", "deit_xl"), None, "model: unknown name (got 'deit_xl')"),
    ("model file", RUN_MODEL, MODEL_YAML.replace("heads: 6", "heads: 7"), "file.yaml:9: width: 384 is not a multiple of heads 7"),
    ("model key", RUN_MODEL, MODEL_YAML.replace("heads: 6", "head: 6"), "head: unknown key, nearest valid name: 'heads'"),
    ("model with one class", RUN_MODEL, MODEL_YAML.replace("classes: 1000", "classes: 1"), "classes: must be at least 2, or 0 for a model without head (got 1)"),
    ("no model and no trace", ("run",), None, "run: give a MODEL, such as deit_s, or --trace IN.csv"),
    ("model and trace", ("run", "deit_s", "--trace", "{file}"), HEADER + ROW, "run: give a MODEL or --trace IN.csv, not both (got deit_s and --trace "),
    ("trace and active", (*RUN_TRACE, "--active", "1"), HEADER + ROW, "shape a model, a trace is fixed"),
    # -- encoders and efforts
    ("encoder out of range", ("run", "deit_s", "--active", "1,13"), None, "active: must be at most 12 (got 13); deit_s has encoders 1 to 12"),
    ("encoder zero", ("run", "deit_s", "--active", "0"), None, "active: must be at least 1 (got 0)"),
    ("encoder twice", ("run", "deit_s", "--active", "1-3,2"), None, "active: encoder 2 stands twice"),
    ("no encoder list", ("run", "deit_s", "--active", "first"), None, "--active: must be encoder numbers"),
    ("range backwards", ("run", "deit_s", "--active", "5-2"), None, "--active: range runs backwards (got '5-2')"),
    ("range without end", ("run", "deit_s", "--active", "1-999999999"), None, "--active: range is longer than any model"),
    ("fraction above 1", ("combine", "deit_s", "--low", "1", "--high", "2", "--f-low", "1.5"), None, "--f-low: must lie in 0 to 1 (got 1.5); write 0.015 for 1.5 %"),
    ("fraction NaN", ("combine", "deit_s", "--low", "1", "--high", "2", "--f-low", ".nan"), None, "--f-low: must lie in 0 to 1 (got nan)"),
    ("fraction of text", ("combine", "deit_s", "--low", "1", "--high", "2", "--f-low", "most"), None, "--f-low: must be a number (got 'most')"),
    ("fractions that do not sum to 1", ("combine", "deit_s", "--effort", "1", "--effort", "1-2", "--exit-fractions", "0.5,0.4"), None, "--exit-fractions: must sum to 1 (got 0.9)"),
    ("too few fractions", ("combine", "deit_s", "--effort", "1", "--effort", "1-2", "--exit-fractions", "1"), None, "--exit-fractions: expected 2, one per effort (got 1)"),
    ("fractions of text", ("combine", "deit_s", "--effort", "1", "--exit-fractions", "a,b"), None, "--exit-fractions: must be a number (got 'a')"),
    ("half a pair", ("combine", "deit_s", "--low", "1"), None, "combine: give --low, --high and --f-low"),
    ("pair and cascade", ("combine", "deit_s", "--low", "1", "--high", "2", "--f-low", "1", "--effort", "1"), None, "combine: give --low, --high and --f-low"),
    # -- gemm
    ("M = 0", ("gemm", "0", "1", "1"), None, "m: must be at least 1 (got 0)"),
    ("K = 1.5", ("gemm", "1", "1.5", "1"), None, "k: must be an integer (got 1.5)"),
    ("beyond int64", ("gemm", "1", "1", str(2**63)), None, "n: must be at most 9223372036854775807"),
    ("cycles beyond int64", ("gemm", str(2**40), str(2**40), str(2**40)), None, "the cycles would exceed int64"),
    ("array in words", ("gemm", "1", "1", "1", "--array", "64by36"), None, "--array: must be ROWSxCOLS such as 64x36 (got '64by36')"),
    ("array of zero", ("gemm", "1", "1", "1", "--array", "0x36"), None, "rows: must be at least 1 (got 0)"),
    ("density above 1", ("gemm", "8", "8", "8", "--density", "1.5", "--block", "4"), None, "density: must lie in 0 to 1 (got 1.5)"),
    ("density in words", ("gemm", "8", "8", "8", "--density", "half"), None, "--density: must be a number (got 'half')"),
    ("block beyond the matrix", ("gemm", "8", "8", "8", "--density", "0.5"), None, "block: must not exceed a side of the matrix, 8x8 (got 16)"),
    ("block and seed alone", ("gemm", "8", "8", "8", "--block", "4", "--seed", "1"), None, "seed: needs density (got 1)"),
    ("negative seed", ("gemm", "8", "8", "8", "--density", "0.5", "--block", "4", "--seed", "-1"), None, "seed: must be at least 0 (got -1)"),
    ("unknown overlap", ("gemm", "1", "1", "1", "--fold-overlap", "chain"), None, "--fold-overlap: must be one of none, preload, chained, pipelined, settled (got 'chain'), nearest valid name: 'chained'"),
    ("unknown edge", ("gemm", "1", "1", "1", "--edge", "pad"), None, "edge: must be one of padded, aware (got 'pad')"),
    ("mac latency", ("gemm", "1", "1", "1", "--mac-latency", "0"), None, "--mac-latency: must be at least 1 (got 0)"),
    ("an engine that no one has", ("gemm", "1", "1", "1", "--engine", "rtl"), None, "engine: must be one of analytic, pe, memory (got 'rtl')"),
    ("more PEs than memory holds", ("gemm", "4000000", "4000000", "1000", "--engine", "pe"), None, "gemm: PE by PE this takes more memory than the machine has; engine 'analytic' needs none"),
    ("nothing to watch", ("watch", "0", "1", "1"), None, "m: must be at least 1 (got 0)"),
    ("too much to watch", ("watch", "4000", "4000", "4000"), None, "watch a smaller multiplication"),
    ("watched on no array", ("watch", "1", "1", "1", "--array", "8"), None, "--array: must be ROWSxCOLS such as 64x36 (got '8')"),
    ("pictures nowhere", ("watch", "1", "1", "1", "--out", ""), None, "--out: must name a folder (got '')"),
    ("a picture for a folder", ("watch", "1", "1", "1", "--out", "w.png"), None, "--out: must name a folder, where .png is a picture's ending (got 'w.png')"),
    ("another", ("run", "deit_t", "--plots", "p.PDF"), None, "--plots: must name a folder, where .pdf is a picture's ending (got 'p.PDF')"),
    ("watched with what it does not use", ("watch", "1", "1", "1", "--set", "host.cores=2"), None, "--set: host.cores: this command uses array.* alone"),
    ("a size stated twice", ("watch", "1", "1", "1", "--array", "4x4", "--set", "array.rows=3"), None, "watch: array.rows: stated twice, by --set and by its own option"),
    # -- options of run
    ("unknown engine", ("run", "deit_s", "--engine", "analitic"), None, "engine: must be one of analytic, pe, memory, mpca, serial, pipeline (got 'analitic'), nearest valid name: 'analytic'"),
    ("a memory that no one has", ("run", "deit_s", "--memory", "h"), None, "memory: must be one of paper, hw (got 'h'), nearest valid name: 'hw'"),
    ("limits without an engine for them", ("run", "deit_s", "--memory", "hw", "--engine", "analytic"), None, "memory: 'hw' needs engine 'memory' (got 'analytic')"),
    ("sums that OPMEM cannot hold", ("run", "deit_s", "--hw", "zcu102_os", "--memory", "hw"), None, "memories: gemm 197x384x1152: opmem: psums of 9216 B does not fit the 8192 B of a half (1024 B too much); try more opmem_bytes or a smaller array"),
    ("an engine of another kind of hardware", ("run", "deit_s", "--hw", "u250_mpca", "--engine", "pe"), None, "engine: 'u250_mpca' is of kind 'mpca' and needs engine 'mpca' (got 'pe')"),
    ("hardware of another kind", ("run", "deit_s", "--engine", "mpca"), None, "engine: 'zcu102' is of kind 'systolic' and needs engine 'analytic' or 'pe' or 'memory' (got 'mpca')"),
    ("one GEMM without an array", ("gemm", "1", "1", "1", "--hw", "u250_mpca"), None, "gemm: needs hardware of kind 'systolic', 'u250_mpca' has no such array (got 'mpca')"),
    ("a fit without an array", ("show", "fit", "u250_mpca"), None, "fit: needs hardware of kind 'systolic', 'u250_mpca' has no such array (got 'mpca')"),
    ("a processor that is not there", ("run", "deit_s", "--hw", "u250_mpca", "--set", "placement.softmax=ps"), None, "--set: placement.softmax: this kind of hardware has no processor side (got 'ps')"),
    ("unknown profile", ("run", "deit_s", "--profile", "ful"), None, "profile: must be one of paper, full (got 'ful'), nearest valid name: 'full'"),
    ("unknown energy", ("run", "deit_s", "--energy", "activities"), None, "energy: must be one of constant, activity (got 'activities')"),
    ("unknown scope", ("run", "deit_s", "--scope", "everything"), None, "scope: must be one of encoders, all (got 'everything')"),
    ("unknown ps_pl_overlap", ("run", "deit_s", "--ps-pl-overlap", "head"), None, "--ps-pl-overlap: must be one of serial, heads, images (got 'head'), nearest valid name: 'heads'"),
    ("ps_pl_overlap twice", ("run", "deit_s", "--ps-pl-overlap", "heads", "--set", "host.ps_pl_overlap=heads"), None, "run: host.ps_pl_overlap: stated twice, by --set and by its own option"),
    ("ps_pl_overlap twice in combine", ("combine", "deit_s", "--low", "1", "--high", "2", "--f-low", "1", "--ps-pl-overlap", "heads", "--set", "host.ps_pl_overlap=heads"), None, "combine: host.ps_pl_overlap: stated twice"),
    ("ps_pl_overlap in a file", RUN_HW, hw("  ps_pl_overlap: serial", "  ps_pl_overlap: both"), "host.ps_pl_overlap: must be one of serial, heads, images (got 'both')"),
    ("images of a trace", (*RUN_TRACE, "--ps-pl-overlap", "images", "--batch", "2"), HEADER + ROW, "--ps-pl-overlap: 'images': a trace of 2 images cannot be taken apart"),
    ("too many heads", ("run", "deit_s", "--ps-pl-overlap", "heads", "--batch", "100000"), None, "batch: ps_pl_overlap 'heads' runs up to 200000 pieces of work"),
    ("no such pruning", ("run", "deit_s", "--tokens", "evti:keep_rate=0.7"), None, "--tokens: method: must be one of single, top_k, top_k_rate, tome, dynamicvit, evit, heatvit, tdm, random (got 'evti'), nearest valid name: 'evit'"),
    ("no such parameter of it", ("run", "deit_s", "--tokens", "evit:keep_rat=0.7"), None, "--tokens: evit: keep_rat: unknown parameter, nearest valid name: 'keep_rate'"),
    ("a parameter of our own function", ("run", "deit_s", "--tokens", "evit:plan=1"), None, "--tokens: evit: plan: unknown parameter"),
    ("the method twice", ("run", "deit_s", "--tokens", "evit:method=tome"), None, "--tokens: method: stated twice (got 'evit:method=tome')"),
    ("pruning without a rate", ("run", "deit_s", "--tokens", "evit"), None, "--tokens: evit: keep_rate: is required: a number in (0, 1]"),
    ("a rate without its name", ("run", "deit_s", "--tokens", "evit:0.7"), None, "--tokens: expected NAME=VALUE,... such as evit:keep_rate=0.7 (got '0.7')"),
    ("a rate twice", ("run", "deit_s", "--tokens", "evit:keep_rate=0.7,keep_rate=0.6"), None, "--tokens: keep_rate: stated twice"),
    ("a rate of nothing", ("run", "deit_s", "--tokens", "evit:keep_rate=0"), None, "--tokens: evit: keep_rate: must lie above 0 and at most 1 (got 0)"),
    ("a list with a gap", ("run", "deit_s", "--tokens", "evit:keep_rate=0.7,encoders=4//7"), None, "--tokens: evit: encoders: must be an integer (got "),
    ("pruning by an attention that is skipped", ("run", "deit_s", "--active", "1-3", "--tokens", "evit:keep_rate=0.7,encoders=4"), None, "--tokens: evit: scores by the attention of encoder 4, which is skipped"),
    ("an effort without the attention that prunes", ("combine", "deit_s", "--low", "1-3", "--high", "all", "--f-low", "0.5", "--tokens", "evit:keep_rate=0.7,encoders=4"), None, "--tokens: evit: scores by the attention of encoder 4, which is skipped"),
    ("pruning of a trace", (*RUN_TRACE, "--tokens", "heatvit"), HEADER + ROW, "run: --active, --heads, --neurons, --tokens, --blocks, --attention, --split, --preset, --qkv and --score-bits shape a model"),
    ("pruning of a trace that is shown", ("show", "trace", "none.csv", "--tokens", "heatvit"), None, "show trace: a trace file is fixed"),
    ("a sorting network that no one has", ("run", "deit_s", "--set", "units.token_drop.sort_network=bitonc"), None, "--set: units.token_drop.sort_network: must be one of bitonic, odd_even_merge, odd_even_transposition (got 'bitonc'), nearest valid name: 'bitonic'"),
    ("softmax on the array", ("run", "deit_s", "--set", "placement.softmax=array"), None, "--set: placement.softmax: must be one of ps, pl (got 'array')"),
    ("a unit without lanes", RUN_HW, hw("softmax: {elements_per_clock: 16, fill_cycles: 64}", "softmax: {elements_per_clock: 0, fill_cycles: 64}"), "units.softmax.elements_per_clock: must be at least 1 (got 0)"),
    ("timeline into nowhere", ("run", "deit_s", "--timeline", ""), None, "--timeline: must name a file (got '')"),
    ("timeline into a missing folder", ("run", "deit_s", "--timeline", "{folder}/no/t.json"), None, "t.json: cannot be written: No such file or directory"),
    # -- options that prune
    ("no heads", ("run", "deit_s", "--heads", "0"), None, "--heads: must be at least 1 (got 0); deit_s has 6"),
    ("too many heads kept", ("show", "plan", "deit_s", "--heads", "7"), None, "--heads: must be at most 6 (got 7); deit_s has 6"),
    ("heads in words", ("run", "deit_s", "--heads", "four"), None, "--heads: must be an integer (got 'four')"),
    ("no neurons", ("run", "deit_s", "--neurons", "0"), None, "--neurons: must lie above 0 and at most 1 (got 0)"),
    ("more neurons than there are", ("run", "deit_s", "--neurons", "1.01"), None, "--neurons: must lie above 0 and at most 1 (got 1.01)"),
    ("neurons NaN", ("run", "deit_s", "--neurons", ".nan"), None, "--neurons: must lie above 0 and at most 1 (got nan)"),
    ("blocks of an unknown name", ("run", "deit_s", "--blocks", "block=16,desity=0.5"), None, "--blocks: unknown name (got 'desity'), nearest valid name: 'density'"),
    ("blocks without a value", ("run", "deit_s", "--blocks", "block=16,0.5"), None, "--blocks: expected NAME=VALUE,... such as block=16,density=0.5,seed=0 (got '0.5')"),
    ("blocks twice", ("run", "deit_s", "--blocks", "block=16,density=0.5,block=8"), None, "--blocks: block: stated twice"),
    ("blocks of no size", ("run", "deit_s", "--blocks", "density=0.5"), None, "--blocks: block: is missing"),
    ("blocks of size 0", ("run", "deit_s", "--blocks", "block=0,density=0.5"), None, "--blocks: block: must be at least 1 (got 0)"),
    ("blocks larger than the matrix", ("run", "deit_s", "--blocks", "block=385,density=0.5"), None, "--blocks: proj: block: must not exceed a side of the matrix, 384x384 (got 385)"),
    ("blocks of density 0", ("run", "deit_s", "--blocks", "block=16,density=0"), None, "--blocks: density: must lie above 0 and at most 1 (got 0)"),
    ("blocks of a group above 1", ("run", "deit_s", "--blocks", "block=16,msa=1.5"), None, "--blocks: density: msa: must lie above 0 and at most 1 (got 1.5)"),
    ("blocks that vanish", ("run", "deit_s", "--blocks", "block=384,proj=0.4"), None, "--blocks: proj: density: keeps none of 1 blocks, the layer would vanish (got 0.4)"),
    ("blocks of a label that the model lacks", ("run", "deit_s", "--blocks", "block=16,gate=0.5"), None, "--blocks: density: unknown label (got 'gate'), valid names: fc1, fc2, mlp, msa, proj, qkv"),
    ("density twice over", ("run", "deit_s", "--blocks", "block=16,density=0.5,mlp=0.5"), None, "--blocks: density: is for all matrices, mlp for some; state one"),
    ("density of group and label", ("run", "deit_s", "--blocks", "block=16,mlp=0.5,fc1=0.5"), None, "--blocks: density: fc1: stated twice"),
    ("density and masks", ("run", "deit_s", "--blocks", "block=16,density=0.5,masks=m.npz"), None, "--blocks: give density or masks, not both"),
    ("masks of no file", ("run", "deit_s", "--blocks", "block=16,masks=none.npz"), None, "--blocks: none.npz: no such file"),
    ("blocks masked twice", ("run", "deit_s", "--blocks", "block=16,mlp=0.5", "--blocks", "block=8,fc1=0.5"), None, "--blocks: encoders 1-12: fc1: has a mask already"),
    ("attention of density 2", ("run", "deit_s", "--attention", "density=2"), None, "--attention: density: must lie above 0 and at most 1 (got 2)"),
    ("attention of nothing", ("run", "deit_s", "--attention", ""), None, "--attention: must name a file, or be such as density=0.1,seed=0 (got '')"),
    ("attention of no file", ("run", "deit_s", "--attention", "none.npy"), None, "--attention: none.npy: no such file"),
    ("attention of all that is skipped", ("run", "deit_s", "--active", "none", "--attention", "density=0.1"), None, "--attention: density: no encoder of deit_s is left to apply it to"),
    ("split without masks", ("run", "deit_s", "--split", "50"), None, "--split: no encoder has an attention mask; mask the attention first"),
    ("split below 0", ("run", "deit_s", "--attention", "density=0.5", "--split", "-1"), None, "--split: must be at least 0 (got -1)"),
    ("pruning a trace", (*RUN_TRACE, "--heads", "3"), HEADER + ROW, "shape a model, a trace is fixed"),
    ("pruning a shown trace", ("show", "trace", "none.csv", "--blocks", "block=16,density=0.5"), None, "show trace: a trace file is fixed"),
    ("pruning in combine", ("combine", "deit_s", "--low", "1", "--high", "2", "--f-low", "1", "--heads", "9"), None, "--heads: must be at most 6 (got 9)"),
    ("batch 0", ("run", "deit_s", "--batch", "0"), None, "batch: must be at least 1 (got 0)"),
    ("batch beyond int64", ("run", "deit_s", "--batch", str(10**17)), None, "batch: must be at most 2147483647"),
    ("unknown option", ("run", "deit_s", "--engin", "x"), None, "run: No such option: --engin, nearest valid name: '--engine'"),
    ("unknown command", ("rum", "deit_s"), None, "No such command 'rum', nearest valid name: 'run'"),
    ("missing argument", ("gemm", "1", "1"), None, "gemm: Missing argument 'N', as in: pivotsim gemm 197 384 1536"),
    # -- traces
    ("missing column", RUN_TRACE, HEADER.replace("k,", "", 1) + ROW, "file.csv:1: a trace needs the columns m, k and n, and may have encoder,"),
    ("unknown column", RUN_TRACE, HEADER.replace("repeats", "repeat") + ROW, "unknown column (got 'repeat'), nearest valid name: 'repeats'"),
    ("column twice", RUN_TRACE, HEADER.strip() + ",m\n" + ROW.strip() + ",1\n", "file.csv:1: m: column stands twice"),
    ("short row", RUN_TRACE, HEADER + "1,fc1,gemm\n", "file.csv:2: expected 13 cells (got 3)"),
    ("unknown kind", RUN_TRACE, trace(kind="gem"), "file.csv:2: kind: unknown name (got 'gem'), nearest valid name: 'gemm'"),
    ("zero size", RUN_TRACE, trace(m=0), "file.csv:2: m: must be at least 1 (got 0)"),
    ("negative size", RUN_TRACE, trace(k=-3), "file.csv:2: k: must be a whole number"),
    ("unit in a cell", RUN_TRACE, trace(n="8 columns"), "file.csv:2: n: must be a whole number"),
    ("density NaN", RUN_TRACE, trace(density="nan"), "file.csv:2: density: must lie in 0 to 1 (got 'nan')"),
    ("density 2", RUN_TRACE, trace(density=2), "file.csv:2: density: must lie in 0 to 1 (got 2)"),
    ("density in words", RUN_TRACE, trace(density="full"), "file.csv:2: density: must be a number (got 'full')"),
    ("a density that no mask stands for", RUN_TRACE, trace(density=0.5), "file.csv:2: density: a GEMM needs a mask, or mask_key 'block=16,seed=0' to draw one (got 0.5)"),
    ("a mask larger than memory", RUN_TRACE, trace(k=2**40, n=2**20, density=0.5, mask_key='"block=1,seed=0"'), "file.csv:2: block: 1 makes more than the 67,108,864 blocks that are drawn of one mask"),
    ("a block larger than the matrix", RUN_TRACE, trace(density=0.5, mask_key='"block=2000,seed=0"'), "file.csv:2: block: must not exceed a side of the matrix, 384x1536 (got 2000)"),
    ("a mask of a softmax", RUN_TRACE, trace(kind="softmax", module="softmax", k=1, mask_key='"block=16,seed=0"'), "only operations of kind 'gemm' have masks"),
    ("a mask file that is not there", RUN_TRACE, trace(mask_file="none.npz", mask_key="w"), "none.npz: no such file"),
    ("a mask file of text", RUN_TRACE, trace(mask_file="file.csv", mask_key="w"), "file.csv: is no .npz or .npy file"),
    ("wide operands", RUN_TRACE, trace(a_bits=16), "operands are wider than array.operand_bits 8 (got 16)"),
    ("k of a softmax", RUN_TRACE, trace(kind="softmax", module="softmax"), "file.csv:2: k: must be 1 for kind 'softmax' (got 384)"),
    ("key without mask", RUN_TRACE, trace(mask_key="w"), "file.csv:2: mask_key: needs a mask_file, or 'block=16,seed=0' to draw one (got 'w')"),
    ("header alone", RUN_TRACE, HEADER, "file.csv: has a header and no operations"),
    ("nothing in scope", (*RUN_TRACE, "--scope", "encoders"), trace(encoder=0), "scope: 'encoders' leaves no operation"),
    ("quote left open", RUN_TRACE, HEADER + '1,"fc1,gemm', "is not valid CSV"),
    ("empty trace", RUN_TRACE, "", "file.csv: is empty"),
    ("binary trace", RUN_TRACE, b"PK\x03\x04\0\0", "file.csv: is a binary file"),
    ("100 MB line in a trace", RUN_TRACE, "HUGE", "file.csv: is larger than 64 MiB"),
    ("trace in a directory", ("run", "--trace", "{folder}"), None, "is a directory, expected a file"),
    ("no such trace", ("run", "--trace", "none.csv"), None, "none.csv: no such file"),
    ("cycles of a trace beyond int64", RUN_TRACE, trace(m=2**40, k=2**20, n=2**40), "the cycles would exceed int64"),
    ("options on a trace file", ("show", "trace", "none.csv", "--active", "1"), None, "show trace: a trace file is fixed"),
    ("a name too long for the system", ("run", "a" * 5000), None, "model: unknown name (got 'aaaa"),
    ("a path too long for the system", ("run", "deit_s", "--hw", "a/" * 3000), None, "no such file"),
    ("a clock out of this world", ("run", "deit_s", "--set", "array.clock_mhz=1e-300"), None, "array.clock_mhz: must be at least 0.001"),
    ("power out of this world", ("run", "deit_s", "--set", "power.board_w=1e-310"), None, "power.board_w: must be at least"),
    ("json and a form", ("run", "deit_s", "--json", "--format", "latex"), None, "--format: chooses the form of tables, and --json prints none"),
    ("plots into nowhere", ("run", "deit_s", "--plots", ""), None, "--plots: must name a folder"),
    # -- compare
    ("a number beyond float in JSON", COMPARE, '{"schema_version": 1, "delay_ms": 1' + "0" * 400 + "}", "file.json: delay_ms: must be a number"),
    ("no JSON", COMPARE, "{", "file.json:1: is not valid JSON"),
    ("deep JSON", COMPARE, "[" * 60_000, "file.json: is not valid JSON"),
    ("other JSON", COMPARE, "[1]", "file.json: expected the JSON of 'run' or 'combine' (got a list of one: 1)"),
    ("other version", COMPARE, '{"schema_version": 99}', "file.json: schema_version: must be 1 (got 99)"),
    ("no totals", COMPARE, '{"schema_version": 1}', "file.json: delay_ms: must be a number (got nothing)"),
    ("NaN in JSON", COMPARE, '{"schema_version": 1, "delay_ms": NaN}', "file.json: delay_ms: must be a number (got nan)"),
    # -- output
    ("plots into a file", ("run", "deit_s", "--plots", "{file}"), "in the way", "cannot be used as a folder"),
    ("trace into a missing folder", ("show", "trace", "deit_s", "--csv", "{folder}/no/t.csv"), None, "t.csv: cannot be written: No such file or directory"),
    ("trace onto a folder", ("show", "trace", "deit_s", "--csv", "{folder}"), None, "cannot be written: is a directory"),
]  # fmt: skip


def make_file(tmp_path, arguments, content):
    suffix = "csv" if "--trace" in arguments else "json" if arguments[0] == "compare" else "yaml"
    path = tmp_path / f"file.{suffix}"
    if content == "HUGE":
        with path.open("wb") as file:
            for _ in range(100):
                file.write(b"x" * 2**20)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.write_text(content)
    return path


@pytest.mark.parametrize(("name", "arguments", "content", "message"), CASES, ids=[case[0] for case in CASES])
def test_bad_input(pivotsim, tmp_path, monkeypatch, name, arguments, content, message):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    path = make_file(tmp_path, arguments, content)
    before = sorted(tmp_path.rglob("*"))
    ran = pivotsim(*(a.format(file=path, folder=work) for a in arguments))
    assert ran.code == 2
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert any(message in line for line in lines), ran.err
    assert all(len(line) < 700 and line.strip() for line in lines)
    assert "Traceback" not in ran.err and "╭" not in ran.err
    assert not not_plain(ran.err, "a number in quotes"), ran.err  # some were quoted
    assert sorted(tmp_path.rglob("*")) == before


def test_there_are_enough_cases_and_messages():
    kinds = {re.sub(r"\(got .*|'[^']*'|[0-9.]+|^\S*file\.\w+:[:0-9]* ?", "", message).strip() for *_, message in CASES}
    assert len(CASES) >= 60
    assert len(kinds) >= 20


def test_all_problems_of_a_file_are_told_at_once(pivotsim, tmp_path):
    path = tmp_path / "b.yaml"
    text = GOOD_YAML.read_text().replace("  rows: 64", "  rows: 0").replace("  cols: 36", "  clos: 36")
    path.write_text(text.replace("board_w: 7.92", "board_w: lots"))
    ran = pivotsim("show", "hw", path)
    assert ran.code == 2
    assert [line.split(": ")[0].rpartition(":")[2] for line in sorted(ran.err.splitlines())] == ["10", "11", "12", "94"]


def test_many_problems_of_a_trace_are_cut(pivotsim, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(HEADER + ROW.replace("197", "x") * 500)
    lines = pivotsim("run", "--trace", path).err.splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("more than 20 problems; the rest is not listed")


def test_a_failed_write_leaves_the_old_file(pivotsim, tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("precious")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = pivotsim("show", "trace", "deit_s", "--csv", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"{path}: cannot be written: No space left on device\n"
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_real_shell_sees_the_same(tmp_path):
    def shell(command):
        return subprocess.run(
            ["bash", "-c", command.replace("pivotsim", f"{sys.executable} -m pivotsim")],
            capture_output=True, text=True, timeout=60, cwd=Path(package.__file__).parents[1],
        )  # fmt: skip

    ran = shell("pivotsim gemm 0 1 1")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "m: must be at least 1 (got 0)\n")
    ran = shell("set -o pipefail; pivotsim reproduce pivot | head -1")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "PIVOT (DAC'24): 110 claims\n"
    ran = shell("pivotsim run deit_s >&-")
    assert (ran.returncode, ran.stderr) == (0, "")
    ran = shell("LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii pivotsim run dé_s")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout():
    command = f"{sys.executable} -m pivotsim run deit_s --json > /dev/full"
    root = Path(package.__file__).parents[1]
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, cwd=root)
    assert (ran.returncode, ran.stderr) == (2, "pivotsim: output cannot be written: No space left on device\n")


def test_links_are_followed_and_pipes_written_to(pivotsim, tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    assert pivotsim("show", "trace", "deit_s", "--csv", link).code == 0
    assert link.is_symlink() and target.read_text().startswith("encoder,")
    assert pivotsim("show", "trace", "deit_s", "--csv", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


def test_a_message_is_one_line_whatever_the_name(pivotsim):
    ran = pivotsim("run", "deit_s", "--hw", "two\nlines.yaml")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
