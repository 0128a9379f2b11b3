# Everything is installed into .venv. PYTHON names the interpreter: the first one of 3.11 or newer on the path.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt
NPM := .venv/npm
GRAPHS := $(addsuffix onnx,$(wildcard colorizer_hf/checkpoints/*/))
TESTED_WITH := .venv/dev.stamp chromium $(NPM)/node_modules
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile
NEED_PYTHON = @test -n "$(PYTHON)" || \
	{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }

.PHONY: help setup app space graphs web demo test slow style bench chromium
.DEFAULT_GOAL := help

help: ## say what the targets do
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup: .venv/dev.stamp ## install the package with everything for development into .venv

app: .venv/ui.stamp ## serve the web page on this computer
	@$(BIN)/colorizer app

space: ## put all that a Hugging Face Space needs into out/space/
	$(NEED_PYTHON)
	@rm -rf out/space
	@$(PYTHON) -B -m colorizer_hf.hub.space out/space
	@echo out/space

graphs: ## export the bundled checkpoints for ONNX Runtime and OpenVINO; the next wheel takes them along
	@rm -rf $(GRAPHS)
	@$(MAKE) --no-print-directory $(GRAPHS)

colorizer_hf/checkpoints/%/onnx: | .venv/dev.stamp
	@$(BIN)/colorizer export $* --output $@

web: $(GRAPHS) $(NPM)/node_modules ## write the web page that works without a server into out/web/, as a static Space
	@rm -rf out/web
	@$(BIN)/colorizer export-web out/web --npm $(NPM)
	@cp space/static/README.md out/web/

demo: .venv/base.stamp ## colorize the example photographs into out/ and make a before/after sheet
	@$(BIN)/colorizer colorize colorizer_hf/webui/examples --output out --overwrite
	@$(BIN)/python examples/before_after_sheet.py colorizer_hf/webui/examples out out/sheet.jpg

test: $(TESTED_WITH) ## run the test suite but for what is marked as slow
	@$(PYTEST) -m "not slow"

slow: $(TESTED_WITH) ## run the tests that `make test` leaves out
	@$(PYTEST) -m slow

style: .venv/dev.stamp ## format, lint and check types
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
	@$(BIN)/ty check

bench: .venv/dev.stamp $(NPM)/node_modules ## measure every budget of docs/architecture.md and write out/bench.json
	@$(BIN)/python -m tests.bench --json out/bench.json

.venv/base.stamp: pyproject.toml constraints.txt
	$(NEED_PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv: some minutes and 1 GB for the first time ..."
	@# torch alone first: nothing that comes later can then ask for another build of it.
	@$(PIP) torch
	@$(PIP) --editable '.[torch]'
	@touch $@

.venv/ui.stamp: .venv/base.stamp
	@echo "Installing what the web page needs ..."
	@$(PIP) --editable '.[ui]'
	@touch $@

.venv/dev.stamp: .venv/base.stamp
	@echo "Installing what development needs ..."
	@$(PIP) --editable '.[dev]'
	@# Only the calibrated heads inside lpips are read; its dependencies would bring torchvision.
	@$(PIP) --no-deps lpips
	@touch $@

# The tests of the web pages need Chromium and what package.json names. Where they cannot be installed these tests are
# skipped and say so; in CI they fail.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit; done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		echo "Installing Chromium ..."; \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium >/dev/null; \
	fi || true

$(NPM)/node_modules: package.json | .venv/dev.stamp
	@mkdir -p $(NPM) && cp package.json $(NPM)
	@command -v npm >/dev/null && npm install --loglevel error --no-package-lock --no-audit --no-fund --ignore-scripts \
		--prefix $(NPM) >/dev/null && touch $@ || true
