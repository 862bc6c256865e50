# One command per wish; `make help` lists them. Needs python3 (3.11 or newer) and nothing else installed.
SHELL := /bin/sh
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# Certificates of this machine, also those that an office has added to it.
export UV_SYSTEM_CERTS = 1
export PIP_CERT ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

PARTS := contracts $(patsubst %/pyproject.toml,%,$(wildcard services/*/pyproject.toml)) deploy
PACKAGES := $(notdir $(patsubst %/__init__.py,%,$(wildcard $(addsuffix /src/*/__init__.py,$(PARTS)))))
SOURCES := $(addsuffix /src,$(PARTS))
BIN := .venv/bin
READY := .venv/.ready

empty :=
space := $(empty) $(empty)

.PHONY: help setup demo up refusals test check simulate chaos bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: $(READY) ## virtual environment with everything, by hash (about a minute, once)

$(READY): requirements.lock Makefile $(addsuffix /pyproject.toml,$(PARTS))
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on PATH." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ,$(PARTS))
	@$(BIN)/python -m compileall -q $(SOURCES)
	@touch $(READY)

demo: $(READY) ## play an emulation year through the four services and show the result (SITES=2: a province apart)
	@$(BIN)/thidua demo --sites $(or $(SITES),1)

up: $(READY) ## start a site with a small year around today and keep it up (Ctrl-C stops it)
	@$(BIN)/thidua up

refusals: $(READY) ## show against a running `make up` what the services refuse, and that nothing changed
	@$(BIN)/thidua refusals

test: $(READY) ## all tests, two files at a time
	@$(BIN)/pytest -n 2

simulate: $(READY) ## SEEDS=n long runs of the delivery protocol in a simulated world (SEED=x one of them again)
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),100))

chaos: $(READY) ## break everything that can break under load, count what was lost (CHAOS_JSON=file; within ten minutes)
	@$(BIN)/python -m chaos

bench: $(READY) ## measure side by side with ceilings and a peer (BENCH_JSON=file; within 25 minutes)
	@$(BIN)/python -m benchmarks

check: $(READY) ## linters, types, import rules, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@MYPYPATH=$(subst $(space),:,$(SOURCES)) $(BIN)/mypy $(addprefix -p ,$(PACKAGES))
	@$(BIN)/mypy tests benchmarks chaos
	@$(BIN)/lint-imports
	@$(BIN)/python -m contracts.generate --check
	@$(BIN)/python -m thidua.asyncapi --check
	@$(BIN)/python -m thidua.contracts_gate

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

lock: $(READY) ## renew requirements.lock from requirements.in, and what the images install of it
	@$(COMPILE) --output-file requirements.lock requirements.in
	@$(COMPILE) --constraint requirements.lock --output-file deploy/requirements-run.lock deploy/requirements-run.in

clean: ## forget the data of `make demo` and `make up`
	@if test -x $(BIN)/python; then $(BIN)/python -m thidua.local.forget; else rm -rf .data; fi
