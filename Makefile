# Everything here sets up .venv by itself, from locked and hash-checked requirements, and installs
# again only when a file in requirements/ or pyproject.toml has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --require-hashes --requirement
PYTEST := $(BIN)/python -m pytest
# Two workers on two cores; on a bigger machine, all of it.
WORKERS ?= auto
PARALLEL := -n $(WORKERS) --dist loadgroup
# More for the tool behind the verb: make test ARGS="-k finished", make demo ARGS="--step".
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-all check lint types format bench wheel try-wheel lock clean

help:  ## this list
	@echo 'make VERB [ARGS="..."]; ARGS go to the program behind the verb'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

demo: $(VENV)/.runtime  ## a client and a server shake hands on this machine, explained
	@$(BIN)/tlsee demo $(ARGS)

test: $(VENV)/.test  ## every test but the slow matrices; under ten minutes on two cores
	$(PYTEST) $(PARALLEL) -m "not slow" $(ARGS)

test-slow: $(VENV)/.test  ## the slow matrices alone
	TLSEE_HYPOTHESIS=thorough $(PYTEST) $(PARALLEL) -m slow $(ARGS)

test-all: test test-slow  ## every test there is

check: lint types $(VENV)/.test  ## lint, types, unit and machine tests; under a minute
	$(PYTEST) $(PARALLEL) -m "not slow and not peers and not long" tests/unit tests/machine $(ARGS)

lint: $(VENV)/.dev  ## ruff: rules and layout
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks

types: $(VENV)/.dev $(VENV)/.test  ## mypy --strict
	$(BIN)/mypy src tests benchmarks

format: $(VENV)/.dev  ## let ruff mend what it can
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/ruff format src tests benchmarks

bench: $(VENV)/.bench  ## ratios to ssl, pyOpenSSL, tlslite-ng and aioquic
	$(BIN)/python -m benchmarks $(ARGS)

wheel: $(VENV)/.runtime  ## dist/*.whl and the source archive
	rm -rf dist
	$(BIN)/python -m hatchling build

STRANGER := build/stranger
try-wheel: wheel $(VENV)/.dev  ## the wheel in an empty environment, by pip and by uvx, and run
	rm -rf $(STRANGER) && $(PYTHON) -m venv $(STRANGER)
	$(STRANGER)/bin/python -m pip --quiet install dist/*-py3-none-any.whl
	$(STRANGER)/bin/python -m pip check
	cd build && stranger/bin/tlsee --version && stranger/bin/tlsee demo \
	    && stranger/bin/python -m tlsee demo >demo.txt
	cd build && UV_PYTHON_DOWNLOADS=never ../$(BIN)/uvx --refresh-package tlsee \
	    --python $(PYTHON) --from ../dist/*-py3-none-any.whl tlsee demo

LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--custom-compile-command "make lock"
lock: $(VENV)/.dev  ## resolve requirements/*.in anew; ARGS=--upgrade takes the newest
	cd requirements && for set in runtime build test dev bench; do \
	    ../$(LOCK) $(ARGS) --output-file $$set.txt $$set.in || exit 1; done

clean:  ## remove .venv, dist and caches
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment. Each set of requirements has a stamp that is newer than what it was made from.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "tlsee needs Python 3.11 or later; try: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "no virtual environment could be made (on Debian: apt install python3-venv)" >&2; exit 2; }

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) requirements/runtime.txt --requirement requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test $(VENV)/.dev $(VENV)/.bench: $(VENV)/.%: requirements/%.txt $(VENV)/.runtime
	$(INSTALL) $<
	@touch $@
