# Everything is installed into .venv. PYTHON names the interpreter: the first one of 3.11 or newer on the path.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help setup demo test style bench
.DEFAULT_GOAL := help

help: ## say what the targets do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup: .venv/dev.stamp ## install the package with everything for development into .venv

demo: .venv/base.stamp ## colorize the example photographs into out/ and make a before/after sheet
	@$(BIN)/colorizer colorize space/examples --output out --overwrite
	@$(BIN)/python examples/before_after_sheet.py space/examples out out/sheet.jpg

test: .venv/dev.stamp ## run the whole test suite
	@$(BIN)/python -m pytest

style: .venv/dev.stamp ## format, lint and check types
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
	@$(BIN)/ty check

bench: .venv/dev.stamp ## measure every budget of docs/architecture.md and write out/bench.json
	@$(BIN)/python tests/bench.py --json out/bench.json

.venv/base.stamp: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv: some minutes and 1 GB for the first time ..."
	@# torch alone first: nothing that comes later can then ask for another build of it.
	@$(PIP) torch
	@$(PIP) --editable .
	@touch $@

.venv/dev.stamp: .venv/base.stamp
	@echo "Installing what development needs ..."
	@$(PIP) --editable '.[dev]'
	@# Only the calibrated heads inside lpips are read; its dependencies would bring torchvision.
	@$(PIP) --no-deps lpips
	@touch $@
