# Everything a person does here. `make setup` runs by itself before the others; it needs python3 (3.11 or newer,
# with venv), node and npm, and makes .venv with the command `kehu` and the browser files.

# Debian builds its Python with the help of a profile: kehu takes it a sixth less time than one that pyenv built.
SYSTEM := /usr/bin/python3
PYTHON ?= $(shell $(SYSTEM) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $(SYSTEM) || echo python3)
BIN := .venv/bin
STAMP := .venv/.kehu-setup
VENDOR := src/kehu/serve/static/vendor
SETUP_INPUTS := pyproject.toml requirements/dev.txt requirements/build.txt \
	$(wildcard hatch_build.py package.json package-lock.json)
# Options of the command behind a target: make demo ARGS="--no-serve --records 50000 --json".
ARGS ?=

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup demo test faults fuzz check fmt docs bench bench-store serve clean

help:
	@echo "make setup    .venv with kehu in it, and the browser files (the other targets call it)"
	@echo "make demo     a made-up town through the whole house, then its page   [ARGS=\"--no-serve --records 50000 --json\"]"
	@echo "make serve    the page over kehu-demo                                  [ARGS=\"--port 8500\"]"
	@echo "make test     the tests                                                [ARGS=\"tests/process -k phones\"]"
	@echo "make faults   the long set of faults: kills, dead servers, full disks    [ARGS=\"-k servers\"]"
	@echo "make fuzz     every route of the interface at every edge of its description (minutes)"
	@echo "make check    everything CI runs: format, ruff, mypy, floors, tests, docs"
	@echo "make fmt      format the code"
	@echo "make docs     the tables of docs/ that are written from the code"
	@echo "make bench    the benchmark tables                                       [ARGS=\"--records 100000\"]"
	@echo "make bench-store  how fast stores are made and searched, on three databases   [ARGS=\"--records 100000\"]"
	@echo "make clean    take away what the targets made, the demo's folder too"

setup: $(STAMP)

# Without the browser files the stamp says nothing.
ifeq ($(wildcard $(VENDOR)/stamp),)
.PHONY: $(STAMP)
endif

# The last line of `make demo` belongs to kehu, so all that setup has to say goes to stderr.
$(STAMP): $(SETUP_INPUTS)
	@{ set -e; \
	command -v $(PYTHON) >/dev/null || { echo "make setup: $(PYTHON) is missing: apt-get install python3 python3-venv"; exit 1; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make setup: $(PYTHON) is older than 3.11"; exit 1; }; \
	command -v node >/dev/null && command -v npm >/dev/null || { echo "make setup: node or npm is missing: apt-get install nodejs npm"; exit 1; }; \
	$(PYTHON) -m venv .venv || { echo "make setup: python3 cannot make a venv: apt-get install python3-venv"; exit 1; }; \
	echo "make setup: installing the locked packages"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt -r requirements/build.txt; \
	echo "make setup: installing kehu and fetching the browser files"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	touch $@; \
	} >&2

demo: setup
	@$(BIN)/kehu demo $(ARGS)

serve: setup
	@$(BIN)/kehu serve --config kehu-demo $(ARGS)

test: setup
	@$(BIN)/pytest $(ARGS)

# Where they strike is printed: KEHU_FAULTS_SEED=... make faults does the same again.
faults: setup
	@$(BIN)/pytest -m faults tests/faults tests/store tests/test_promises.py -rA $(ARGS)

fuzz: setup
	@KEHU_FUZZ=long $(BIN)/pytest -n0 tests/serve/test_fuzz.py $(ARGS)

# The tests come last, so the closing line of a green run is pytest's.
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

fmt: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: setup
	@$(BIN)/python docs/tables.py

# The peers to measure against are no packages of kehu's: they come with the first table.
bench: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt >&2
	@$(BIN)/python benchmarks/accuracy.py
	@$(BIN)/python benchmarks/resolve.py $(ARGS)

# An hour, and PostgreSQL and MariaDB: a million records into each store, then the searches among a million customers.
bench-store: setup
	@$(BIN)/python benchmarks/store.py $(ARGS)
	@$(BIN)/python benchmarks/search.py

clean:
	rm -rf .venv $(VENDOR) kehu-demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
