# `make run` and `make test` do all set-up by themselves; a stamp keeps it to once for each change of pyproject.toml.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint bench soak clean setup
.DELETE_ON_ERROR:

setup: .venv/stamp

.venv/stamp: pyproject.toml setup.sh
	@PYTHON=$(PYTHON) sh setup.sh
	@touch $@

run: .venv/stamp
	@$(BIN)/ryumon run bin-packing

test: .venv/stamp
	@$(BIN)/python -m pytest -n 2

lint: .venv/stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python benchmarks/sizes.py

bench: .venv/stamp
	@$(BIN)/python benchmarks/loop.py
	@$(BIN)/python benchmarks/bin_packing.py

soak: .venv/stamp
	@$(BIN)/python -m benchmarks.soak

clean:
	rm -rf .venv .ryumon .peers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
