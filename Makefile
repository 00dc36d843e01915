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

.PHONY: run test lint tests proof bench bench-peers figures check-install clean help
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
	$(BIN)/pytest --doctest-modules

proof: $(DEV)
	$(BIN)/python -m tests.memory_proof
	$(BIN)/python -m tests.dse_proof
	$(BIN)/python -m tests.rtl.proof

bench: $(DEV)
	$(BIN)/python tests/benchmarks/bench.py
	$(BIN)/python -m tests.benchmarks.bench_pe
	$(BIN)/python -m tests.benchmarks.bench_memory
	$(BIN)/python -m tests.benchmarks.bench_dram
	$(BIN)/python -m tests.benchmarks.bench_dse

bench-peers: $(READY)
	$(BIN)/python tests/benchmarks/bench_peers.py

figures: $(READY)
	$(BIN)/pivotsim reproduce pivot --plots notebooks/figures > /dev/null
	$(BIN)/pivotsim watch 12 8 20 --array 8x6 --out notebooks/figures > /dev/null
	$(BIN)/python -c "import pivotsim as ps; from pathlib import Path; from pivotsim.plots.memories import plot_opmem; \
	  plot_opmem(ps.plan('deit_s'), ps.load_hardware('zcu102'), Path('notebooks/figures'))"

check-install: $(DEV)
	sh tests/check_install.sh $(BIN)/python

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:
	@echo "make run            set up and print PIVOT's published numbers beside simulated ones"
	@echo "make test           set up, then lint and tests"
	@echo "make proof          closed form, PE-level engine and RTL compared at length; writes the README's table (half an hour)"
	@echo "make bench          speed, printed as ratios and absolute figures of this machine"
	@echo "make bench-peers    the same encoder on SCALE-Sim, installed apart (takes minutes)"
	@echo "make figures        draw the README's pictures again"
	@echo "make check-install  build the wheel, install it without extras, use it from an empty folder"
	@echo "make clean          remove the virtual environment and all caches"

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
