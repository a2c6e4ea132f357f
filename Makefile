# The commands of the project. Each one makes .venv first, when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Two test processes for two cores; `make test JOBS=0` runs everything in one.
JOBS ?= 2

.PHONY: setup demo test soak bench bench-steady bench-build lint lint-dbt format lock clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "runmart needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …")'
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --seed --python $(PYTHON) .venv && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --only-binary :all: -r requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $(STAMP)

demo: setup
	@$(BIN)/runmart demo

test: setup
	@$(BIN)/python -m pytest -n $(JOBS)

# What takes minutes: kills during a backfill, and tens of thousands of steps of histories instead of thousands.
test-long: setup
	@$(BIN)/python -m pytest -n $(JOBS) -m long
	@RUNMART_TEST_HISTORIES=300 $(BIN)/python -m pytest -n $(JOBS) tests/sync/test_state_machine.py

# Syncs a moving account with all faults on; fails when memory grows or a table differs at the end.
MINUTES ?= 10
soak: setup
	@$(BIN)/python benchmarks/soak.py --minutes $(MINUTES)

# First loads side by side, into benchmarks/RESULTS.md; the plan takes about twenty minutes on a quiet machine.
# Less or more of it: `make bench BENCH="--sizes 5000 --latencies 10 --repeats 5 --only floor,runmart,rest_api"`.
BENCH ?=
PEERS := benchmarks/.work/venv
bench: setup $(PEERS)/.installed
	@$(BIN)/python benchmarks/bench.py $(BENCH)

# Syncs of an account of 300,000 runs and builds after them, into benchmarks/STEADY.md; options in STEADY.
STEADY ?=
bench-steady: setup
	@$(BIN)/python benchmarks/steady.py $(STEADY)

# Builds of 20,000 runs with 100,000 calls that were never built; options in BUILD.
BUILD ?=
bench-build: setup
	@$(BIN)/python benchmarks/build_marts.py $(BUILD)

$(PEERS)/.installed: benchmarks/requirements.txt
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -r $<
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy runmart sources pipelines
	$(BIN)/sqlfluff lint dbt_models

# Graders of the dbt project, each in an environment of its own.
GRADERS := .venv/graders
METRICFLOW := .venv/metricflow
lint-dbt: setup $(GRADERS)/.installed $(METRICFLOW)/.installed
	cd dbt_models && ../$(BIN)/dbt --quiet parse --warn-error --no-partial-parse --show-all-deprecations --profiles-dir .
	cd dbt_models && ../$(GRADERS)/bin/dbt-score lint --manifest target/manifest.json --fail-project-under 9.5 --fail-any-item-under 9 --show failing-items
	cd dbt_models && ../$(GRADERS)/bin/dbt-bouncer run --config-file .dbt-bouncer.yml
	cd dbt_models && DBT_PROFILES_DIR=. RUNMART_DUCKDB_PATH=:memory: ../$(METRICFLOW)/bin/mf validate-configs --skip-dw

$(GRADERS)/.installed: .ci/graders.txt | $(STAMP)
	@$(PYTHON) -m venv $(GRADERS)
	@$(GRADERS)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -r $<
	@touch $@

# halo, which draws MetricFlow's spinner, is published as source only.
$(METRICFLOW)/.installed: .ci/metricflow.txt | $(STAMP)
	@$(PYTHON) -m venv $(METRICFLOW)
	@$(METRICFLOW)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-binary halo -r $<
	@touch $@

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Versions and hashes only: no index address is written.
lock:
	uv export --quiet --no-emit-project --no-header --no-annotate --all-groups -o requirements.lock

clean:
	rm -rf .venv dbt_models/target dbt_models/logs
