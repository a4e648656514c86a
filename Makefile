# Everything happens in .venv, made on first use and remade when pyproject.toml or constraints.txt change.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Two stamps: the command and what it needs, and besides that the tools of the `test` extra.
COMMAND := $(VENV)/.command-installed
TOOLS := $(VENV)/.tools-installed
REQUIREMENTS := pyproject.toml constraints.txt

.PHONY: help demo test lint bench growth fuzz clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    install, check two models, show a counterexample"
	@echo "make test    every test, linters and types included"
	@echo "make lint    the linters, types and house rules alone"
	@echo "make bench   this project beside SPIN and TLC: some ten minutes (BENCH=--quick, --full, --help)"
	@echo "make growth  how time and memory grow with the number of states (GROWTH=--help)"
	@echo "make fuzz    the differential tests on EXAMPLES (default 5000) random models each, the same ones for one SEED"
	@echo "make clean   remove .venv, builds and caches"

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "needs Python 3.11 or later with venv: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(COMMAND): $(REQUIREMENTS) | $(VENV)/.created
	$(PIP_INSTALL) --editable .
	@touch $@

$(TOOLS): $(REQUIREMENTS) | $(VENV)/.created
	$(PIP_INSTALL) --editable '.[test]'
	@touch $(COMMAND) $@

# `kuberay` documents a real bug, so that it exits 1 is what the demo shows; anything else is a failure.
demo: $(COMMAND)
	$(BIN)/reconverge check taxi
	@echo "$(BIN)/reconverge check kuberay"; $(BIN)/reconverge check kuberay; status=$$?; \
	test $$status -eq 1 || { echo "demo: kuberay should be violated (exit 1), got exit $$status" >&2; exit 1; }
	@echo
	@echo "Exit code 1 means: a property is violated, and above is the shortest way to get there."
	@echo "The fix is in the same file, as a subclass:"
	$(BIN)/reconverge check kuberay::WithExpectations

test: $(TOOLS)
	$(BIN)/python -m pytest

lint: $(TOOLS)
	$(BIN)/python -m pytest tests/project/test_lint.py tests/project/test_house_rules.py

bench: $(TOOLS)
	$(BIN)/python -m tests.benchmarks.bench $(BENCH)

# matplotlib draws the plot and is wanted for nothing else.
growth: $(TOOLS)
	$(PIP_INSTALL) matplotlib
	$(BIN)/python -m tests.benchmarks.growth $(GROWTH)

EXAMPLES ?= 5000
fuzz: $(TOOLS)
	RECONVERGE_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests -o faulthandler_timeout=0 -k differential --hypothesis-show-statistics \
		$(if $(SEED),--hypothesis-seed=$(SEED))

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find checker models tests -name __pycache__ -type d -prune -exec rm -rf {} +
