# Every target works from a fresh clone: what it needs is installed first, once.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMPS := .stamps
# Without byte code ahead of time: half of what is installed is never imported here.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
PORT ?= 8787
TRANSFORMER_TESTS := tests/detectors/test_score_transformer.py tests/flow/test_cascade.py

.DEFAULT_GOAL := help

help: ## show what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/base: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -c constraints.txt -e '.[png]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -c constraints.txt -e '.[dev]'
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/base

$(STAMPS)/servers: tools/servers.sh tools/vendor.py | $(BIN)/python
	sh tools/servers.sh
	@if command -v npm >/dev/null; then $(BIN)/python tools/vendor.py --dev; \
	else echo "no npm: the accessibility tests are skipped (axe-core)"; fi
	@mkdir -p $(STAMPS) && touch $@

install: $(STAMPS)/base ## install Sturmglas into .venv

demo: $(STAMPS)/base ## a storm in time-lapse on a local page; no keys, no network (PORT=8787)
	$(BIN)/sturmglas demo --port $(PORT)

test: lint types arch $(STAMPS)/servers ## what CI runs: lint, types, import contracts, tests
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder -m 'not slow' $(PYTEST)

lint: $(STAMPS)/dev ## ruff: format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMPS)/dev ## mypy, strict
	$(BIN)/mypy

arch: $(STAMPS)/dev ## the six import contracts
	$(BIN)/lint-imports

test-transformer: $(STAMPS)/dev ## the tests that need the extra [transformer] (torch: some 200 MB and more)
	$(PIP) -c constraints.txt -e '.[dev,transformer,transformer-onnx]' onnx onnxscript
	$(BIN)/python -m pytest -q -rs $(TRANSFORMER_TESTS) $(PYTEST)

golden: $(STAMPS)/dev ## rewrite the golden files; read the difference before you commit it
	STURMGLAS_GOLDEN=write $(BIN)/python -m pytest -q -k golden tests

bench: $(STAMPS)/dev ## every benchmark; figures go into docs/benchmarks.md by hand
	$(BIN)/sturmglas bench all

soak: $(STAMPS)/dev $(STAMPS)/servers ## the tests that take minutes, then an hour of steady load
	$(BIN)/python -m pytest -m slow $(PYTEST)
	$(BIN)/sturmglas bench soak

.PHONY: help install demo test test-transformer lint types arch golden bench soak
