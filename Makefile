# `make run` and `make test` need Python 3.11 or newer with venv; uv makes them faster where it is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

# Tests wait more than they work: three workers for two cores.
WORKERS ?= $(or $(shell nproc 2>/dev/null | awk '{print int($$1 * 1.5)}'),auto)

# Once more by graphql-core's executor: the answers have to be the same.
GRAPH_TESTS := tests/test_screens.py tests/test_errors.py tests/test_entities.py tests/test_paging.py \
	tests/test_statements.py tests/test_accountability.py tests/test_access_matrix.py tests/notices/test_inbox.py \
	tests/test_what_is_left.py

.PHONY: run test audit check format gateway bench lock schema clean

run: $(VENV)/.runnable
	$(BIN)/allowances demo

test: $(VENV)/.testable
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup
	$(BIN)/pytest -n $(WORKERS) --graphql-core $(GRAPH_TESTS)

# What others wrote to judge us: known vulnerabilities, the composers, GraphQL over HTTP.
audit: $(VENV)/.testable
	$(BIN)/python requirements/audit.py
	$(BIN)/pytest -n 0 tests/test_composition.py tests/test_http_audits.py

check: $(VENV)/.testable
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.testable
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

gateway: $(VENV)/.runnable
	$(BIN)/python -m gateway.run

# About an hour and a half; `python -m bench.run --help` tells how to run a part.
bench: $(VENV)/.measurable
	$(BIN)/python -m bench.run

schema: $(VENV)/.runnable
	$(BIN)/allowances schema > schema.graphql

# Locks hold versions and hashes, no addresses, so they work on any mirror.
lock: $(VENV)/.testable
	$(BIN)/uv pip compile -q --upgrade pyproject.toml --universal --generate-hashes --no-header -o requirements/base.txt
	$(BIN)/uv pip compile -q --upgrade pyproject.toml --group embedded --universal --generate-hashes --no-header -o requirements/embedded.txt
	$(BIN)/uv pip compile -q --upgrade pyproject.toml --group dev --universal --generate-hashes --no-header -o requirements/dev.txt
	$(BIN)/uv pip compile -q --upgrade pyproject.toml --group bench --universal --generate-hashes --no-header -o requirements/bench.txt

clean:
	rm -rf $(VENV) .allowances .bench .mypy_cache .ruff_cache .hypothesis *.egg-info

ifdef UV
INSTALL := uv pip install -q --python $(BIN)/python
$(VENV)/bin/python:
	uv venv -q --seed --python $(PYTHON) $(VENV)
else
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.runnable: requirements/embedded.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --require-hashes -r requirements/embedded.txt
	$(INSTALL) --no-deps -e .
	touch $@

$(VENV)/.testable: requirements/dev.txt $(VENV)/.runnable
	$(INSTALL) --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.measurable: requirements/bench.txt $(VENV)/.runnable
	$(INSTALL) --require-hashes -r requirements/bench.txt
	touch $@
