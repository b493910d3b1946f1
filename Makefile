# Everything a fresh machine with Python 3.11, its venv module and make needs: `make plan`, `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make plan ARGS="--team 'Billing EMEA'"` hands options on.
ARGS ?=

# `make simulate-faults SEEDS=20000` for more.
SEEDS ?= 20000

.DEFAULT_GOAL := help
.PHONY: help plan test simulate-faults check format bench pictures requirements clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

plan: $(VENV)/.run ## Set up, then compare the shipped desired-state/ with the embedded simulated tenant
	@$(BIN)/reconcile --plan $(ARGS)

test: $(VENV)/.dev ## Set up, then run all tests
	@$(BIN)/python -m pytest -n auto $(ARGS)

simulate-faults: $(VENV)/.dev ## Set up, then apply SEEDS times to a tenant in trouble, and judge by its log
	@$(BIN)/python -m tests.simulation.run --seeds 0:$(SEEDS) $(ARGS)
	@$(BIN)/python -m tests.simulation.run --kind lost-updates --seeds 0:2000
	@$(BIN)/python -m tests.simulation.run --kind lost-updates-without-versions --seeds 0:2000

check: $(VENV)/.dev ## Lint, types, architecture, workflows: exactly what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	bash .ci/workflows $(BIN)

format: $(VENV)/.dev ## Put the code into canonical layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench ## Measure: ratios against something else in the same run
	@$(BIN)/python bench/run.py $(ARGS)

pictures: $(VENV)/.dev ## Make the pictures of docs/ anew (needs Chromium)
	@$(BIN)/python -m tests.pictures.make

requirements: $(VENV)/.dev ## Pin all dependencies anew, with hashes (needs uv)
	PATH="$(BIN):$$PATH" bash requirements/pin.sh

clean: ## Remove the virtual environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache build dist *.egg-info

# The stamps: set up again only when the pins change.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r

$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	@echo "Setting up $(VENV) ..." >&2
	@$(INSTALL) requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Setting up the tools for development ..." >&2
	@$(INSTALL) requirements/dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	@$(INSTALL) requirements/bench.txt
	@touch $@
