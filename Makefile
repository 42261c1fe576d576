# Needs make and Python 3.11 or newer; everything else goes into $(VENV). To choose the interpreter: make run PYTHON=python3.12
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	if $$name -c '$(ENOUGH)' 2>/dev/null; then echo $$name; break; fi; done)
# More words for the program that a target runs: make test ARGS='-k dns'
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-kubectl check bench format build

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMP) ## Start a cluster of 3 nodes, until Ctrl-C
	@exec $(BIN)/minikube-lite start --nodes 3 $(ARGS)

test: $(STAMP) ## Find or install kubectl and dig, then run all tests
	@$(BIN)/python tools/install_clients.py
	$(BIN)/pytest -n auto $(ARGS)

test-kubectl: $(STAMP) ## Run the commands of kubectl with every version that is found here
	@$(BIN)/python tools/install_clients.py
	$(BIN)/pytest -n auto tests/clients --every-kubectl $(ARGS)

check: $(STAMP) ## Format, lint, types, layers, and the rules of the code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q tests/tooling/test_rules.py tests/tooling/test_clock_door.py tests/tooling/test_layout.py

bench: $(STAMP) ## Measure; ARGS='--help' shows what can be measured
	@$(BIN)/python -m benchmarks $(ARGS)

format: $(STAMP) ## Put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: $(STAMP) ## Make the source archive and the wheel, in dist/
	rm -rf build dist
	$(BIN)/python -m build

# The environment: made once, and again when pyproject.toml changes.
$(STAMP): pyproject.toml
	@if ! "$(PYTHON)" -c '$(ENOUGH)' 2>/dev/null; then \
		echo "minikube-lite needs Python 3.11 or newer: install it, or say where it is, as in: make run PYTHON=/usr/bin/python3.12" >&2; exit 1; fi
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then true; \
	elif "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then "$(PYTHON)" -m venv --clear $(VENV); \
	elif "$(PYTHON)" -m virtualenv --version >/dev/null 2>&1; then "$(PYTHON)" -m virtualenv --clear --quiet $(VENV); \
	else echo "$(PYTHON) cannot make environments: on Debian and Ubuntu, install its venv package (apt-get install python3-venv)" >&2; exit 1; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
