# Everything a person does here, from a fresh machine: Python 3.11, PyPI and the npm registry are enough.
# Set-up is part of every target. A stamp named after the lock's checksum says that it is done, so that an
# unchanged lock costs nothing and a changed one is installed on the next command.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.SUFFIXES:

PYTHON ?= python3
VENV ?= .venv
SAM_VENV ?= .venv-sam
BENCH_VENV ?= .venv-bench
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)

# No tool calls home, and no setting of this machine's AWS account reaches a test.
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1
# Compiling what is imported takes seconds in each of a hundred processes: it is kept, whatever this machine thinks of that.
unexport PYTHONDONTWRITEBYTECODE

checksum = $(firstword $(shell cat $(1) | cksum))
DEV := $(VENV)/.installed-$(call checksum,requirements/dev.txt)
SAM := $(SAM_VENV)/.installed-$(call checksum,requirements/sam.txt)
BENCH := $(BENCH_VENV)/.installed-$(call checksum,requirements/bench.txt)
NPM := tools/node_modules/.installed-$(call checksum,tools/package-lock.json)
PEERS := tests/peers/node_modules/.installed-$(call checksum,tests/peers/package-lock.json)
FUNCTIONS = $(patsubst %/,%,$(sort $(dir $(wildcard functions/*/*.py))))
ROSTER := layers/roster/python

# $(1) virtual environment, $(2) lock. All of it goes to standard error: `make run` owns standard output.
# uv needs seconds where pip needs a minute; pip is there for machines whose proxy only pip is told about.
define install
	@{ $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer, please: make PYTHON=python3.11")'; \
	echo "setting up $(1) from $(2)"; \
	$(PYTHON) -m venv $(1); \
	$(1)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt; \
	$(1)/bin/uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2) \
	  || $(1)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(2); \
	rm -f $(1)/.installed-*; \
	touch $@; } >&2
endef

.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(DEV)  ## install what `run` and `test` need (they do it themselves)

$(DEV):
	$(call install,$(VENV),requirements/dev.txt)

$(SAM):
	$(call install,$(SAM_VENV),requirements/sam.txt)

$(BENCH):
	$(call install,$(BENCH_VENV),requirements/bench.txt)

# Node.js is the one in the wheel; npm finds the packages by name and checks them against package-lock.json.
$(NPM) $(PEERS): $(SAM)
	@echo "setting up $(@D) from its package-lock.json" >&2
	@cd $(dir $(@D)) && PATH="$(abspath $(SAM_VENV))/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	@touch $@

.PHONY: run
run: $(DEV)  ## run all of it here; ONCE=1 one sync and stop, PROVIDER=clever, DATA=folder, ARGS='...'
	@exec $(VENV)/bin/python -m local run \
	  $(if $(ONCE),--once) $(if $(PROVIDER),--provider "$(PROVIDER)") $(if $(DATA),--data "$(DATA)") $(ARGS)

.PHONY: test
test: $(DEV) $(PEERS)  ## unit, contract, component, architecture and end-to-end tests; TESTS=path, ARGS='-k word', WHOLE=1: every case
	@$(VENV)/bin/python -m pytest -m "not built" -n $(JOBS) --dist loadfile --no-loadscope-reorder $(if $(WHOLE),--whole) $(TESTS) $(ARGS)

.PHONY: check
check: lint types template build architecture  ## everything that needs no test run: style, types, templates, layering, artefacts

.PHONY: lint
lint: $(DEV)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

# Each function folder is an import root of its own, as on Lambda, and they all have an app.py: one run each.
.PHONY: types
types: $(DEV)
	$(VENV)/bin/mypy $(ROSTER)/roster
	@failed=0; for folder in $(FUNCTIONS); do \
	  echo "mypy $$folder"; \
	  MYPYPATH=$(ROSTER):$$folder $(VENV)/bin/mypy --explicit-package-bases $$folder || failed=1; \
	done; exit $$failed

.PHONY: template
template: $(DEV) $(SAM) $(NPM)
	$(VENV)/bin/cfn-lint infra/template.yaml
	$(SAM_VENV)/bin/sam validate --lint --template infra/template.yaml
	PATH="$(abspath $(SAM_VENV))/bin:$$PATH" tools/node_modules/.bin/asl-validator --no-arn-check --json-path infra/sync.asl.json

.PHONY: architecture
architecture: $(DEV)
	$(VENV)/bin/python -m pytest -m "not built" tests/architecture

# Bytecode of this Python is no use to the Lambda's, and makes the same source another archive.
.PHONY: build
build: $(DEV) $(SAM)  ## the artefacts that `sam deploy` takes, for python3.13 on arm64, in .build/sam
	@find layers functions -name __pycache__ -type d -prune -exec rm -rf {} +
	BUILD_PYTHON="$(abspath $(VENV))/bin/python" $(SAM_VENV)/bin/sam build --template infra/template.yaml --build-dir .build/sam
	$(VENV)/bin/python -m pytest -m built tests/architecture

.PHONY: bench
bench: $(BENCH)  ## the figures of bench/, paired with their peers; QUICK=1 in three minutes, ARGS='million' or 'cost'
	@$(BENCH_VENV)/bin/python -m bench $(if $(QUICK),--quick) $(ARGS)

# No setting of this machine leaks into a lock: no header, no index, no extra packages.
LOCK = env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null UV_NO_CONFIG=1 $(VENV)/bin/uv pip compile --quiet \
  --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: lock
lock: $(DEV)  ## write the locks anew from pyproject.toml and layers/*/requirements.in; UPGRADE=1 for newer versions
	$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml --group dev --output-file requirements/dev.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --group pyproject.toml:sam --output-file requirements/sam.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml --group bench --constraints requirements/dev.txt \
	  --output-file requirements/bench.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --group pyproject.toml:uv --output-file requirements/uv.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) local/runtime-requirements.in --output-file local/runtime-requirements.txt
	$(LOCK) layers/deps/requirements.in --constraints requirements/dev.txt --output-file layers/deps/requirements.txt
	$(LOCK) layers/sso/requirements.in --constraints requirements/dev.txt --output-file layers/sso/requirements.txt \
	  $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' layers/deps/requirements.txt)

.PHONY: clean
clean:  ## forget the local data, the artefacts and the caches; the virtual environments stay
	@if [ -d .local ] && [ -x $(VENV)/bin/python ]; then $(VENV)/bin/python -m local idle; fi
	rm -rf .local .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
